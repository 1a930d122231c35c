"""What of the log is taken along: text as it was printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.text import plain
from ..glyphs import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...model.view import Place
    from .entry import Entry
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
