"""The way of the edges of a graph between its columns, in steps of one cell."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .graph_order import Chart

NORTH, EAST, SOUTH, WEST = 1, 2, 4, 8

Place = tuple[int, int]
"""Column and row."""


class Net(NamedTuple):
    """All steps from one vertex to the next layer: they share one vertical line."""

    vertex: int
    row: int
    ends: tuple[int, ...]
    """Rows, sorted."""

    @property
    def straight(self) -> bool:
        """Whether it needs no vertical line."""
        return self.ends == (self.row,)

    @property
    def reach(self) -> tuple[int, int]:
        """The first and the last row of its vertical line."""
        return min(self.row, *self.ends), max(self.row, *self.ends)


def nets(chart: Chart, rows: Sequence[int], layer: int) -> list[Net]:
    """What goes from this layer to the next, from top to bottom."""
    return [
        Net(vertex, rows[vertex], tuple(sorted(rows[other] for other in chart.after[vertex])))
        for vertex in chart.layers[layer]
        if chart.after[vertex]
    ]


def tangled(channel: Sequence[Net]) -> int | None:
    """A row on which no order of the vertical lines keeps two nets apart, if there is one."""
    try:
        TopologicalSorter(_musts(channel)).prepare()
    except CycleError as error:
        row: int = error.args[1][0]
        return row
    return None


def tracks(channel: Sequence[Net]) -> dict[int, int]:
    """The vertical line of each net by its vertex, from 0 at the left; nothing may be tangled."""
    bent = {net.row: net for net in channel if not net.straight}
    order = _ordered(bent, _musts(channel))
    found: dict[int, int] = {}
    for place, net in enumerate(order):
        left = [found[other.vertex] for other in order[:place] if _meet(other, net)]
        found[net.vertex] = max(left, default=-1) + 1
    return found


def _musts(channel: Sequence[Net]) -> dict[int, set[int]]:
    """Row of a net -> rows of those whose vertical line must be left of its own.

    On a row where one net leaves and others arrive, the one that leaves must turn off first.
    """
    bent = [net for net in channel if not net.straight]
    return {net.row: {o.row for o in bent if _turns_before(o, net)} for net in bent}


def _turns_before(first: Net, second: Net) -> bool:
    """Whether `first` leaves on a row where only `second` arrives."""
    return first is not second and first.row in second.ends and first.row not in first.ends


def _meet(one: Net, other: Net) -> bool:
    (top, bottom), (first, last) = one.reach, other.reach
    return top <= last and first <= bottom


def _ordered(bent: Mapping[int, Net], must: Mapping[int, set[int]]) -> list[Net]:
    """From left to right: one after the other that crosses the rest least."""
    left, order = dict(bent), list[Net]()
    while left:
        free = [row for row in left if not must[row] & left.keys()]
        best = min(free, key=lambda row: (_cost(left[row], left.values()), row))
        order.append(left.pop(best))
    return order


def _cost(net: Net, others: Iterable[Net]) -> int:
    """How many more crossings there are with `net` at the left of the others than at the right."""
    return sum(_crossings(net, o) - _crossings(o, net) for o in others if o is not net)


def _crossings(left: Net, right: Net) -> int:
    (top, bottom), (first, last) = left.reach, right.reach
    shared = right.row in left.ends and right.row in right.ends
    return (
        (top <= right.row <= bottom)
        + sum(first <= end <= last for end in left.ends if end not in right.ends)
        + 2 * shared
    )


# ---- cells


class Cell(NamedTuple):
    """What is drawn at one place."""

    arms: int
    """The sides to which lines go: NORTH, EAST, SOUTH, WEST added up."""
    edges: frozenset[int]
    """Whose lines these are."""
    under: frozenset[int] = frozenset()
    """Those that pass below from side to side."""


class Canvas:
    """Lines of several nets; two that cross are not joined."""

    def __init__(self) -> None:
        self._drawn: dict[Place, dict[int, tuple[int, set[int]]]] = {}

    def across(self, net: int, edges: Iterable[int], row: int, columns: range) -> None:
        """A line from side to side."""
        for column in columns:
            self._add(net, edges, (column, row), EAST | WEST)

    def down(self, net: int, edges: Mapping[int, Iterable[int]], column: int, row: int) -> None:
        """A vertical line from where the net comes in on `row` to its ends: row -> edges."""
        for end, passing in edges.items():
            step = 1 if end > row else -1
            ahead, back = (SOUTH, NORTH) if step > 0 else (NORTH, SOUTH)
            self._add(net, passing, (column, row), WEST | (EAST if end == row else ahead))
            for between in range(row + step, end, step) if end != row else ():
                self._add(net, passing, (column, between), NORTH | SOUTH)
            if end != row:
                self._add(net, passing, (column, end), back | EAST)

    def cells(self) -> dict[Place, Cell]:
        """All that was drawn."""
        return {place: _cell(list(lines.values())) for place, lines in self._drawn.items()}

    def _add(self, net: int, edges: Iterable[int], place: Place, arms: int) -> None:
        lines = self._drawn.setdefault(place, {})
        old, whose = lines.get(net, (0, set()))
        lines[net] = old | arms, whose | set(edges)


def _cell(lines: Sequence[tuple[int, set[int]]]) -> Cell:
    across = [whose for arms, whose in lines if arms == EAST | WEST]
    down = [whose for arms, whose in lines if arms == NORTH | SOUTH]
    if across and down and len(across) + len(down) == len(lines):
        return Cell(NORTH | SOUTH, frozenset().union(*down), frozenset().union(*across))
    joined = 0
    for arms, _ in lines:
        joined |= arms
    return Cell(joined, frozenset().union(*(whose for _, whose in lines)))
