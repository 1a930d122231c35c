"""Gathers what there is to tell of a service that is down."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from ..model.dependencies import blockers, waiting
from ..model.frames import parts
from ..model.machine import State
from ..model.outage import KEPT, Excerpt, Outage, Said, Trace
from ..model.redaction import Redaction
from ..model.relative import relative
from ..model.text import clean, plain
from .excerpts import excerpts
from .logfile import log_path
from .tracing import newest_traceback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model.record import Record
    from ..model.view import Traceback
    from .glance import Glance
    from .logs import ServiceLog
    from .supervisor import Supervisor

_SEARCH = 1.0
"""Seconds that the search for a traceback may take in a log that is full."""
_READ = 1.0
"""The same for the files that it names."""
_SLACK = 0.05
"""Seconds by which the clock on the wall may be behind between a start and its first line."""
_LINE = 2000
"""Characters of one line that are kept."""
_TRACE = 60_000
"""Characters of a traceback."""


async def gather(engine: Supervisor, record: Record, seen: Glance) -> Outage:
    """All that there is to tell, without the secrets of the service's environment."""
    root, launch = engine.planner.project.root, record.launch
    log = engine.hands[record.id].log
    redact = _Redact(Redaction({**launch.env, **launch.peers}, [root, launch.cwd, record.id]))
    ahead = time.time() - engine.now
    trace = await _trace(engine, record, redact)
    return Outage(
        service=record.id,
        project=redact(engine.planner.project.name),
        root=root,
        state=seen.state,
        why=redact(" ".join(seen.why.split("\n"))),
        since=seen.since + ahead,
        clock=_clock(seen.since + ahead),
        again=None if seen.due is None else seen.due + ahead,
        tag=seen.tag,
        waits_for=tuple(_waits_for(engine.fleet.records, record)),
        trace=trace,
        log=_log(log, redact),
        log_file=redact(str(log_path(log.folder, record.id))),
    )


def _waits_for(records: Mapping[str, Record], record: Record) -> list[str]:
    return blockers(records, record) if waiting(records, record) else []


class _Redact:
    """Hides secrets, and makes whatever a file may be called fit to be sent."""

    def __init__(self, hide: Redaction) -> None:
        self._hide = hide

    def __call__(self, text: str) -> str:
        return self._hide(text.encode("utf-8", "replace").decode())


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _log(log: ServiceLog, redact: _Redact) -> tuple[Said, ...]:
    lines = log.lines(after=log.last - KEPT, limit=KEPT)
    return tuple(Said(line.number, _clock(line.at), redact(line.text[:_LINE])) for line in lines)


async def _trace(engine: Supervisor, record: Record, redact: _Redact) -> Trace | None:
    """The last traceback of the last start."""
    root, cwd = engine.planner.project.root, record.launch.cwd
    try:
        async with asyncio.timeout(_SEARCH):
            found = await newest_traceback([engine.hands[record.id].log], root)
    except TimeoutError:
        return None
    if found is None or found.at < _started(engine, record.id) - _SLACK:
        return None
    lines = [redact(plain(clean(line))) for line in found.data.splitlines()]
    exceptions = tuple(parts(lines, root))
    frames = [frame for part in exceptions for frame in part.frames]
    try:
        async with asyncio.timeout(_READ):
            read = await asyncio.to_thread(excerpts, frames, cwd, root)
    except TimeoutError:
        read = {}
    shown = {place: _redacted(excerpt, redact) for place, excerpt in read.items()}
    return Trace(
        text=_shortened("\n".join(lines)),
        parts=exceptions,
        excerpts=shown,
        file=_file(found, root, redact),
        line=found.line,
        first=found.number,
        last=found.last,
    )


def _file(found: Traceback, root: str, redact: _Redact) -> str | None:
    return None if found.file is None else redact(relative(found.file, root))


def _redacted(excerpt: Excerpt, redact: _Redact) -> Excerpt:
    return excerpt._replace(lines=tuple(redact(line[:_LINE]) for line in excerpt.lines))


def _shortened(text: str) -> str:
    half = _TRACE // 2
    return text if len(text) <= _TRACE else f"{text[:half]}\n…\n{text[-half:]}"


def _started(engine: Supervisor, service: str) -> float:
    """When it was last started, by the clock on the wall."""
    moments = reversed(engine.moments.of(service))
    return next((moment.at for moment in moments if moment.new is State.STARTING), 0.0)
