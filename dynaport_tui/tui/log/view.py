"""The lines of the log on the screen, with keys and mouse to move in them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..colours import colours
from ..glyphs import BAR
from .look import Look
from .screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events

    from .rows import Row

_WHEEL = 3
_SIDEWAYS = 8


class LogView(Widget, can_focus=True):
    """Draws the rows that it is given; only those on the screen cost anything."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LogView { height: 1fr; width: 1fr; }"
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

    class Resized(Message):
        """There is room for more lines, or for fewer."""

    class Wanted(Message):
        """The very first or the very last line is asked for."""

        def __init__(self, *, last: bool) -> None:
            super().__init__()
            self.last = last

    class Opened(Message):
        """The row under the cursor is to be unfolded, or folded."""

    def __init__(self, inks: Callable[[str], int], clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._inks = inks
        self._clock = clock
        self._pressed: int | None = None
        self._lines: list[tuple[int, int]] | None = None
        self._base = Style()
        self.nothing: Sequence[str] = ()
        """What is said where there is no row; a line each, the first one is the headline."""
        self.screen_: Screen | None = None

    # ---- what is drawn

    @property
    def stand(self) -> Screen:
        """Rows, cursor and block."""
        if self.screen_ is None:
            look = Look(width=80, colours=colours(self.app), ink=self._inks)
            self.screen_ = Screen(look)
        return self.screen_

    def draw(self, **changes: object) -> None:
        """Draw it so from now on: fields of `Look`."""
        stand = self.stand
        look = replace(
            stand.look, width=max(self.size.width, 20), colours=colours(self.app),
            now=float(int(self._clock())), **changes,  # type: ignore[arg-type]
        )  # fmt: skip
        stand.see(look, self.size.height)
        self.redraw()

    def show(self, rows: Sequence[Row]) -> None:
        """Other rows."""
        self.stand.show(rows)
        self.redraw()

    def redraw(self) -> None:
        """All that is seen, once."""
        self._lines = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line, as the rows are now."""
        stand = self.stand
        if self._lines is None:
            self._lines, self._base = stand.lines(), self.rich_style
        width = self.size.width
        if not stand.rows:
            return self._teach(y, width)
        if y >= len(self._lines):
            return Strip.blank(width, self._base)
        index, line = self._lines[y]
        strips = stand.strips(index)
        strip = strips[min(line, len(strips) - 1)]
        return self._lit(strip, index).adjust_cell_length(width, self._ground(index))

    def _ground(self, index: int) -> Style:
        ink = self.stand.look.colours
        if index in self.stand.block:
            return self._base + ink.block
        at_cursor = index == self.stand.cursor and self.has_focus
        return self._base + ink.cursor if at_cursor else self._base

    def _lit(self, strip: Strip, index: int) -> Strip:
        stand = self.stand
        if (index == stand.cursor and self.has_focus) or index in stand.block:
            segments = list(strip)
            bar = Segment(BAR, Style(color=stand.look.colours.accent.color))
            rest = Segment(segments[0].text[1:], segments[0].style)
            strip = Strip([bar, rest, *segments[1:]], strip.cell_length)
        return strip.apply_style(self._ground(index))

    def _teach(self, y: int, width: int) -> Strip:
        above = max((self.size.height - len(self.nothing)) // 3, 0)
        number = y - above
        if not 0 <= number < len(self.nothing):
            return Strip.blank(width, self._base)
        ink = self.stand.look.colours
        style = ink.text if number == 0 else ink.dim
        strip = Strip([Segment("  " + self.nothing[number], style)]).apply_style(self._base)
        return strip.adjust_cell_length(width, self._base)

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

    # ---- what the terminal does

    def on_mount(self) -> None:
        """Other colours are seen at once."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.draw())

    def on_resize(self) -> None:
        """Another size."""
        self.draw()
        self.post_message(self.Resized())

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor hides."""
        self.refresh()
