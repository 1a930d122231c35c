"""What there is to tell of a service that is down."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from .lifecycle import backoff
from .machine import State
from .text import plain
from .tracebacks import tracebacks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .frames import Part
    from .record import Record

LINES = 30
"""Lines of the log that are told at most."""
KEPT = 400
"""Lines from which these are chosen, where those of a traceback count as one."""
AROUND = 5
"""Lines of source above and below the one that is meant."""


class Excerpt(NamedTuple):
    """Lines of a source file as it is now."""

    first: int
    """Number of the first line, from 1."""
    lines: tuple[str, ...]
    changed: bool
    """Whether the line that is meant is another one than the traceback printed."""


class Trace(NamedTuple):
    """The last traceback."""

    text: str
    """As printed, without colours."""
    parts: tuple[Part, ...]
    excerpts: dict[tuple[str, int], Excerpt]
    """By file and line of a frame; those of other people's files are not among them."""
    file: str | None
    """Of the deepest frame that lies in the project, from the project's folder."""
    line: int | None
    first: int
    last: int
    """Numbers of its first and its last line in the log."""


class Said(NamedTuple):
    """One line of the log."""

    number: int
    clock: str
    """`12:00:01`."""
    text: str
    """Free of control codes other than colour."""
    folded: int = 0
    """So many lines that are a traceback, which `text` names."""


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """Why one service does not answer; nothing in it is escaped, and no secret left in it."""

    service: str
    project: str
    root: str
    """The project's folder; files are shown from there."""
    state: State
    why: str
    """The cause line."""
    since: float
    """Seconds since 1970."""
    clock: str
    """The same for people: `12:00:01`."""
    again: float | None = None
    """When it is started again, seconds since 1970; None when nobody will do so by himself."""
    tag: str
    """Another one as soon as there is something else to tell."""
    waits_for: tuple[str, ...] = ()
    """The services without which it cannot start."""
    trace: Trace | None = None
    log: tuple[Said, ...] = ()
    """Its last lines, at most KEPT."""
    log_file: str = ""


_NO_HURRY = 5
"""Seconds after which to ask again about a service that nobody starts by himself."""


def due(record: Record) -> float | None:
    """When a service is started again, on the engine's clock; None when only a person does so."""
    if record.state is not State.BACKOFF:
        return None
    return record.since + backoff(max(record.streak, 1))


def retry_after(at: float | None, now: float) -> int:
    """The Retry-After field (RFC 9110, 10.2.3) for a start at that time: whole seconds from 1."""
    return _NO_HURRY if at is None else max(1, ceil(at - now))


def condensed(log: Sequence[Said], root: str) -> list[Said]:
    """The last LINES lines, each traceback among them as one that names its error."""
    spans = {f.first: f for f in tracebacks([plain(said.text) for said in log], root) if f.whole}
    found, place = [], 0
    while place < len(log):
        said, span = log[place], spans.get(place)
        if span is not None:
            said = said._replace(text=span.error, folded=span.last - span.first + 1)
            place = span.last
        found.append(said)
        place += 1
    return found[-LINES:]


def fields(outage: Outage, retry_after: int) -> dict[str, Any]:
    """What a client that does not want HTML is told."""
    trace = outage.trace
    return {
        "service": outage.service,
        "state": outage.state.value,
        "why": outage.why,
        "log": [plain(said.text) for said in outage.log[-LINES:]],
        "traceback": None if trace is None else trace.text,
        "file": None if trace is None else trace.file,
        "line": None if trace is None else trace.line,
        "retry_after": retry_after,
        "hint": f"dynaport why {outage.service}",
    }


def bare_fields(state: State, retry_after: int) -> dict[str, Any]:
    """What somebody is told whom the project's code and output are no concern of."""
    return {
        "state": state.value,
        "why": "the service is down; on its own machine, at localhost, it says why",
        "retry_after": retry_after,
    }
