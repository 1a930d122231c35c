"""One or a few lines of text of which some pieces can be clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from .colours import Colours, colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style
    from textual import events

    from .layout import Part


class Bit(NamedTuple):
    """Some text of a bar."""

    text: str
    style: Style
    action: str = ""
    """Of the application, for a click."""


class Bar(Widget):
    """Draws what `lines` gives; it is asked again only after `renew` or another size."""

    DEFAULT_CSS = "Bar { width: 1fr; height: 1fr; }"

    def __init__(self, part: Part) -> None:
        super().__init__(id=part)
        self._lines: list[list[Bit]] | None = None
        self._wide = 0
        """The width that the lines are for: a bar may be drawn before it hears that it has
        another.
        """

    def lines(self, width: int, colours: Colours) -> Sequence[list[Bit]]:
        """The lines, from the top; what is wider is cut off."""
        raise NotImplementedError

    def renew(self) -> None:
        """Draw again if something would look different."""
        if self._lines is None or self._lines != self._made(colours(self.app)):
            self.refresh()

    def _made(self, look: Colours) -> list[list[Bit]]:
        """The lines for the width of now."""
        self._wide = self.size.width
        self._lines = list(self.lines(self._wide, look))
        return self._lines

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self._lines = None

    def render_line(self, y: int) -> Strip:
        """One line, over its whole width."""
        look = colours(self.app)
        stale = self._lines is None or self._wide != self.size.width
        lines = self._made(look) if stale else self._lines or []
        bits = lines[y] if y < len(lines) else []
        strip = Strip([Segment(bit.text, bit.style) for bit in bits])
        return strip.adjust_cell_length(self.size.width, look.base).apply_style(look.base)

    async def on_click(self, event: events.Click) -> None:
        lines = self._lines or []
        if event.y >= len(lines):
            return
        end = 0
        for bit in lines[event.y]:
            end += cell_len(bit.text)
            if event.x < end:
                if bit.action:
                    event.stop()
                    await self.app.run_action(bit.action)
                return


def width_of(bits: Sequence[Bit]) -> int:
    """Cells."""
    return sum(cell_len(bit.text) for bit in bits)
