"""Which saved file concerns which service."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from ..model.machine import State
from .selections import Globs, Selections
from .stamps import Stamp, is_folder, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model.record import Record
    from ..model.spec import ProjectSpec
    from .globs import Glob
    from .selections import Walk
    from .stamps import Accept

MOST_FILES = 20_000
"""Files remembered of one service; what it loads beyond is not watched."""
_TICK = 0.01
"""Seconds by which a file's time may lie behind the clock."""
_ANY_PYTHON = ("**/*.py",)
_ANY_SOURCE = (*_ANY_PYTHON, "**/templates/**")

Files = dict[str, Stamp | None]
"""Files, and how they looked; None: there was none."""


class Unwatched(NamedTuple):
    """What was read before it was watched."""

    files: Files
    """As they were read."""
    globs: list[tuple[Glob, float]]
    """With the time at which the service was started that reads such files."""
    walks: list[Walk]

    def saved(self) -> set[str]:
        """What was saved meanwhile; walks the disk, so call it in a thread."""
        found = {path for path, was in self.files.items() if stamp(path) != was}
        for glob, since in self.globs:
            found |= {path for path in glob.files() if _time(path) >= since - _TICK}
        return found

    def folders(self) -> set[str]:
        """Folders that came or went meanwhile; as `saved`."""
        return set[str]().union(*(walk.outdated() for walk in self.walks))


class Changes:
    """Knows what to watch, and whom a change reaches."""

    def __init__(self) -> None:
        self._loaded: dict[str, Files] = {}
        self._present: dict[str, Files] = {}
        """Of what is loaded, what the newest start loaded."""
        self._own: dict[str, tuple[object, Files]] = {}
        """Of what is loaded, what is not ignored, and by which rules."""
        self._read: Files = {}
        self._reported: Files = {}
        self._fresh: Files = {}
        """Loaded since it was last asked what is unwatched."""
        self._real: dict[str, str] = {}
        """Folders, and where they really are."""
        self._selections = Selections()
        self._looked_at: set[Globs] = set()

    def loaded(
        self, service: str, files: Mapping[str, Stamp | None], *, newest: bool = True
    ) -> None:
        """The service loads these files, which look so; `newest`: in the process started last."""
        found = {self._really(file): was for file, was in files.items()}
        for known in (self._loaded, self._present) if newest else (self._loaded,):
            own = known.setdefault(service, {})
            if len(own) < MOST_FILES:
                own |= found
        self._own.pop(service, None)
        self._fresh |= found

    def _really(self, file: str) -> str:
        folder, name = os.path.split(file)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        found = os.path.join(self._real[folder], name)  # noqa: PTH118 -- thousands of them
        return os.path.realpath(found) if os.path.islink(found) else found  # noqa: PTH114

    def starts(self, service: str) -> None:
        """What the service loads from here on, another process loads."""
        self._present[service] = {}
        self._real.clear()

    def works(self, service: str) -> None:
        """The present process came up: what only earlier ones loaded matters no more."""
        self._loaded[service] = dict(self._present.setdefault(service, {}))
        self._own.pop(service, None)

    def outdated(self, service: str) -> set[str]:
        """What was saved since the newest start loaded it."""
        present = self._present.get(service, {})
        return {path for path, was in present.items() if stamp(path) != was}

    def reads(self, paths: Iterable[str]) -> None:
        """The engine itself is about to read these."""
        self._read |= {path: stamp(path) for path in paths}

    def news(self, paths: Iterable[str]) -> set[str]:
        """Those of the changed `paths` of which nobody has been told yet."""
        found = {path: stamp(path) for path in paths}
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
        globs: dict[Globs, float] = {}
        for record in records.values():
            for each in self.globs_of(record) if record.run else ():
                globs[each] = min(record.started_at, globs.get(each, record.started_at))
        unseen = [
            (self._selections[g], ago + started)
            for g, started in globs.items()
            if g in self._selections and g not in self._looked_at
        ]
        self._looked_at = {g for g in globs if g in self._selections}
        return Unwatched(files, unseen, self._selections.fresh())

    def forget(self, service: str) -> None:
        """The service is no more."""
        for known in (self._loaded, self._present, self._own):
            known.pop(service, None)

    def files(self, project: ProjectSpec, records: Mapping[str, Record]) -> set[str]:
        """The single files to watch: what was loaded, and what the project says of itself."""
        own = [self.own_files(record) for record in records.values()]
        return settings(project).union(*own)

    def globs(self, records: Mapping[str, Record]) -> set[Globs]:
        """The patterns that matter now."""
        return {globs for record in records.values() for globs in self.globs_of(record)}

    def globs_of(self, record: Record) -> list[Globs]:
        """The patterns that matter to a service now."""
        if not _watched(record):
            return []
        return globs_of(record, known=bool(self._loaded.get(record.id)))

    def expand(self, globs: Iterable[Globs], root: str) -> set[str]:
        """The folders that these patterns mean now; walks the disk, so call it in a thread.

        What .gitignore files say now holds from here on.
        """
        return self._selections.expand(globs, root)

    def cut_off(self, records: Mapping[str, Record]) -> list[str]:
        """The services whose patterns reach more folders than are walked."""
        return [r.id for r in records.values() if self._selections.cut_off(self.globs_of(r))]

    def interest(self) -> Accept:
        """What tells whether an entry of a watched folder is worth a report."""
        return self._selections.interest()

    def stir(self, paths: Iterable[str]) -> None:
        """These were saved, came or went: there may be other folders to watch."""
        self._selections.stir(paths)

    def reached(self, paths: Iterable[str], records: Mapping[str, Record]) -> dict[str, list[str]]:
        """Service -> the changed files that it runs."""
        paths = {path: stamp(path) for path in paths}
        found = {r.id: self._reached(r, paths) for r in records.values() if _watched(r)}
        return {service: sorted(files) for service, files in found.items() if files}

    def _reached(self, record: Record, paths: Files) -> list[str]:
        own = self.own_files(record)
        known = [self._selections[g] for g in self.globs_of(record) if g in self._selections]
        return [
            path
            for path, now in paths.items()
            if (path in own and now != own[path])
            or any(glob.match(path, is_folder=now is not None and is_folder(now)) for glob in known)
        ]

    def own_files(self, record: Record) -> Files:
        """What it really loaded, as it then was, unless services.toml names globs; without what is
        ignored.
        """
        spec = record.spec
        if spec.watch is not None or record.id not in self._loaded or not _watched(record):
            return {}
        ignores = self._selections.ignores(spec.cwd, spec.ignore)
        by, own = self._own.get(record.id, (None, {}))
        if by is not ignores:
            loaded = self._loaded[record.id].items()
            own = {path: was for path, was in loaded if not ignores.ignored_file(path)}
            self._own[record.id] = ignores, own
        return own


def _time(path: str) -> float:
    found = stamp(path)
    return 0.0 if found is None else found[0] / 1e9


def settings(project: ProjectSpec) -> set[str]:
    """services.toml and every env file: a change there is a change of what the project says."""
    named = [project.file] + ([project.env_file] if project.env_file else [])
    for spec in project.services.values():
        named += spec.env_files
    return {os.path.realpath(name) for name in named}


def _watched(record: Record) -> bool:
    """Whether a save runs it anew.

    What is to be done once is not done again for a save, unless services.toml says what to watch;
    but what came to nothing is tried again.
    """
    once = record.spec.task and record.spec.watch is None and record.state not in _BROKEN
    return record.spec.reloaded and not record.removed and not once


def globs_of(record: Record, *, known: bool = False) -> list[Globs]:
    """The globs of services.toml; while it is broken any Python file of its folder may be the
    remedy, and so it is where a server that is not ours has said nothing of what it loads (`known`
    is false).
    """
    spec = record.spec
    unknown = spec.watch is None and spec.foreign and not known
    named = _ANY_SOURCE if unknown else spec.watch
    found = [] if named is None else [Globs(spec.cwd, named, spec.ignore)]
    if record.state in _BROKEN:
        found.append(Globs(spec.cwd, _ANY_PYTHON, spec.ignore))
    return found


_BROKEN = (State.BACKOFF, State.FAILED)
