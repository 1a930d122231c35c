"""What the table of services looks like, line by line, without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from . import glyphs, rows
from .pieces import Piece, fit

if TYPE_CHECKING:
    from ..model.view import ServiceStatus
    from .board import Board
    from .colours import Colours

HEAD = 1
"""Lines above the rows, which do not scroll."""


class Picture:
    """The board as it was when `take` was last called; lines count from the first row's heading,
    as if nothing were scrolled.
    """

    def __init__(self, board: Board) -> None:
        self.columns: tuple[rows.Column, ...] = ()
        self._board = board
        self._shown: list[ServiceStatus] = []

    @property
    def height(self) -> int:
        """Lines of the heading and every row."""
        return HEAD + len(self._shown)

    def take(self, width: int) -> None:
        """Take over the rows of the board, in columns for so many cells."""
        self._shown = self._board.rows()
        snapshot = self._board.snapshot
        names = [status.id for status in snapshot.services] if snapshot else []
        self.columns = rows.plan(width, names)

    def at(self, line: int) -> ServiceStatus | None:
        """The service of a line."""
        index = line - HEAD
        return self._shown[index] if 0 <= index < len(self._shown) else None

    def line_of(self, service: str | None) -> int | None:
        """The line of a service; None where it is not shown."""
        ids = (status.id for status in self._shown)
        return next((HEAD + index for index, shown in enumerate(ids) if shown == service), None)

    def pieces(self, line: int) -> tuple[Piece, ...]:
        """The heading, a row, or what to do where there is none."""
        if line < HEAD:
            return self._heading()
        status = self.at(line)
        if status is None:
            return () if self._shown or line > HEAD else self._empty()
        board, service = self._board, status.id
        look = rows.Look(
            selected=service == board.selected,
            marked=service in board.marked,
            moved=board.moved.get(service, (0, 0.0))[0],
            errors=board.unseen(service),
        )
        return rows.row(status, self.columns, look)

    def strip(self, line: int, look: Colours) -> Strip:
        """The same in colour."""
        status = self.at(line)
        name = Style()
        if status is not None:
            name = look.names[self._board.palette.index(status.id)]
            if glyphs.state_word(status) == "broken":
                name += Style(bold=True)
        return Strip(
            [
                Segment(piece.text, name if piece.ink == "name" else getattr(look, piece.ink))
                for piece in self.pieces(line)
            ]
        )

    def ground(self, line: int, look: Colours) -> Style:
        """What lies below a line."""
        status = self.at(line)
        selected = status is not None and status.id == self._board.selected
        return look.base + look.cursor if selected else look.base

    def _heading(self) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        for column in self.columns:
            chosen = column.sort == self._board.sort and self._board.sort != "state"
            head = fit(column.head, column.width, right=column.right)
            pieces += [Piece(" " * column.gap), Piece(head, "text" if chosen else "dim")]
        return tuple(pieces)

    def _empty(self) -> tuple[Piece, ...]:
        board = self._board
        if board.snapshot is None:
            return ()
        if len(board):
            text = f"no service has {board.filter!r} in its name, state or port; Esc shows all"
        else:
            text = "services.toml names no service yet: e opens it, `dynaport init` writes one"
        return (Piece(" " * rows.LEAD), Piece(text, "dim"))
