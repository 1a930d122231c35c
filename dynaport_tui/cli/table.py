"""Rows for people: aligned, and never wider than the terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ..model.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = "  "


def terminal_width() -> int | None:
    """Columns of the terminal on standard output; None when it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return None


def table(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """The rows as lines; the last column is cut where the line would be wider than `width`.

    A cell may carry colours, except in the last column.
    """
    count = max((len(row) for row in rows), default=0)
    widths = [max(len(plain(row[i])) for row in rows) for i in range(count - 1)]
    return [_line(row, widths, width) for row in rows]


def _line(row: Sequence[str], widths: Sequence[int], width: int | None) -> str:
    start = "".join(
        cell + " " * (size - len(plain(cell))) + _GAP
        for cell, size in zip(row, widths, strict=False)
    )
    room = None if width is None else max(width - len(plain(start)), 1)
    return (start + shortened(row[-1], room)).rstrip()


def shortened(text: str, room: int | None) -> str:
    """At most `room` characters on one line, the end replaced by an ellipsis."""
    text = " ".join(plain(text).split())
    return text if room is None or len(text) <= room else text[: room - 1] + "…"
