"""What every part of the dashboard may ask of the application."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual import events
from textual.app import App, SuspendNotSupported
from textual.scrollbar import ScrollBar, ScrollBarRender

from ..control.client import NoAnswer, NotRunning
from ..model.view import ActionError
from .glyphs import ELLIPSIS, UNICODE
from .opening import Ending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from textual.screen import Screen

    from .opening import Opening
    from .tales import Weight

T = TypeVar("T")

_TURN = 0.3
"""Seconds that a key waits at most for the one before it."""

_TOASTS, _TOAST_LINES, _TOAST_TIME = 2, 2, 4.0
"""That are seen at once, the lines of each, and the seconds that it stays."""
_TOAST_WIDTH = 80
_TOAST_EDGE = 3
"""Cells of it that hold no text."""


class _PlainBar(ScrollBarRender):
    """A scrollbar of whole cells."""

    VERTICAL_BARS = HORIZONTAL_BARS = [" "]  # noqa: RUF012 (as Textual declares it)


class Host(App[Ending], inherit_bindings=False):
    """Tells, asks, copies and leaves the screen for a while."""

    def __init__(self, opening: Opening) -> None:
        # Without colours every style stays as it is but for these; None: as the theme says.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        if not UNICODE:
            ScrollBar.renderer = _PlainBar
        self.opening = opening
        self._opening = 0
        """Things that are just being put on the screen."""

    @contextlib.contextmanager
    def opening_something(self) -> Iterator[None]:
        """Keys wait until the end of the block: what it opens will take them."""
        self._opening += 1
        try:
            yield
        finally:
            self._opening -= 1

    async def on_event(self, event: events.Event) -> None:
        """Take keys one after the other, also where they come in one burst as over a slow line.

        Textual would hand all of them to the widget that has the focus before the first one acts.
        """
        if isinstance(event, events.Key) and not event.is_forwarded:
            deadline = time.monotonic() + _TURN
            while not self._takes(event) and time.monotonic() < deadline:  # noqa: ASYNC110 (widgets give no event)
                await asyncio.sleep(0.002)
            if not self._is_text(event) and await self._bound(event.key):
                return
        await super().on_event(event)

    def _takes(self, key: events.Key) -> bool:
        """Whether all that earlier keys have begun is done: what opens is open, text is entered."""
        focused = self.focused
        if self._opening or (focused is None and len(self.screen_stack) > 1):
            return False
        return self._is_text(key) or focused is None or not focused.message_queue_size

    def _is_text(self, key: events.Key) -> bool:
        """Whether it is a character for the line that has the focus."""
        focused = self.focused
        return focused is not None and focused.check_consume_key(key.key, key.character)

    async def _bound(self, key: str) -> bool:
        """Whether the key was one that something is bound to."""
        return await self._check_bindings(key, priority=True) or await self._check_bindings(key)

    def tell(self, text: str, weight: Weight = "information") -> None:
        """A toast, which takes no part of its text for more than text."""
        room = min(_TOAST_WIDTH, self.size.width) - _TOAST_EDGE
        lines = wrap(text, max(room, 20), max_lines=_TOAST_LINES, placeholder=f" {ELLIPSIS}")
        self.notify("\n".join(lines), severity=weight, markup=False, timeout=_TOAST_TIME)

    def on_notify(self) -> None:
        """Make room for the toast that comes."""
        for notice in [*self._notifications][: 1 - _TOASTS]:
            self._unnotify(notice, refresh=False)

    async def granted(self, wish: Awaitable[T]) -> T | None:
        """What the engine answers; where it does not, the person is told and it is None."""
        try:
            return await wish
        except ActionError as refusal:
            self.tell(f"{refusal.message.rstrip('.')}. {refusal.hint}".rstrip(), "error")
        except (NotRunning, NoAnswer) as error:
            self.tell(str(error), "error")
        return None

    async def ask(self, dialog: Screen[Any]) -> Any:
        """The answer of a dialog; only where a worker runs."""
        return await self.push_screen_wait(dialog)

    async def confirm(self, question: str, detail: str, yes: str) -> bool:
        """Whether the person means it."""
        from .dialogs.confirm import ConfirmScreen

        return bool(await self.ask(ConfirmScreen(question, detail, yes)))

    async def copy(self, data: bytes, what: str) -> None:
        """Into the clipboard; says where it went."""
        from .clipboard import copy

        self.tell(await copy(cast("App[object]", self), data, what, self.opening.state))

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """The normal screen for the length of the block; nothing is done where there is none."""
        try:
            with self.suspend():
                yield
        except SuspendNotSupported:
            self.tell("this terminal cannot be left", "error")
