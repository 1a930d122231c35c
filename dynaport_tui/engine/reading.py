"""The logs of several services read as one."""

from __future__ import annotations

import asyncio
from heapq import merge
from typing import TYPE_CHECKING

from ..model.query import Query, QueryError, parse
from ..model.terms import LevelIs, Matching, ServiceIs, StatusIs, StreamIs, Word
from ..model.view import ActionError, Hits, LogPage, LogQuery, Place, Traceback
from .scan import Scan, Scanner
from .sieve import Sieve
from .tracing import newest_traceback
from .window import window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..model.view import LogLine
    from .logs import ServiceLog
    from .ring import RawLine
    from .scan import Key
    from .window import Window

MOST_LINES = 1000
"""Lines in one page."""
MOST_BYTES = 2_000_000
"""Bytes in one page, but for its first line."""
MOST_HITS = 5_000
"""Places in one answer."""
_TURN = 200
"""Lines that are made ready in one go."""
_CHEAPEST_FIRST = (StreamIs, Word, Matching, StatusIs, LevelIs)


class LogReader:
    """Finds lines in the kept logs.

    A look at many of them is cut into slices of a few milliseconds and given up after about 60 of
    them; one search waits for the other.
    """

    def __init__(self, log: Callable[[str], ServiceLog]) -> None:
        self._log = log
        self._searching = asyncio.Lock()

    async def page(self, query: LogQuery) -> LogPage:
        """The lines asked for, at most 1,000 and 2 MB of them; raises ActionError."""
        limit = min(max(query.limit, 0), MOST_LINES)
        sought = _parsed(query)
        windows = self._windows(query, sought)
        sought = _about_lines(sought)
        # A service may be removed while the search goes on.
        logs = {part.log.service: part.log for part in windows}
        backward = query.after is None
        if limit == 0:
            return LogPage(reached=query.before if backward else query.after)
        if sought.empty:
            found = _plain(windows, limit, backward=backward)
            return await _ready(logs, found, backward=backward)
        async with self._searching:
            keys, edge = await _scan(windows, sought, backward=backward).run(limit)
        lines = [(key, logs[key[1]].ring.line(key[2])) for key in keys]
        kept = [(key, raw) for key, raw in lines if raw is not None]
        if backward:
            kept.reverse()
        return await _ready(logs, (kept, edge), backward=backward)

    async def hits(self, query: LogQuery) -> Hits:
        """Where the lines are that `page` would give, whatever its limit, at most 5,000 in an
        answer; raises ActionError.
        """
        sought = _parsed(query)
        windows = self._windows(query, sought)
        backward = query.after is None
        async with self._searching:
            scan = _scan(windows, _about_lines(sought), backward=backward)
            keys, reached = await scan.run(MOST_HITS)
        places = []
        for start in range(0, len(keys), 5 * _TURN):
            await asyncio.sleep(0)
            places.extend([Place(*key) for key in keys[start : start + 5 * _TURN]])
        return Hits(places=places, reached=_place(reached))

    async def traceback(self, services: Sequence[str], root: str) -> Traceback | None:
        """The newest that is whole."""
        logs = [self._log(service) for service in services]
        async with self._searching:
            return await newest_traceback(logs, root)

    def _windows(self, query: LogQuery, sought: Query) -> list[Window]:
        """What of each service lies between the places that were named."""
        about = [term for term in sought.terms if isinstance(term, ServiceIs)]
        services = [s for s in query.services if Query(terms=tuple(about)).matches(s, "", "")]
        windows = [window(self._log(service), query.after, query.before) for service in services]
        return [w for w in windows if w.first <= w.last]


async def _ready(
    logs: Mapping[str, ServiceLog],
    found: tuple[list[tuple[Key, RawLine]], Key | None],
    *,
    backward: bool,
) -> LogPage:
    """The page of these lines, which are in the direction of the search."""
    lines: list[LogLine] = []
    keyed, reached = found
    size = 0
    for count, (key, raw) in enumerate(keyed, 1):
        size += len(raw.data)
        lines.append(logs[key[1]].shown(raw))
        if size > MOST_BYTES and count < len(keyed):
            reached = key
            break
        if count % _TURN == 0:
            await asyncio.sleep(0)
    if backward:
        lines.reverse()
    return LogPage(lines=lines, reached=_place(reached))


def _parsed(query: LogQuery) -> Query:
    try:
        return parse(query.filter)
    except QueryError as error:
        raise ActionError("usage", error.message, error.hint) from None


def _about_lines(sought: Query) -> Query:
    """The terms that are not about the service, the cheap ones first."""
    terms = [term for kind in _CHEAPEST_FIRST for term in sought.terms if isinstance(term, kind)]
    return Query(terms=tuple(terms))


def _scan(windows: Iterable[Window], sought: Query, *, backward: bool) -> Scan:
    sieve = Sieve(sought.terms)
    scanners = [Scanner(part, sought, sieve, backward=backward) for part in windows]
    return Scan(scanners, backward=backward)


def _plain(
    windows: Iterable[Window], limit: int, *, backward: bool
) -> tuple[list[tuple[Key, RawLine]], Key | None]:
    """The next lines without any search, and where more follow."""
    ways = [_back(part) if backward else _on(part) for part in windows]
    merged = merge(*ways, key=_key, reverse=backward)
    found = [pair for pair, _ in zip(merged, range(limit + 1), strict=False)]
    more = len(found) > limit
    found = found[:limit]
    return found, found[-1][0] if more else None


def _back(part: Window) -> Iterator[tuple[Key, RawLine]]:
    for raw in part.log.ring.lines_before(part.last + 1):
        if raw.number < part.first:
            return
        yield (raw.at, part.log.service, raw.number), raw


def _on(part: Window) -> Iterator[tuple[Key, RawLine]]:
    for raw in part.log.ring.lines(part.first - 1, part.last - part.first + 1):
        yield (raw.at, part.log.service, raw.number), raw


def _key(pair: tuple[Key, RawLine]) -> Key:
    return pair[0]


def _place(key: Key | None) -> Place | None:
    return None if key is None else Place(*key)
