"""Which saved file concerns which service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..model.machine import State
from .globs import Glob, expand

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model.record import Record
    from ..model.spec import ProjectSpec

MOST_FILES = 20_000
"""Files remembered of one service; what it loads beyond is not watched."""
_ANY_PYTHON = ("**/*.py",)


class Globs(NamedTuple):
    """Patterns, relative to a folder."""

    cwd: str
    patterns: tuple[str, ...]
    ignore: tuple[str, ...]


class Changes:
    """Knows what to watch, and whom a change reaches."""

    def __init__(self) -> None:
        self._loaded: dict[str, set[Path]] = {}
        self._selections: dict[Globs, Glob] = {}

    def loaded(self, service: str, files: Iterable[str]) -> None:
        """The service loaded these files."""
        known = self._loaded.setdefault(service, set())
        if len(known) < MOST_FILES:
            known |= {Path(os.path.realpath(file)) for file in files}

    def forget(self, service: str) -> None:
        """The service is no more."""
        self._loaded.pop(service, None)

    def files(self, project: ProjectSpec, records: Mapping[str, Record]) -> set[Path]:
        """The single files to watch: what was loaded, and what the project says of itself."""
        own = [self._files(record) for record in records.values() if _watched(record)]
        return self.settings(project).union(*own)

    def settings(self, project: ProjectSpec) -> set[Path]:
        """services.toml and every env file: a change there is a change of what the project says."""
        named = [project.file] + ([project.env_file] if project.env_file else [])
        for spec in project.services.values():
            named += spec.env_files
        return {Path(os.path.realpath(name)) for name in named}

    def globs(self, records: Mapping[str, Record]) -> set[Globs]:
        """The patterns that matter now."""
        return {globs for r in records.values() if _watched(r) for globs in _globs(r)}

    def expand(self, globs: Iterable[Globs], root: str) -> set[Path]:
        """The folders that these patterns mean now; walks the disk, so call it in a thread."""
        self._selections = {g: expand(Path(g.cwd), g.patterns, g.ignore, Path(root)) for g in globs}
        return set[Path]().union(*(s.folders() for s in self._selections.values()))

    def of_interest(self, path: Path) -> bool:
        """Whether an entry of a watched folder is worth a report: it is meant by a pattern, or is a
        folder in which such files may come. Called in a thread.
        """
        selections = tuple(self._selections.values())
        return any(selection.match(path) for selection in selections) or path.is_dir()

    def reached(
        self, paths: Iterable[Path], records: Mapping[str, Record]
    ) -> dict[str, list[Path]]:
        """Service -> the changed files that it runs."""
        paths = list(paths)
        found = {r.id: self._reached(r, paths) for r in records.values() if _watched(r)}
        return {service: sorted(files) for service, files in found.items() if files}

    def _reached(self, record: Record, paths: list[Path]) -> list[Path]:
        own = self._files(record)
        known = [self._selections[g] for g in _globs(record) if g in self._selections]
        return [p for p in paths if p in own or any(s.match(p) for s in known)]

    def _files(self, record: Record) -> set[Path]:
        """What it really loaded, unless services.toml names globs."""
        return set() if record.spec.watch is not None else self._loaded.get(record.id, set())


def _watched(record: Record) -> bool:
    return record.spec.watched and record.spec.reload != "off" and not record.removed


def _globs(record: Record) -> list[Globs]:
    """The globs of services.toml; while it is broken any Python file of its folder may be the
    remedy.
    """
    spec = record.spec
    found = [] if spec.watch is None else [Globs(spec.cwd, spec.watch, spec.ignore)]
    if record.state in (State.BACKOFF, State.FAILED):
        found.append(Globs(spec.cwd, _ANY_PYTHON, spec.ignore))
    return found
