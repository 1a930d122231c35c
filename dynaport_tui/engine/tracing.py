"""Finds the newest traceback among the kept lines of services."""

from __future__ import annotations

import asyncio
import re
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from ..model.query import Query
from ..model.text import clean, plain
from ..model.tracebacks import HEAD, Found, tracebacks
from ..model.view import Place, Traceback
from .scan import Scan, Scanner
from .sieve import AnyOf
from .window import window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .logs import ServiceLog
    from .ring import RawLine

_COLOUR = re.compile(rb"\x1b\[[0-9;:]*m")
_SIGNS = AnyOf((HEAD.encode(), b"SyntaxError", b"IndentationError", b"TabError"))
"""One of them stands in every traceback: a syntax error of the program itself has no head."""
_ABOVE = 300
_BELOW = 500
"""Lines around a sign that are looked at."""
_FAR = 4000
"""Instead, where a traceback reaches the border."""
_BORDER = 60
_AT_ONCE = 20
_BUDGET = 0.5
"""Seconds until the scan is begun anew from where it is."""


class _Look(NamedTuple):
    """The lines around a sign."""

    lines: list[RawLine]
    found: Found | None


async def newest_traceback(logs: Sequence[ServiceLog], root: str) -> Traceback | None:
    """The newest traceback that is printed to its end; None where none is kept.

    Others get a turn every few milliseconds.
    """
    judged: dict[str, int] = {}
    named = {log.service: log for log in logs}
    before: Place | None = None
    for turn in count():
        windows = [window(log, None, before) for log in logs]
        every = Query()
        scanners = [Scanner(w, every, _SIGNS, backward=True) for w in windows if w.first <= w.last]
        keys, edge = await Scan(scanners, backward=True).run(_AT_ONCE, _BUDGET * (turn + 1), 10.0)
        for _, service, number in reversed(keys):
            if number >= judged.get(service, number + 1):
                continue
            look = _look(named[service], number, root)
            if look.found is not None:
                return _traceback(service, look.lines, look.found)
            judged[service] = _judged(named[service], look.lines, number)
            await asyncio.sleep(0)
        if edge is None:
            break
        before = Place(*edge)
    return None


def _look(log: ServiceLog, number: int, root: str) -> _Look:
    """The last whole traceback around a line."""
    above, below = _ABOVE, _BELOW
    while True:
        lines = list(log.ring.lines(number - above - 1, above + below))
        found = tracebacks([plain(clean(raw.data)) for raw in lines], root, as_printed=True)
        if not found:
            return _Look(lines, None)
        newest = next((f for f in reversed(found) if f.whole), found[-1])
        more_above = newest.first < _BORDER and lines[0].number > log.ring.first
        more_below = found[-1].last >= len(lines) - _BORDER and lines[-1].number < log.ring.last
        if not (more_above and above < _FAR) and not (more_below and below < _FAR):
            return _Look(lines, newest if newest.whole else None)
        above = _FAR if more_above else above
        below = _FAR if more_below else below


def _judged(log: ServiceLog, lines: list[RawLine], number: int) -> int:
    """The line from which on there is surely no whole traceback."""
    if not lines:
        return number
    first = lines[0].number
    return first if first <= log.ring.first else min(first + _BORDER, number)


def _traceback(service: str, lines: list[RawLine], found: Found) -> Traceback:
    own = lines[found.first : found.last + 1]
    return Traceback(
        service=service,
        number=own[0].number,
        last=own[-1].number,
        at=own[0].at,
        data=_COLOUR.sub(b"", b"".join(raw.data + b"\n" for raw in own)),
        error=found.error,
        file=found.file,
        line=found.line,
    )
