"""Which saved file concerns which service."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..model.machine import State
from .globs import Glob, expand
from .ignores import Ignores
from .stamps import Stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..model.record import Record
    from ..model.spec import ProjectSpec, ServiceSpec

MOST_FILES = 20_000
"""Files remembered of one service; what it loads beyond is not watched."""
_TICK = 0.01
"""Seconds by which a file's time may lie behind the clock."""
_ANY_PYTHON = ("**/*.py",)
_ANY_SOURCE = (*_ANY_PYTHON, "**/templates/**")


class Globs(NamedTuple):
    """Patterns, relative to a folder."""

    cwd: str
    patterns: tuple[str, ...]
    ignore: tuple[str, ...]


class Unwatched(NamedTuple):
    """What was read before it was watched."""

    files: dict[Path, Stamp | None]
    """As they were read."""
    globs: list[tuple[Glob, float]]
    """With the time at which the service was started that reads such files."""

    def saved(self) -> set[Path]:
        """What was saved meanwhile; walks the disk, so call it in a thread."""
        found = {path for path, was in self.files.items() if stamp(str(path)) != was}
        for glob, since in self.globs:
            found |= {path for path in glob.files() if _time(path) >= since - _TICK}
        return found


class Changes:
    """Knows what to watch, and whom a change reaches."""

    def __init__(self) -> None:
        self._loaded: dict[str, dict[Path, Stamp | None]] = {}
        self._present: dict[str, dict[Path, Stamp | None]] = {}
        """Of what is loaded, what the present start loaded."""
        self._read: dict[Path, Stamp | None] = {}
        self._reported: dict[Path, Stamp | None] = {}
        self._fresh: dict[Path, Stamp | None] = {}
        """Loaded since it was last asked what is unwatched."""
        self._selections: dict[Globs, Glob] = {}
        self._ignores: dict[Globs, Ignores] = {}
        self._root = Path("/")
        self._looked_at: set[Globs] = set()

    def loaded(self, service: str, files: Mapping[str, Stamp | None]) -> None:
        """The service loads these files, which look so."""
        found = {Path(os.path.realpath(file)): was for file, was in files.items()}
        for known in (self._loaded, self._present):
            own = known.setdefault(service, {})
            if len(own) < MOST_FILES:
                own |= found
        self._fresh |= found

    def starts(self, service: str) -> None:
        """What the service loads from here on, another process loads."""
        self._present[service] = {}

    def works(self, service: str) -> None:
        """The present process came up: what only earlier ones loaded matters no more."""
        self._loaded[service] = self._present.setdefault(service, {})

    def reads(self, paths: Iterable[Path]) -> None:
        """The engine itself is about to read these."""
        self._read |= {path: stamp(str(path)) for path in paths}

    def news(self, paths: Iterable[Path]) -> set[Path]:
        """Those of the changed `paths` of which nobody has been told yet."""
        found = {path: stamp(str(path)) for path in paths}
        new = {p: s for p, s in found.items() if p not in self._reported or self._reported[p] != s}
        if len(self._reported) > MOST_FILES:
            self._reported.clear()
        self._reported |= new
        return {
            path for path, now in new.items() if path not in self._read or now != self._read[path]
        }

    def unwatched(
        self, project: ProjectSpec, records: Mapping[str, Record], now: float
    ) -> Unwatched:
        """What is to be watched since the last call, as it was read before that; `now`: the clock
        by which records count.
        """
        ours = {path: self._read[path] for path in settings(project) if path in self._read}
        files, self._fresh = {**self._fresh, **ours}, {}
        ago = time.time() - now
        globs = [
            (self._selections[g], ago + record.started_at)
            for record in records.values()
            if _watched(record) and record.run
            for g in self.globs_of(record)
            if g in self._selections and g not in self._looked_at
        ]
        self._looked_at = set(self._selections)
        return Unwatched(files, globs)

    def forget(self, service: str) -> None:
        """The service is no more."""
        self._loaded.pop(service, None)
        self._present.pop(service, None)

    def files(self, project: ProjectSpec, records: Mapping[str, Record]) -> set[Path]:
        """The single files to watch: what was loaded, and what the project says of itself."""
        own = [self.own_files(record) for record in records.values() if _watched(record)]
        return settings(project).union(*own)

    def globs(self, records: Mapping[str, Record]) -> set[Globs]:
        """The patterns that matter now."""
        return {globs for r in records.values() if _watched(r) for globs in self.globs_of(r)}

    def globs_of(self, record: Record) -> list[Globs]:
        """The patterns that matter to a service now."""
        return globs_of(record, known=bool(self._loaded.get(record.id)))

    def expand(self, globs: Iterable[Globs], root: str) -> set[Path]:
        """The folders that these patterns mean now; walks the disk, so call it in a thread.

        What .gitignore files say now holds from here on.
        """
        self._root = Path(root)
        for ignores in tuple(self._ignores.values()):
            ignores.refresh()
        self._selections = {g: expand(Path(g.cwd), g.patterns, g.ignore, Path(root)) for g in globs}
        return set[Path]().union(*(s.folders() for s in self._selections.values()))

    def interest(self) -> Callable[[Path], bool]:
        """What tells whether an entry of a watched folder is worth a report: a pattern means it, or
        it is a folder in which such files may come. It may be called in a thread, and keeps its
        opinion when the patterns change.
        """
        selections = tuple(self._selections.values())
        return lambda path: any(s.match(path) for s in selections) or path.is_dir()

    def reached(
        self, paths: Iterable[Path], records: Mapping[str, Record]
    ) -> dict[str, list[Path]]:
        """Service -> the changed files that it runs."""
        paths = list(paths)
        found = {r.id: self._reached(r, paths) for r in records.values() if _watched(r)}
        return {service: sorted(files) for service, files in found.items() if files}

    def _reached(self, record: Record, paths: list[Path]) -> list[Path]:
        own = self.own_files(record)
        known = [self._selections[g] for g in self.globs_of(record) if g in self._selections]
        return [
            path
            for path in paths
            if (path in own and stamp(str(path)) != own[path]) or any(s.match(path) for s in known)
        ]

    def own_files(self, record: Record) -> Mapping[Path, Stamp | None]:
        """What it really loaded, as it then was, unless services.toml names globs; without what is
        ignored.
        """
        if record.spec.watch is not None or record.id not in self._loaded:
            return {}
        ignored = self._ignores_of(record.spec).ignored_file
        return {path: was for path, was in self._loaded[record.id].items() if not ignored(path)}

    def _ignores_of(self, spec: ServiceSpec) -> Ignores:
        key = Globs(spec.cwd, (), spec.ignore)
        if key not in self._ignores:
            self._ignores[key] = Ignores(Path(spec.cwd), spec.ignore, self._root)
        return self._ignores[key]


def _time(path: Path) -> float:
    found = stamp(str(path))
    return 0.0 if found is None else found[0] / 1e9


def settings(project: ProjectSpec) -> set[Path]:
    """services.toml and every env file: a change there is a change of what the project says."""
    named = [project.file] + ([project.env_file] if project.env_file else [])
    for spec in project.services.values():
        named += spec.env_files
    return {Path(os.path.realpath(name)) for name in named}


def _watched(record: Record) -> bool:
    return record.spec.watched and record.spec.reload != "off" and not record.removed


def globs_of(record: Record, *, known: bool = False) -> list[Globs]:
    """The globs of services.toml; while it is broken any Python file of its folder may be the
    remedy, and so it is where a server that is not ours has said nothing of what it loads (`known`
    is false).
    """
    spec = record.spec
    unknown = spec.watch is None and spec.foreign and not known
    named = _ANY_SOURCE if unknown else spec.watch
    found = [] if named is None else [Globs(spec.cwd, named, spec.ignore)]
    if record.state in (State.BACKOFF, State.FAILED):
        found.append(Globs(spec.cwd, _ANY_PYTHON, spec.ignore))
    return found
