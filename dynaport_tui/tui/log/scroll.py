"""Where the screen stands among rows of different heights: only those near it are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Top(NamedTuple):
    """The row at the upper edge, and how many of its lines are above it."""

    row: int
    line: int = 0


class Rows(NamedTuple):
    """How many rows there are and how high each one is, at least 1."""

    length: int
    height: Callable[[int], int]


def bottom(rows: Rows, screen: int) -> Top:
    """Where the last line is the last on the screen."""
    row, left = rows.length, screen
    while row > 0 and left > 0:
        row -= 1
        left -= rows.height(row)
    return Top(row, max(-left, 0))


def moved(rows: Rows, top: Top, by: int, screen: int) -> Top:
    """`by` lines further down, or up where it is negative, as far as there are any."""
    if by < 0:
        return _up(rows, top, -by)
    row, line = top
    line += by
    while row < rows.length and line >= (height := rows.height(row)):
        line -= height
        row += 1
    return clamped(rows, Top(row, line), screen)


def _up(rows: Rows, top: Top, by: int) -> Top:
    row, line = top.row, top.line - by
    while line < 0 and row > 0:
        row -= 1
        line += rows.height(row)
    return Top(row, max(line, 0))


def clamped(rows: Rows, top: Top, screen: int) -> Top:
    """The same, or as low as the last line allows."""
    if top.row >= rows.length:
        return bottom(rows, screen)
    below, row = rows.height(top.row) - top.line, top.row
    if below <= 0:
        top = Top(top.row, max(rows.height(top.row) - 1, 0))
    while below < screen and row + 1 < rows.length:
        row += 1
        below += rows.height(row)
    return top if below >= screen else min(top, bottom(rows, screen))


def shown(rows: Rows, top: Top, screen: int) -> list[tuple[int, int]]:
    """Row and line of every line of the screen; fewer where there are no more."""
    found: list[tuple[int, int]] = []
    row, line = top
    while row < rows.length and len(found) < screen:
        height = rows.height(row)
        found += [(row, n) for n in range(line, height)]
        row, line = row + 1, 0
    return found[:screen]


def revealed(rows: Rows, top: Top, row: int, screen: int, *, middle: bool = False) -> Top:
    """Moved as little as shows all of `row`, or with it in the `middle` when it was not seen."""
    seen = shown(rows, top, screen)
    height = min(rows.height(row), screen)
    if sum(1 for index, _ in seen if index == row) >= height:
        return top
    if middle and not any(index == row for index, _ in seen):
        return clamped(rows, _up(rows, Top(row), min(screen // 3, screen - height)), screen)
    if (row, 0) < top or row == top.row:
        return Top(row)
    return clamped(rows, _up(rows, Top(row), screen - height), screen)
