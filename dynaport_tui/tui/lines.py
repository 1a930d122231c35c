"""A list of styled lines with a cursor, of which only what is on screen is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from rich.text import Text
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .colours import colours
from .glyphs import BAR, ELLIPSIS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.binding import BindingType
    from textual.theme import Theme

    from .colours import Colours

_BAR = 1
"""Columns at the left for the bar of the cursor."""
_SIDEWAYS = 8
"""Columns that a step to the side moves."""


class Line(NamedTuple):
    """One line; lines of one list have different keys."""

    key: str
    """What stays the same when the list is given anew."""
    text: Text
    plain: str = ""
    """What is copied; on a line without it the cursor never stands."""


_CSS = """
LineList {
    overflow: auto auto;
    scrollbar-size: 0 1;
    scrollbar-gutter: stable;
}
"""
_KEYS = (
    Binding("up,k", "move(-1)", "up", show=False),
    Binding("down,j", "move(1)", "down", show=False),
    Binding("pageup", "page(-1)", "page up", show=False),
    Binding("pagedown", "page(1)", "page down", show=False),
    Binding("ctrl+u", "half(-1)", "half a page up", show=False),
    Binding("ctrl+d", "half(1)", "half a page down", show=False),
    Binding("home", "edge(-1)", "top", show=False),
    Binding("end,G", "edge(1)", "end", show=False),
    Binding("left", "sideways(-1)", "left", show=False),
    Binding("right", "sideways(1)", "right", show=False),
)


class LineList(ScrollView, can_focus=True):
    """Lines below a few that stay at the top.

    The cursor and the scroll position stay with their lines when others come or go.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = _CSS
    BINDINGS: ClassVar[list[BindingType]] = list(_KEYS)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (as every widget has it)
        super().__init__(id=id)
        self._head: tuple[Line, ...] = ()
        self._lines: tuple[Line, ...] = ()
        self._cursor = 0
        self._strips: dict[str, tuple[Line, Strip]] = {}
        self._faded = False
        self.colours: Colours

    # ---- what is shown

    @property
    def lines(self) -> tuple[Line, ...]:
        """All that scroll."""
        return self._lines

    @property
    def chosen(self) -> Line | None:
        """The line of the cursor; None where there is none that can be copied."""
        line = self._lines[self._cursor] if self._cursor < len(self._lines) else None
        return line if line is not None and line.plain else None

    @property
    def at_top(self) -> bool:
        """Whether neither the cursor nor the view has left the beginning."""
        return self._cursor <= _first(self._lines) and self.scroll_offset.y == 0

    def give(
        self, lines: Sequence[Line], head: Sequence[Line] = (), *, follow: bool = False
    ) -> None:
        """Show these instead; with `follow`, one that stands at the top stays there."""
        old, size = (self._head, self._lines), self.virtual_size
        top = self.scroll_offset.y
        cursor, top = (
            (_first(lines), 0)
            if not self._lines or (follow and self.at_top)
            else _kept(self._lines, lines, self._cursor, top)
        )
        self._head, self._lines = tuple(head), tuple(lines)
        moved, self._cursor = self._cursor != cursor, cursor
        shown = {line.key for line in self._shown()}
        self._strips = {key: drawn for key, drawn in self._strips.items() if key in shown}
        self._measure()
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)
        elif moved or size != self.virtual_size:
            self.refresh()
        else:
            self._refresh_changed(*old)

    def begin(self) -> None:
        """Back to the beginning, for other contents than before."""
        self._head, self._lines, self._cursor = (), (), 0
        self._strips.clear()
        self.scroll_to(0, 0, animate=False, force=True)
        self.refresh()

    def fade(self, faded: bool) -> None:
        """Show everything dim: it is no longer kept up to date."""
        if faded is not self._faded:
            self._faded = faded
            self.refresh()

    def _shown(self) -> Sequence[Line]:
        top = self.scroll_offset.y
        return (*self._head, *self._lines[top : top + self.scrollable_size.height])

    def _measure(self) -> None:
        wide = max((line.text.cell_len for line in (*self._head, *self._lines)), default=0)
        self.virtual_size = Size(wide + _BAR, len(self._head) + len(self._lines))

    def _refresh_changed(self, head: tuple[Line, ...], lines: tuple[Line, ...]) -> None:
        before, top = (*head, *lines[self.scroll_offset.y :]), self.scroll_offset.y
        for y, line in enumerate(self._shown()):
            if y >= len(before) or before[y] != line:
                self.refresh_line(y + top)

    # ---- drawing

    def on_mount(self) -> None:
        """Take the theme's colours, now and whenever it is changed."""
        self.colours = colours(self.app)
        self.app.theme_changed_signal.subscribe(self, self._themed)

    def _themed(self, _theme: Theme) -> None:
        self.colours = colours(self.app)
        self._strips.clear()
        self.recolour()
        self.refresh()

    def recolour(self) -> None:
        """Give the lines anew in other colours."""

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        ground, width = self.colours.base, self.scrollable_size.width
        if y < len(self._head):
            return self._cut(self._head[y], width).apply_style(ground)
        index = y - len(self._head) + self.scroll_offset.y
        if index >= len(self._lines):
            return Strip.blank(width, ground)
        strip = self._cut(self._lines[index], width)
        if index == self._cursor and self.has_focus and self.chosen is not None:
            return strip.apply_style(ground + self.colours.cursor)
        return strip.apply_style(ground)

    def _cut(self, line: Line, width: int) -> Strip:
        """The visible part of a line, behind the column of the bar."""
        known, strip = self._strips.get(line.key, (None, Strip([])))
        if known != line:
            strip = Strip(Text.assemble(line.text).render(self.app.console))
            self._strips[line.key] = line, strip
        left, room = self.scroll_offset.x, max(0, width - _BAR)
        shown = strip.crop_extend(left, left + room, None)
        if strip.cell_length > left + room:
            shown = Strip.join([shown.crop(0, room - 1), self._more])
        if self._faded:
            shown = Strip([Segment(segment.text, self.colours.dim) for segment in shown])
        return Strip.join([self._bar(line), shown])

    def _bar(self, line: Line) -> Strip:
        marked = self.has_focus and line is self.chosen
        return Strip([Segment(BAR if marked else " ", self.colours.accent)], _BAR)

    @property
    def _more(self) -> Strip:
        return Strip([Segment(ELLIPSIS, self.colours.dim)], 1)

    # ---- moving

    def _rows(self) -> int:
        return max(1, self.scrollable_size.height - len(self._head))

    def _go(self, index: int, step: int) -> None:
        """To the line at `index` or the next one in the direction of `step` that can be copied."""
        index = max(0, min(len(self._lines) - 1, index))
        while 0 <= index < len(self._lines) and not self._lines[index].plain:
            index += step
        if 0 <= index < len(self._lines):
            self._stand(index)
        else:
            self.scroll_to(y=0 if step < 0 else self.max_scroll_y, animate=False, force=True)

    def _stand(self, index: int) -> None:
        before, self._cursor = self._cursor, index
        for line in (before, index):
            self.refresh_line(line + len(self._head))
        top, rows = self.scroll_offset.y, self._rows()
        if index <= _first(self._lines):
            self.scroll_to(y=0, animate=False, force=True)
        elif index >= _last(self._lines):
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        elif not top <= index < top + rows:
            self.scroll_to(y=index if index < top else index - rows + 1, animate=False, force=True)

    def action_move(self, step: int) -> None:
        """A line up or down."""
        self._go(self._cursor + step, step)

    def action_page(self, step: int) -> None:
        """A screen up or down."""
        self._go(self._cursor + step * max(1, self._rows() - 1), step)

    def action_half(self, step: int) -> None:
        """Half a screen up or down."""
        self._go(self._cursor + step * max(1, self._rows() // 2), step)

    def action_edge(self, step: int) -> None:
        """To the first or the last line."""
        self._go(0 if step < 0 else len(self._lines) - 1, -step)

    def action_sideways(self, step: int) -> None:
        """Some columns to the left or right."""
        self.scroll_to(x=self.scroll_offset.x + step * _SIDEWAYS, animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the line."""
        index = event.y - len(self._head) + self.scroll_offset.y
        if event.y >= len(self._head) and index < len(self._lines) and self._lines[index].plain:
            self._stand(index)

    def on_focus(self) -> None:
        """The cursor becomes visible."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor disappears."""
        self.refresh()


def _first(lines: Sequence[Line]) -> int:
    return next((i for i, line in enumerate(lines) if line.plain), 0)


def _last(lines: Sequence[Line]) -> int:
    return next((i for i in reversed(range(len(lines))) if lines[i].plain), 0)


def _kept(old: Sequence[Line], new: Sequence[Line], cursor: int, top: int) -> tuple[int, int]:
    """Where the line of the cursor and the top line are among the new ones."""
    places = {line.key: index for index, line in enumerate(new)}
    if 0 < top < len(old):
        top = places.get(old[top].key, top)
    cursor = places.get(old[cursor].key, min(cursor, max(0, len(new) - 1)))
    return (cursor if cursor < len(new) and new[cursor].plain else _first(new)), top
