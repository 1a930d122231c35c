"""What stands in the log while nothing has been printed: the end of the last run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ...control.client import NoAnswer, NotRunning
from ...model.view import ActionError, LogPage
from . import wording
from .jumps import place_of
from .rows import Rule
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...model.view import LogLine
    from ..source import Source
    from .rows import Row
    from .shaping import Shaping
    from .shown import Shown

LINES = 200
"""Of all services together."""
_PATIENCE = 1.0
"""Seconds that services which are just starting have to print something."""


class Earlier:
    """The last lines of the run before, where the services that are shown have printed none yet.

    `changed` is called when they have come, or what is said of them is another.
    """

    def __init__(
        self,
        source: Source,
        shown: Shown,
        changed: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._source = source
        self._shown = shown
        self._changed = changed
        self._clock = clock
        self._window = Window()
        self._about: object = None
        self._asked = False
        self._since = ""
        self._wanted = asyncio.Event()

    def attend(self) -> None:
        """Take note of what is shown now."""
        if self._about != self._shown.about:
            self._about, self._asked = self._shown.about, False
            self._window.clear()
        if self._shown.silent and not self._asked:
            self._asked = True
            self._wanted.set()
        if self._window.entries and self._since != (since := self._nothing_since()):
            self._since = since
            self._changed()

    def rows(self, shaping: Shaping) -> Sequence[Row]:
        """The lines, between a rule that says from when they are and one that says that there are
        no newer ones; none where nothing is known.
        """
        entries = self._window.entries
        if not entries or self._about != self._shown.about:
            return ()
        now = self._clock()
        return [
            Rule(entries[0].line.at, -1, text=wording.last_run(entries[-1].line.at, now)),
            *shaping.rows(self._window, self._shown.root, following=True),
            Rule(now, -2, text=self._since),
        ]

    @property
    def lines(self) -> int:
        """How many of them stand for a log that holds none of this run."""
        known = self._about == self._shown.about and self._shown.silent
        return len(self._window.entries) if known else 0

    def _nothing_since(self) -> str:
        return wording.nothing_since(self._shown) if self._shown.silent else self._since

    async def run(self) -> None:
        """Fetch what is wanted until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            about = self._about
            if self._shown.starting:
                await asyncio.sleep(_PATIENCE)
            if self._about != about or not self._shown.silent:
                continue
            try:
                lines = await self._fetch()
            except (NotRunning, NoAnswer):
                self._asked = False
            except ActionError:  # it is no loss that has to be told: there is a log all the same
                continue
            else:
                if self._about == about:
                    self._window.newest(LogPage(lines=lines))
                    self._since = self._nothing_since()
                    self._changed()

    async def _fetch(self) -> list[LogLine]:
        lines: list[LogLine] = []
        for service in self._shown.ids:
            lines += await self._source.past(service, LINES)
            lines = sorted(lines, key=place_of)[-LINES:]
        return lines
