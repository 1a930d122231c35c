"""The table of services: only what differs from the last picture is drawn again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView

from .colours import colours
from .messages import ServiceOpened, ServiceSelected
from .picture import HEAD, Picture
from .rows import column_at

if TYPE_CHECKING:
    from textual import events
    from textual.strip import Strip
    from textual.timer import Timer

    from .board import Board, Sort
    from .pieces import Piece


class ServiceTable(ScrollView, can_focus=True):
    """Shows a Board, moves its selection, and says when that or the order changes."""

    class SortChosen(Message):
        """A heading was clicked."""

        def __init__(self, sort: Sort) -> None:
            super().__init__()
            self.sort = sort

    DEFAULT_CSS = """
    ServiceTable { overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", show=False),
        Binding("down,j", "step(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("ctrl+u", "page(-0.5)", show=False),
        Binding("ctrl+d", "page(0.5)", show=False),
        Binding("home", "step(-1000000)", show=False),
        Binding("end,G", "step(1000000)", show=False),
        Binding("enter", "open", show=False),
    ]

    def __init__(self, board: Board) -> None:
        super().__init__(id="table")
        self._board = board
        self._picture = Picture(board)
        self._drawn: dict[int, tuple[Piece, ...]] = {}
        """What was last given to the screen, by line of the widget."""
        self._settling: Timer | None = None

    @property
    def wanted_height(self) -> int:
        """Lines for the heading and every row."""
        return HEAD + max(len(self._board.rows()), 1)

    # ---- drawing

    def renew(self) -> None:
        """Take over what the board says now, and draw the lines that differ."""
        self._settle()
        seen, columns = self._in_sight(), self._picture.columns
        self._picture.take(self.scrollable_content_region.width)
        height = self._picture.height
        if self.virtual_size.height != height or columns != self._picture.columns:
            self.virtual_size = Size(self.size.width, height)
            self.refresh()
        else:
            self._draw_what_differs()
        if seen:
            self.reveal()

    def reveal(self) -> None:
        """Scroll so that the selected row is seen."""
        line, height = self._board.index(), self.size.height - HEAD
        top = self.scroll_offset.y
        if height > 0 and not top <= line < top + height:
            self.scroll_to(y=line if line < top else line - height + 1, animate=False)

    def _in_sight(self) -> bool:
        """Whether the selected row is seen as the rows were last drawn."""
        line = self._picture.line_of(self._board.selected)
        return line is not None and HEAD <= line - self.scroll_offset.y < self.size.height

    def _line(self, y: int) -> int:
        return y if y < HEAD else y + self.scroll_offset.y

    def _draw_what_differs(self) -> None:
        width = self.size.width
        for y, before in list(self._drawn.items()):
            if self._picture.pieces(self._line(y)) != before:
                self.refresh(Region(0, y, width, 1))

    def _settle(self) -> None:
        """Come back when the mark of a moved row is over; a timer only while one is."""
        left = self._board.settle(time.monotonic())
        if left is not None and self._settling is None:
            self._settling = self.set_timer(left + 0.01, self._settled)

    def _settled(self) -> None:
        self._settling = None
        self.renew()

    def render_line(self, y: int) -> Strip:
        """A line of the picture, over the whole width."""
        if not self._picture.columns:
            self._picture.take(self.scrollable_content_region.width)
        look, line = colours(self.app), self._line(y)
        self._drawn[y] = self._picture.pieces(line)
        ground = self._picture.ground(line, look)
        strip = self._picture.strip(line, look).adjust_cell_length(self.size.width, ground)
        return strip.apply_style(ground)

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self.refresh()

    def on_resize(self) -> None:
        """Other columns."""
        self._drawn = {y: pieces for y, pieces in self._drawn.items() if y < self.size.height}
        self.renew()
        self.reveal()

    # ---- keys and mouse

    def _moved_to(self, before: str | None) -> None:
        self._draw_what_differs()
        self.reveal()
        service = self._board.selected
        if service is not None and service != before:
            self.post_message(ServiceSelected(service))

    def action_step(self, step: int) -> None:
        """Select another row."""
        before = self._board.selected
        self._board.move(step)
        self._moved_to(before)

    def action_page(self, pages: float) -> None:
        """Select the row so many screens further."""
        self.action_step(int(pages * max(self.size.height - HEAD, 1)))

    def action_open(self) -> None:
        """Ask for the log of the selected service."""
        if self._board.selected is not None:
            self.post_message(ServiceOpened(self._board.selected))

    def on_click(self, event: events.Click) -> None:
        if event.y < HEAD:
            column = column_at(self._picture.columns, event.x)
            if column is not None and column.sort is not None:
                self.post_message(self.SortChosen(column.sort))
            return
        status = self._picture.at(self._line(event.y))
        if status is None:
            return
        before = self._board.selected
        self._board.select(status.id)
        self._moved_to(before)
        if event.chain == 2:
            self.action_open()
