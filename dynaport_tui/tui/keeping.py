"""Saves how a person has arranged the dashboard."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .prefs import save

if TYPE_CHECKING:
    from textual.worker import Worker

    from .app import Dashboard

_PAUSE = 0.5
"""Seconds between a change and the file, so that several are one."""


class Keeping:
    """Writes in a thread, a moment after the last change; tells once that it cannot."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self._pending: asyncio.TimerHandle | None = None
        self._told = False

    def soon(self) -> None:
        """Something has changed."""
        if self._pending is not None:
            self._pending.cancel()
        self._pending = asyncio.get_running_loop().call_later(_PAUSE, self._begin)

    def _begin(self) -> None:
        self._pending = None
        # Not a coroutine that was made already: an app that ends now would never await it.
        _: Worker[None] = self._app.run_worker(self.now, group="prefs")

    async def now(self) -> None:
        """Write it."""
        app, desk, board = self._app, self._app.desk, self._app.board
        prefs = app.prefs
        prefs.layout, prefs.tab = desk.kind, desk.heading.tab
        prefs.sort, prefs.reverse, prefs.theme = board.sort, board.reverse, app.theme
        if desk.log_pane is not None:
            prefs.log = desk.log_pane.remember()
        wrong = await asyncio.to_thread(save, app.opening.state, prefs)
        if wrong and not self._told:
            self._told = True
            app.tell(wrong, "warning")

    async def finish(self) -> None:
        """Write what is still to be written."""
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None
            await self.now()
