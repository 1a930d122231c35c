"""The lines of the log as they are drawn."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..colours import colours
from ..glyphs import BAR
from .look import Look
from .screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .rows import Row


class LogLines(Widget, can_focus=True):
    """Draws the rows that it is given; only those on the screen cost anything."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LogLines { height: 1fr; width: 1fr; }"

    class Resized(Message):
        """There is room for more lines, or for fewer."""

    def __init__(self, inks: Callable[[str], int], clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._inks = inks
        self._clock = clock
        self._lines: list[tuple[int, int]] | None = None
        self._base = Style()
        self._block = range(0)
        self.nothing: Sequence[str] = ()
        """What is said where there is no row; a line each, the first one is the headline."""
        self._stand: Screen | None = None

    # ---- what is drawn

    @property
    def stand(self) -> Screen:
        """Rows, cursor and block."""
        if self._stand is None:
            look = Look(width=80, colours=colours(self.app), ink=self._inks)
            self._stand = Screen(look)
        return self._stand

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
            self._lines, self._block, self._base = stand.lines(), stand.block, self.rich_style
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
        if index in self._block:
            return self._base + ink.block
        at_cursor = index == self.stand.cursor and self.has_focus
        return self._base + ink.cursor if at_cursor else self._base

    def _lit(self, strip: Strip, index: int) -> Strip:
        stand = self.stand
        if (index == stand.cursor and self.has_focus) or index in self._block:
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
