"""The table of services: only what differs from the last picture is drawn again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from . import glyphs, rows
from .colours import Colours, colours

if TYPE_CHECKING:
    from textual import events
    from textual.timer import Timer

    from ..model.view import ServiceStatus
    from .board import Board, Sort

HEAD = 1
"""Lines above the rows, which do not scroll."""


class ServiceTable(ScrollView, can_focus=True):
    """Shows a Board, moves its selection, and says when that or the order changes."""

    class Selected(Message):
        """Another service is selected."""

        def __init__(self, service: str) -> None:
            super().__init__()
            self.service = service

    class Opened(Message):
        """The log of a service is wanted."""

        def __init__(self, service: str) -> None:
            super().__init__()
            self.service = service

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
        self._columns: tuple[rows.Column, ...] = ()
        self._shown: list[ServiceStatus] = []
        self._drawn: dict[int, tuple[rows.Piece, ...]] = {}
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
        seen = self._in_sight()
        self._shown = self._board.rows()
        columns = self._plan()
        height = HEAD + len(self._shown)
        if self.virtual_size.height != height or columns != self._columns:
            self._columns = columns
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
        top, end = self.scroll_offset.y, self.scroll_offset.y + self.size.height - HEAD
        return any(status.id == self._board.selected for status in self._shown[top:end])

    def _plan(self) -> tuple[rows.Column, ...]:
        width = self.scrollable_content_region.width
        snapshot = self._board.snapshot
        return rows.plan(width, [status.id for status in snapshot.services] if snapshot else [])

    def _draw_what_differs(self) -> None:
        width = self.size.width
        for y, before in list(self._drawn.items()):
            if self._pieces(y) != before:
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
        """The heading, a row, or what to do where there is none."""
        look = colours(self.app)
        if not self._columns:
            self._columns = self._plan()
            self._shown = self._board.rows()
        pieces = self._drawn[y] = self._pieces(y)
        strip = Strip(list(self._segments(y, pieces, look)))
        style = look.base + look.cursor if self._selected(y) else look.base
        return strip.adjust_cell_length(self.size.width, style).apply_style(style)

    def _pieces(self, y: int) -> tuple[rows.Piece, ...]:
        if y < HEAD:
            return self._heading()
        status = self._at(y)
        if status is None:
            return self._empty(y)
        board, service = self._board, status.id
        look = rows.Look(
            selected=service == board.selected,
            marked=service in board.marked,
            moved=board.moved.get(service, (0, 0.0))[0],
            errors=board.unseen(service),
        )
        return rows.row(status, self._columns, look)

    def _heading(self) -> tuple[rows.Piece, ...]:
        pieces = []
        for column in self._columns:
            chosen = column.sort == self._board.sort and self._board.sort != "state"
            head = rows.fit(column.head, column.width, right=column.right)
            pieces += [rows.Piece(" " * column.gap), rows.Piece(head, "text" if chosen else "dim")]
        return tuple(pieces)

    def _empty(self, y: int) -> tuple[rows.Piece, ...]:
        if self._shown or y > HEAD:
            return ()
        board = self._board
        if board.snapshot is None:
            return ()
        if len(board):
            text = (
                f"no service has {board.filter!r} in its name, state, port or cause; Esc shows all"
            )
        else:
            text = "services.toml names no service yet: e opens it, `dynaport init` writes one"
        return (rows.Piece(" " * rows.LEAD), rows.Piece(text, "dim"))

    def _segments(self, y: int, pieces: tuple[rows.Piece, ...], look: Colours) -> list[Segment]:
        status = self._at(y)
        name = Style()
        if status is not None:
            name = look.names[self._board.palette.index(status.id)]
            if glyphs.state_mark(status).word == "broken":
                name += Style(bold=True)
        return [
            Segment(piece.text, name if piece.ink == "name" else getattr(look, piece.ink))
            for piece in pieces
        ]

    def _at(self, y: int) -> ServiceStatus | None:
        index = y - HEAD + self.scroll_offset.y
        return self._shown[index] if y >= HEAD and index < len(self._shown) else None

    def _selected(self, y: int) -> bool:
        status = self._at(y)
        return status is not None and status.id == self._board.selected

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self.refresh()

    def on_resize(self) -> None:
        self._columns = ()
        self._drawn.clear()
        self.renew()
        self.reveal()

    # ---- keys and mouse

    def _moved_to(self, before: str | None) -> None:
        self._draw_what_differs()
        self.reveal()
        service = self._board.selected
        if service is not None and service != before:
            self.post_message(self.Selected(service))

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
            self.post_message(self.Opened(self._board.selected))

    def on_click(self, event: events.Click) -> None:
        if event.y < HEAD:
            column = rows.column_at(self._columns, event.x)
            if column is not None and column.sort is not None:
                self.post_message(self.SortChosen(column.sort))
            return
        status = self._at(event.y)
        if status is None:
            return
        before = self._board.selected
        self._board.select(status.id)
        self._moved_to(before)
        if event.chain == 2:
            self.action_open()
