"""Text in pieces of one ink each, made to fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from .glyphs import ELLIPSIS

if TYPE_CHECKING:
    from collections.abc import Sequence


class Piece(NamedTuple):
    """Text and how it is inked: a field of `Colours`, or `name`."""

    text: str
    ink: str = "text"


def united(text: str, between: str) -> list[Piece]:
    """A figure and its unit, which is dim."""
    number, _, unit = text.rpartition(between)
    return [Piece(number), Piece(between + unit, "dim")]


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly so many cells: padded, or cut with an ellipsis."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, max(width - 1, 0)) + ELLIPSIS if width else ""
    blank = " " * (width - length)
    return blank + text if right else text + blank


def cut(pieces: Sequence[Piece], width: int) -> list[Piece]:
    """Exactly so many cells of a line: padded, or cut with an ellipsis."""
    found: list[Piece] = []
    left = width
    for piece in pieces:
        length = cell_len(piece.text)
        if length > left:
            return [*found, Piece(fit(piece.text, left), piece.ink)]
        found.append(piece)
        left -= length
    return [*found, Piece(" " * left)] if left else found


def length(pieces: Sequence[Piece]) -> int:
    """Cells."""
    return sum(cell_len(piece.text) for piece in pieces)
