"""The lines of the log on the screen, with keys and mouse to move in them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from .drawing import LogLines

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events

_WHEEL = 3
_SIDEWAYS = 8


class LogView(LogLines):
    """Moves in the rows, marks them, and says where more are needed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1.0)", "page up", show=False),
        Binding("pagedown", "page(1.0)", "page down", show=False),
        Binding("ctrl+u", "page(-0.5)", "half a page up", show=False),
        Binding("ctrl+d", "page(0.5)", "half a page down", show=False),
        Binding("home", "first", "first", show=False),
        Binding("end,G", "last", "last", show=False),
        Binding("left", "sideways(-1)", "left", show=False),
        Binding("right", "sideways(1)", "right", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class Moved(Message):
        """Another part of the rows is seen, or the cursor stands elsewhere."""

    class Wanted(Message):
        """The very first or the very last line is asked for."""

        def __init__(self, *, last: bool) -> None:
            super().__init__()
            self.last = last

    class Opened(Message):
        """The row under the cursor is to be unfolded, or folded."""

    def __init__(self, inks: Callable[[str], int], clock: Callable[[], float] = time.time) -> None:
        super().__init__(inks, clock)
        self._pressed: int | None = None
        """The row on which the mouse button was pressed, while it is."""

    # ---- keys

    def action_move(self, by: int) -> None:
        """The cursor, by a row."""
        self.stand.move(by)
        self._moved()

    def action_page(self, pages: float) -> None:
        """By a part of the screen."""
        by = int(pages * max(self.size.height - 1, 1))
        if self.stand.scroll(by):
            self._moved()
        else:
            self.action_move(-len(self.stand.rows) if by < 0 else len(self.stand.rows))

    def action_first(self) -> None:
        """The oldest line of all."""
        self.post_message(self.Wanted(last=False))

    def action_last(self) -> None:
        """The newest line of all, and follow."""
        self.post_message(self.Wanted(last=True))

    def action_sideways(self, by: int) -> None:
        """Scroll lines that are not wrapped."""
        left = max(self.stand.look.left + by * _SIDEWAYS, 0)
        if not self.stand.look.wrap:
            self.draw(left=left)

    def action_open(self) -> None:
        """Unfold or fold."""
        self.post_message(self.Opened())

    def _moved(self) -> None:
        self.redraw()
        self.post_message(self.Moved())

    # ---- mouse

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Towards the newest; at the very end follow again."""
        event.stop()
        if self.stand.scroll(_WHEEL):
            self._moved()
        elif not self.stand.following:
            self.post_message(self.Wanted(last=True))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Towards the oldest."""
        event.stop()
        if self.stand.scroll(-_WHEEL):
            self._moved()

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Sideways."""
        event.stop()
        self.action_sideways(1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Sideways."""
        event.stop()
        self.action_sideways(-1)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The cursor goes there, and a block may begin."""
        index = self._row_at(event.y)
        if event.button != 1 or index is None:
            return
        self._pressed = index
        self.stand.mark(None)
        self.stand.go(index)
        self.capture_mouse()
        self._moved()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Mark from where the button was pressed."""
        if self._pressed is None:
            return
        height = self.size.height
        if not 0 <= event.y < height:
            self.stand.scroll(-1 if event.y < 0 else 1)
        index = self._row_at(min(max(event.y, 0), height - 1))
        if index is None or (index == self._pressed and not self.stand.marking):
            return
        if not self.stand.marking:
            self.stand.mark(self._pressed)
        self.stand.go(index)
        self._moved()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The block stays as it is."""
        if self._pressed is not None:
            self._pressed = None
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Twice unfolds."""
        if event.chain == 2 and self._row_at(event.y) is not None:
            self.post_message(self.Opened())

    def _row_at(self, y: int) -> int | None:
        lines = self.stand.lines()
        return lines[y][0] if 0 <= y < len(lines) else None
