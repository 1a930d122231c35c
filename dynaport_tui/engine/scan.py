"""Looks through the kept lines of several services in the order of time, a slice at a time."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from ..model.regexes import line_bound
from ..model.terms import Line, Matching, StreamIs
from ..model.view import ActionError
from ..patience import TooLong, at_most
from .sieve import plain_lines, worth_a_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model.query import Query
    from .ring import Chunk
    from .sieve import Finder
    from .window import Window

BUDGET = 0.06
"""Seconds of work for one question."""
PATIENCE = 0.25
"""Seconds for one question when the loop has more to do."""
SLICE = 0.002
"""Seconds for which nobody else gets a turn."""
PIECE = 64 * 1024
"""Bytes that are looked through in one go."""
_COARSE_PIECE = 8 * 1024
"""The same where every line has to be decoded."""
_GLANCED_PIECE = 32 * 1024
"""The same where a look at the whole tells whether they have to be."""
_LONGEST = 0.25
"""Seconds that an expression may compute over one piece."""

Key = tuple[float, str, int]
"""A model.view.Place that compares faster."""


class Outcome(NamedTuple):
    """What a scan found."""

    keys: list[Key]
    """Oldest first."""
    reached: Key | None
    """As in model.view.LogPage."""


class _Held(NamedTuple):
    """Some chunks as one, and what of it is still to be looked at."""

    run: list[Chunk]
    firsts: list[int]
    """Numbers of the first lines of these chunks."""
    data: bytes
    start: int
    end: int
    number: int
    """Of the next line in the direction of the scan."""

    @property
    def last(self) -> int:
        """Number of its last line."""
        return self.run[-1].first + self.run[-1].length - 1

    def chunk(self, number: int) -> Chunk:
        """The chunk with a line."""
        return self.run[bisect_right(self.firsts, number) - 1]


class Scanner:
    """Looks through one service's lines, from the newest back or from the oldest on."""

    def __init__(self, window: Window, query: Query, sieve: Finder, *, backward: bool) -> None:
        self._service = window.log.service
        self._ring = window.log.ring
        self._first = window.first
        self._last = window.last
        self._query = query
        self._sieve = sieve
        self._backward = backward
        self._stream = _stream(query)
        self._matching = next((t for t in query.terms if isinstance(t, Matching)), None)
        self._glance = None
        if self._matching is not None and not self._matching.negated:
            self._glance = line_bound(self._matching.pattern)
        """What tells of a whole piece that none of its lines matches."""
        self._size = PIECE
        if sieve.coarse:
            self._size = _COARSE_PIECE if self._glance is None else _GLANCED_PIECE
        self._streams = any(isinstance(term, StreamIs) for term in query.terms)
        self._held: _Held | None = None
        self.found: list[Key] = []
        """Oldest first."""
        self.next: Key | None = None
        """The first line that was not looked at; None when there is none."""
        self._go_to(window.last if backward else window.first)

    def step(self) -> None:
        """Look through one piece."""
        held = self._held or self._hold()
        if held is None:
            self._go_to(_next(self)[2])
            return
        start, end = self._bounds(held)
        piece = held.data[start:end]
        count = piece.count(b"\n")
        first = held.number - count + 1 if self._backward else held.number
        found = self._found(held, piece, first)
        if self._backward:
            self.found[:0] = found
            rest = held._replace(end=start, number=first - 1)
        else:
            self.found += found
            rest = held._replace(start=end, number=first + count)
        self._held = rest if rest.start < rest.end else None
        self._go_to(rest.number)

    def _go_to(self, number: int) -> None:
        """Say which line is the next; what the ring has dropped meanwhile is left out."""
        first = max(self._first, self._ring.first)
        if self._backward:
            number = min(number, self._last)
        else:
            number = max(number, first)
            if self._held is not None and self._held.last < number:
                self._held = None
        chunks = self._ring.chunks(number, 1, backward=True)
        asked = first <= number <= self._last
        self.next = (chunks[0].at, self._service, number) if asked and chunks else None

    def _hold(self) -> _Held | None:
        """The next chunks, which go on beyond what was asked for."""
        assert self.next is not None
        run = self._ring.chunks(self.next[2], self._size, backward=self._backward)
        if not run:
            return None
        data = b"".join([chunk.data for chunk in run])
        held = _Held(run, [chunk.first for chunk in run], data, 0, len(data), run[0].first)
        return held._replace(number=held.last) if self._backward else held

    def _bounds(self, held: _Held) -> tuple[int, int]:
        """The next piece of it."""
        if held.end - held.start <= 2 * self._size:
            return held.start, held.end
        if self._backward:
            return held.data.rfind(b"\n", held.start, held.end - self._size) + 1, held.end
        return held.start, held.data.find(b"\n", held.start + self._size) + 1

    def _found(self, held: _Held, piece: bytes, first: int) -> list[Key]:
        """The lines of a piece that fulfil the query and were asked for."""
        if self._stream and all(chunk.stream != self._stream for chunk in held.run):
            return []
        lines, sure = self._sieve.sift(piece)
        low = max(self._first, self._ring.first) - first
        lines = [i for i in lines if low <= i <= self._last - first]
        if not sure and lines:
            lines = self._checked_in_time(held, piece, first, lines)
        return [(held.chunk(first + i).at, self._service, first + i) for i in lines]

    def _checked_in_time(
        self, held: _Held, piece: bytes, first: int, lines: Sequence[int]
    ) -> list[int]:
        if self._matching is None:
            return self._checked(held, piece, first, lines)
        try:
            with at_most(_LONGEST):
                return self._checked(held, piece, first, lines)
        except TooLong:
            raise ActionError(
                "usage",
                f"re:/{self._matching.pattern.pattern}/ takes too long on the lines that there are",
                "Write it with fewer .* and +, or begin it with a text that the line holds.",
            ) from None

    def _checked(self, held: _Held, piece: bytes, first: int, lines: Sequence[int]) -> list[int]:
        if self._glance is not None and not worth_a_look(piece, self._glance):
            return []
        fulfils, service = self._query.fulfilled_by, self._service
        plain = plain_lines(piece)
        if not self._streams:
            return [i for i in lines if fulfils(Line(service, "", plain(i)))]
        streams = [held.chunk(first + i).stream for i in lines]
        each = zip(lines, streams, strict=True)
        return [i for i, stream in each if fulfils(Line(service, stream, plain(i)))]


class Scan:
    """Goes through several services as one."""

    def __init__(self, scanners: Sequence[Scanner], *, backward: bool) -> None:
        self._scanners = scanners
        self._backward = backward

    async def run(self, limit: int, budget: float = BUDGET, patience: float = PATIENCE) -> Outcome:
        """The first at most `limit` lines, and how far was looked: at least a bit further than
        nothing, however long that takes.
        """
        begun = turn = perf_counter()
        edge = self._edge()
        spent = 0.0
        while (scanner := self._next()) is not None:
            scanner.step()
            now = perf_counter()
            if now - turn < SLICE:
                continue
            spent += now - turn
            tired = spent >= budget or now - begun >= patience
            if (tired or self._enough(limit)) and self._edge() != edge:
                break
            await asyncio.sleep(0)
            turn = perf_counter()
        return self._outcome(limit)

    def _next(self) -> Scanner | None:
        """Who is behind the others."""
        left = [scanner for scanner in self._scanners if scanner.next is not None]
        if not left:
            return None
        return max(left, key=_next) if self._backward else min(left, key=_next)

    def _edge(self) -> Key | None:
        """The first line that was not looked at."""
        behind = self._next()
        return behind.next if behind else None

    def _enough(self, limit: int) -> bool:
        edge = self._edge()
        return sum(len(part) for part in self._settled(edge, limit)) >= limit

    def _settled(self, edge: Key | None, limit: int) -> list[list[Key]]:
        """At most `limit` of each service where nothing can come in between any more."""
        every = [scanner.found for scanner in self._scanners]
        if self._backward:
            starts = [0 if edge is None else bisect_right(found, edge) for found in every]
            return [f[max(i, len(f) - limit) :] for f, i in zip(every, starts, strict=True)]
        ends = [None if edge is None else bisect_right(found, edge) for found in every]
        return [f[:end][:limit] for f, end in zip(every, ends, strict=True)]

    def _outcome(self, limit: int) -> Outcome:
        edge = self._edge()
        # One more than asked for, to know whether there are more.
        found = sorted(chain.from_iterable(self._settled(edge, limit + 1)))
        if len(found) > limit:
            if self._backward:
                return Outcome(found[-limit:], found[-limit])
            return Outcome(found[:limit], found[limit - 1])
        if edge is None:
            return Outcome(found, None)
        at, service, number = edge
        # The edge itself was not looked at: the next question has to begin with it.
        return Outcome(found, (at, service, number + (1 if self._backward else -1)))


def _stream(query: Query) -> str | None:
    """The only stream that a query is about."""
    about = (term for term in query.terms if isinstance(term, StreamIs) and not term.negated)
    return next((term.stream for term in about), None)


def _next(scanner: Scanner) -> Key:
    assert scanner.next is not None
    return scanner.next
