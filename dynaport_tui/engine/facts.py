"""What there is to know of one service beside its row."""

from __future__ import annotations

import os
from collections import Counter, deque
from typing import TYPE_CHECKING

from ..model import dependencies
from ..model.environment import url
from ..model.machine import State
from ..model.record import HISTORY
from ..model.relative import relative
from ..model.view import Details, Moment, PortUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model.record import Outcome, Record, Transition
    from .supervisor import Supervisor

_NAMED = 10
"""Loaded files, or folders of them, that are named."""


class Moments:
    """When each service changed its state, by the clock on the wall.

    What happened is not moved by a computer that slept since then, as it would be by converting
    the engine's own clock later.
    """

    def __init__(self) -> None:
        self._kept: dict[str, deque[Moment]] = {}

    def add(self, change: Transition, at: float) -> None:
        """A service changed its state."""
        kept = self._kept.setdefault(change.service, deque(maxlen=HISTORY))
        kept.append(Moment(at=at, old=change.old, new=change.new, why=change.why))

    def overlapped(self, outcome: Outcome, at: float) -> None:
        """A new process took over from the one that served, or came to nothing beside it."""
        kept = self._kept.setdefault(outcome.service, deque(maxlen=HISTORY))
        why = f"{outcome.because}: {outcome.why}"
        up = State.READY
        kept.append(Moment(at=at, old=up, new=up, why=why, behind=not outcome.ok))

    def of(self, service: str) -> list[Moment]:
        """The last changes of a service, oldest first."""
        return list(self._kept.get(service, ()))

    def forget(self, service: str) -> None:
        """The service is no more."""
        self._kept.pop(service, None)


def details(engine: Supervisor, service: str) -> Details:
    """Of a service that is there, in whatever state."""
    from ..model import resolved  # not before somebody asks

    record = engine.fleet.records[service]
    spec, launch, root = record.spec, record.launch, engine.planner.project.root
    python = spec.kind != "command"
    return Details(
        service=service,
        causes=dependencies.causes(engine.fleet.records, service),
        history=engine.moments.of(service),
        config=resolved.table(spec, launch, root),
        command=list(launch.argv),
        cwd=launch.cwd,
        python=launch.python if python else None,
        ports=_ports(engine, record),
        used_by=dependencies.used_by(engine.fleet.records, service),
        watched=_watched(engine, record) if engine.options.watch else [],
    )


def _ports(engine: Supervisor, record: Record) -> list[PortUse]:
    runner, launch = engine.hands[record.id], record.launch
    found = [] if launch.port is None else [("", launch.port)]
    return [
        PortUse(
            name=name,
            port=port,
            url=None if name else url(launch.host, port, runner.scheme),
            why=_why(engine, record, name),
            pinned=not name and record.spec.port is not None,
            held=not name and runner.held is not None,
        )
        for name, port in [*found, *launch.ports.items()]
    ]


def _why(engine: Supervisor, record: Record, name: str) -> str:
    spec, project = record.spec, engine.planner.project
    if not name and spec.port is not None:
        return f"pinned in {relative(project.file, project.root)}, line {spec.line}"
    another = engine.planner.port_why(record.id, name)
    if another is not None:
        return f"not the computed one: {another}"
    of = [project.name, spec.name, *([spec.instance] if spec.id != spec.name else []), name]
    return f"computed from {' / '.join(filter(None, of))}: the same on every machine"


def _watched(engine: Supervisor, record: Record) -> list[str]:
    spec, project = record.spec, engine.planner.project
    if not spec.reloaded or record.removed:
        return []
    globs = [
        _joined(relative(cwd, project.root), pattern)
        for cwd, patterns, _ in engine.reloads.globs(record)
        for pattern in patterns
    ]
    files = [str(path) for path in engine.reloads.files(record)]
    settings = [*spec.env_files, *([project.env_file] if project.env_file else [])]
    return [
        *_named(files, project.root),
        *globs,
        *(relative(file, project.root) for file in settings),
    ]


def _named(files: Sequence[str], root: str) -> list[str]:
    """The files that it loaded, or where they are too many the folders that hold them."""
    if len(files) <= _NAMED:
        return sorted(relative(file, root) for file in files)
    counts = Counter(map(os.path.dirname, files))
    named = sorted(_counted(relative(folder, root), count) for folder, count in counts.items())
    left = len(named) - _NAMED
    return named if left <= 0 else [*named[:_NAMED], f"{left} more folders"]


def _counted(folder: str, count: int) -> str:
    return f"{folder}/ ({count} loaded {'file' if count == 1 else 'files'})"


def _joined(folder: str, pattern: str) -> str:
    if folder == ".":
        return pattern
    return f"!{folder}/{pattern[1:]}" if pattern.startswith("!") else f"{folder}/{pattern}"
