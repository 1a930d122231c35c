"""What of the log is taken along: text as it was printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.text import plain
from ..glyphs import counted
from .rows import Folded, Head, Single

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...model.view import Place
    from .entry import Entry
    from .folding import Fold
    from .rows import Row


def chosen(rows: Sequence[Row]) -> tuple[str, str]:
    """The lines behind some rows, each once and whole, without colours, and how many they are.

    Empty where no row stands for a line.
    """
    lines = list(said(rows))
    return "\n".join(plain(entry.line.text) for entry in lines), counted(len(lines), "line")


def said(rows: Sequence[Row]) -> Iterator[Entry]:
    """The lines behind some rows, each once."""
    seen: set[Place] = set()
    for row in rows:
        for entry in row.said:
            if entry.place not in seen:
                seen.add(entry.place)
                yield entry


def end_of(rows: Sequence[Row], index: int, place: Place) -> Place:
    """Where the lines end that belong together with the one at `place`, which the row holds."""
    fold = _fold(rows, rows[index])
    for member in fold.members if fold is not None else ():
        if any(entry.place == place for entry in member):
            return member[-1].place
    return place


def _fold(rows: Sequence[Row], row: Row) -> Fold | None:
    if isinstance(row, Single) and row.parent is not None:
        heads = (other for other in rows if isinstance(other, Head) and other.key == row.parent)
        head = next(heads, None)
        return None if head is None else head.fold
    return row.fold if isinstance(row, Folded | Head) else None
