"""Where in all that is kept the lines are that a text finds, counted page by page."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from ...control.client import NoAnswer, NotRunning
from ...model.view import ActionError, LogQuery
from .jumps import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ...model.view import Place
    from ..source import Source

MOST = 10_000
"""Places that are kept: the newest."""
_FIRST, _PAGE = 200, 2_000
_REST = 0.3
"""Seconds between two looks at what was printed since."""


class Found:
    """Places in order, each once."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.places: list[Place] = []
        self.more = False
        """Whether there were more than are kept."""

    def add(self, places: Iterable[Place]) -> None:
        """More of them, in any order."""
        for place in places:
            at = bisect_left(self.places, place)
            if at == len(self.places) or self.places[at] != place:
                self.places.insert(at, place)
        if len(self.places) > self._most:
            self.more = True
            del self.places[: -self._most]

    def after(self, place: Place) -> Place | None:
        """The next one; None: `place` is the last."""
        at = bisect_right(self.places, place)
        return self.places[at] if at < len(self.places) else None

    def before(self, place: Place) -> Place | None:
        """The one before; None: `place` is the first."""
        at = bisect_left(self.places, place)
        return self.places[at - 1] if at else None

    def rank(self, place: Place | None) -> int:
        """From 1 in order; 0 where it is none of them."""
        if place is None:
            return 0
        at = bisect_left(self.places, place)
        return at + 1 if at < len(self.places) and self.places[at] == place else 0


class Finder:
    """Counts in the background, the newest first, and goes on when more is printed.

    `changed` is called after each page.
    """

    def __init__(self, source: Source, changed: Callable[[], None]) -> None:
        self._source = source
        self._changed = changed
        self._wanted = asyncio.Event()
        self._anew = asyncio.Event()
        """Set when something else is to be found: that waits for nothing."""
        self._generation = 0
        self._newer = False
        self._upto: Place | None = None
        self.services: list[str] = []
        self.filter = ""
        """Empty: nothing is looked for."""
        self.found = Found()
        self.complete = True
        """Whether all that was kept when it began has been looked at."""
        self.refusal = ""
        """What the engine said to a query that it does not take, and that it is not asked again."""

    def look(self, services: Sequence[str], filter: str) -> None:  # noqa: A002
        """Find this from now on; nothing where the filter is empty."""
        if (list(services), filter) == (self.services, self.filter):
            return
        self.services, self.filter = list(services), filter
        self._generation += 1
        self.found = Found()
        self.complete = not filter
        self.refusal = ""
        self._upto = None
        self._anew.set()
        self._wanted.set()

    def again(self) -> None:
        """Forget what was found: it was another engine."""
        services, filter_ = self.services, self.filter
        self.filter = ""
        self.look(services, filter_)

    def advanced(self) -> None:
        """Lines were printed."""
        if self.filter and not self.refusal:
            self._newer = True
            self._wanted.set()

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._anew.clear()
            generation = self._generation
            try:
                await self._count(generation)
            except (NotRunning, NoAnswer):
                self.complete = self.complete or generation == self._generation
            except ActionError as error:
                if generation == self._generation:
                    self.complete = True
                    self.refusal = error.message if error.code == "usage" else ""
            if generation == self._generation:
                self._changed()

    async def _count(self, generation: int) -> None:
        if not self.complete:
            await self._backwards(generation)
        elif self._newer:
            self._newer = False
            await self._forwards(generation)
            await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_REST):
                await self._anew.wait()
        except TimeoutError:
            return

    async def _backwards(self, generation: int) -> None:
        upto = await self._end()
        before: Place | None = None
        limit = _FIRST
        while True:
            query = LogQuery(services=self.services, filter=self.filter, before=before, limit=limit)
            hits = await self._source.hits(query)
            if generation != self._generation:
                return
            self.found.add(hits.places)
            before, limit = hits.reached, _PAGE
            if before is None or self.found.more:
                break
            self._changed()
        self._upto, self.complete = upto, True
        if self._newer:
            self._wanted.set()

    async def _forwards(self, generation: int) -> None:
        """From where the last look ended."""
        end = await self._end()
        hits = await self._source.hits(
            LogQuery(services=self.services, filter=self.filter, after=self._upto, limit=_PAGE)
        )
        if generation != self._generation:
            return
        self.found.add(hits.places)
        self._upto = hits.reached or end or self._upto
        if hits.reached is not None:
            self.advanced()

    async def _end(self) -> Place | None:
        page = await self._source.page(LogQuery(services=self.services, limit=1))
        return place_of(page.lines[-1]) if page.lines else None
