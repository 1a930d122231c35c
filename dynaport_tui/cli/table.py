"""Rows for people: aligned, and never wider than the terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ..model.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = "  "

_LAST = 8
"""Characters that the last column keeps before others are cut."""

_KEPT = 24
"""Characters that the others keep: the URL of a service is whole."""


def terminal_width() -> int | None:
    """Columns of the terminal on standard output; None when it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return None


def table(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """The rows as lines; where they would be wider than `width`, cells are cut.

    First those of the last column, down to a few characters, then those of very wide ones. A cell
    may carry colours, except in the last column; one that does is never cut.
    """
    count = max((len(row) for row in rows), default=0)
    widths = [max(len(plain(row[i])) for row in rows) for i in range(count - 1)]
    if width is not None:
        _narrow(widths, width - count * len(_GAP) - _LAST)
    return [_line(row, widths, width) for row in rows]


def _narrow(widths: list[int], room: int) -> None:
    while widths and sum(widths) > room and max(widths) > _KEPT:
        widths[widths.index(max(widths))] -= 1


def _line(row: Sequence[str], widths: Sequence[int], width: int | None) -> str:
    start = "".join(
        _cell(cell, size) + _GAP for cell, size in zip(row[: len(widths)], widths, strict=False)
    )
    room = None if width is None else max(width - len(plain(start)), 1)
    return (start + shortened(row[-1], room)).rstrip()


def _cell(cell: str, size: int) -> str:
    length = len(plain(cell))
    if length > size and cell == plain(cell):
        return shortened(cell, size).ljust(size)
    return cell + " " * (size - length)


def shortened(text: str, room: int | None) -> str:
    """At most `room` characters on one line, the end replaced by an ellipsis."""
    text = " ".join(plain(text).split())
    return text if room is None or len(text) <= room else text[: room - 1] + "…"
