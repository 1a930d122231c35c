"""Fetches pages for a window, one at a time, and never more than the screen can show."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from ...control.client import NoAnswer, NotRunning
from ...model.view import BEGINNING, ActionError, LogQuery
from .jumps import place_of
from .whole import made_whole
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ...model.view import LogLine, LogPage, Place
    from ..source import Source

PAGE = 300
"""Lines that are fetched where the view nears the end of what is held."""
PACE = 0.1
"""Seconds between two pages while following."""
_NEAR = 20
"""Lines at the end of the window whose tracebacks may go on."""
_MOST_BEHIND = 100_000
"""Lines that are looked through with a filter while following; beyond that it skips."""


class Loader:
    """Keeps a window of what a query finds.

    `changed` is called after each page, `refused` with what the engine says to a query that it
    does not take. All that is asked for is only noted; `run` does it, one fetch at a time. Without
    an engine the window stays as it is until something is asked for again.
    """

    def __init__(
        self,
        source: Source,
        changed: Callable[[], None],
        refused: Callable[[ActionError], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.window = Window()
        self.services: list[str] = []
        self.filter = ""
        self.screen = 24
        """Lines that can be seen."""
        self.following = True
        self.busy = False
        """Whether a fetch is under way."""
        self.pending = False
        """Whether what `look` asked for is still to come: the window is that of before."""
        self.hopeless = False
        """Whether the engine takes no such query, so that it is not asked again."""
        self._source = source
        self._changed = changed
        self._refused = refused
        self._clock = clock
        self._wanted = asyncio.Event()
        self._generation = 0
        self._place: Place | None = None
        self._restart = self._older = self._newer = False
        self._total = self._seen = 0
        self._next_follow = 0.0

    def look(self, services: Sequence[str], filter: str, place: Place | None) -> None:  # noqa: A002
        """Show this from now on, around a place or from the newest line on."""
        self.services, self.filter = list(services), filter
        self._generation += 1
        self._place, self._restart, self.pending = place, True, True
        self.hopeless = self._older = self._newer = False
        self._wanted.set()

    def advanced(self, total: int) -> None:
        """The logs that are shown have so many lines now: there is an engine that says so."""
        if self.pending and not self.busy:
            self._restart = True
            self._wanted.set()
        if total != self._total:
            self._total = total
            self.window.at_end = False
            if self.following:
                self.want_newer()

    def want_newer(self) -> None:
        """Go on at the end."""
        self._newer = True
        self._wanted.set()

    def want_older(self) -> None:
        """Go on at the beginning."""
        self._older = True
        self._wanted.set()

    async def run(self) -> None:
        """Fetch what is wanted until cancelled."""
        while True:
            step = self._next()
            if step is None:
                await self._wait()
                continue
            self.busy = True
            generation = self._generation
            try:
                await step(generation)
            except (NotRunning, NoAnswer):
                self._older = self._newer = False
            except ActionError as error:
                self._older = self._newer = False
                if generation == self._generation:
                    self.pending, self.hopeless = False, error.code == "usage"
                self._refused(error)
            finally:
                self.busy = False
            if generation == self._generation:
                self._changed()

    def _next(self) -> Callable[[int], Awaitable[None]] | None:
        if self._restart:
            self._restart = False
            return self._newest if self._place is None else self._around
        if self.pending or self.hopeless:
            return None
        if self._newer and self._pause() <= 0:
            self._newer = False
            return self._further
        if self._older:
            self._older = False
            return self._back
        return None

    def _pause(self) -> float:
        return self._next_follow - self._clock() if self.following else 0.0

    async def _wait(self) -> None:
        self._wanted.clear()
        try:
            soon = self._newer and not (self.pending or self.hopeless)
            async with asyncio.timeout(self._pause() if soon else None):
                await self._wanted.wait()
        except TimeoutError:
            return

    async def _newest(self, generation: int) -> None:
        self._next_follow = self._clock() + PACE
        total = self._total
        end = await self._end()
        page = await self._whole(await self._source.page(self._query(self.screen + 20)))
        if generation == self._generation:
            self.window.newest(page, end)
            self._looked(total)

    async def _around(self, generation: int) -> None:
        place, total = self._place, self._total
        assert place is not None
        window = Window()
        window.around(place)
        older = await self._source.page(self._query(PAGE, before=place))
        newer = await self._source.page(self._query(PAGE, after=window.newer))
        end = place_of(newer.lines[-1]) if newer.lines else None
        older, newer = await self._whole(older), await self._whole(newer)
        if generation == self._generation:
            window.add_older(older)
            window.add_newer(newer, end)
            self.window = window
            self._looked(total)

    async def _further(self, generation: int) -> None:
        behind = self._total - self._seen
        skips = _MOST_BEHIND if self.filter else max(3 * self.screen, 100)
        if self.following and behind > skips:
            await self._newest(generation)
            return
        self._next_follow = self._clock() + PACE
        total = self._total
        window = self.window
        end = await self._end()
        page = await self._source.page(self._query(PAGE, after=window.newer))
        if self.filter:
            end = max([end or BEGINNING, *(place_of(line) for line in page.lines[-1:])])
            page = await self._whole(page, [entry.line for entry in window.entries[-_NEAR:]])
        if generation == self._generation:
            window.add_newer(page, end, following=self.following)
            self._looked(total)
            self._newer = self._newer or (self.following and not self.window.at_end)

    async def _back(self, generation: int) -> None:
        page = await self._whole(
            await self._source.page(self._query(PAGE, before=self.window.older))
        )
        if generation == self._generation:
            self.window.add_older(page)

    def _looked(self, total: int) -> None:
        """All lines up to `total` were there when the last page was asked for."""
        self.pending = False
        if self.window.at_end:
            self._seen = total
            self.window.at_end = self._total == total

    async def _whole(self, page: LogPage, before: Sequence[LogLine] = ()) -> LogPage:
        return await made_whole(self._source, page, before) if self.filter else page

    async def _end(self) -> Place | None:
        """The newest place of all: how far a filter that finds nothing more has looked."""
        if not self.filter:
            return None
        page = await self._source.page(LogQuery(services=self.services, limit=1))
        return place_of(page.lines[-1]) if page.lines else None

    def _query(
        self, limit: int, *, before: Place | None = None, after: Place | None = None
    ) -> LogQuery:
        return LogQuery(
            services=self.services, filter=self.filter, before=before, after=after, limit=limit
        )
