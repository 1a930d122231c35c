"""Where the services of a graph and the lines between them are drawn, in cells."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from .graph_order import Chart, rows
from .graph_routes import Canvas, Cell, Place, nets, tangled, tracks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_MARGIN = 2
"""Cells of a line between a column and the first vertical line, and behind the last."""
_PITCH = 2
"""Cells from one vertical line to the next."""
_APART = 2
"""Cells between the columns of services that have no edges."""


class Spot(NamedTuple):
    """Where a service is written."""

    x: int
    y: int
    width: int
    layer: int
    """What it waits for stands in lower ones; -1 where it has no edges."""


class Layout(NamedTuple):
    """A drawing without its colours."""

    spots: dict[str, Spot]
    edges: tuple[tuple[str, str], ...]
    """From what is needed to what needs it; cells name them by their index."""
    cells: dict[Place, Cell]
    width: int
    height: int
    alone: int | None
    """The row above the services without edges, where there are others."""


class Plan:
    """Order and ways of a graph, for drawings of any size; the costly part, made once."""

    def __init__(self, depends: Mapping[str, Collection[str]]) -> None:
        needs = {s: {n for n in named if n in depends and n != s} for s, named in depends.items()}
        joined = {s for s, needed in needs.items() if needed}.union(*needs.values())
        self.depends = depends
        self.order = list(depends)
        self.chart = Chart({s: needs[s] for s in depends if s in joined})
        self.loose = [service for service in depends if service not in joined]
        self._ways: dict[int, Ways] = {}

    def ways(self, apart: int) -> Ways:
        """With services of a column at least `apart` rows from each other, which is 1 or more."""
        if apart not in self._ways:
            chart, at = self.chart, rows(self.chart, apart)
            layers = range(len(chart.layers))
            for layer in layers:
                while (row := tangled(nets(chart, at, layer))) is not None:
                    _make_room(chart, at, layer + 1, row)
            lines = [tracks(nets(chart, at, layer)) for layer in layers]
            self._ways[apart] = Ways(at, lines)
        return self._ways[apart]


class Ways(NamedTuple):
    """What does not depend on how wide the services are."""

    at: list[int]
    """The row of each vertex."""
    lines: list[dict[int, int]]
    """For each layer, the vertical line behind it that a vertex uses, from 0."""


def lay_out(
    plan: Plan, widths: Mapping[str, int], *, apart: int, width: int, lines: bool = True
) -> Layout:
    """Left to right by what starts first; without `cells` where `lines` are not wanted.

    `widths` are cells of a service's text, and `width` is how far those without edges may spread.
    """
    chart, ways = plan.chart, plan.ways(apart)
    columns, ends = _columns(chart, widths, ways.lines)
    cells = _cells(chart, ways, widths, columns, ends) if lines else {}
    layers = chart.depth
    spots = {
        s: Spot(columns[layers[s]], ways.at[chart.index[s, layers[s]]], widths[s], layers[s])
        for s in plan.order
        if s in layers
    }
    height = max(ways.at, default=-1) + 1
    drawn = Layout(spots, tuple(chart.edges), cells, max(ends, default=0), height, None)
    return _with_loose(drawn, {service: widths[service] for service in plan.loose}, width)


def _make_room(chart: Chart, at: list[int], layer: int, row: int) -> None:
    """A new row below `row`, for what stands on it in that layer."""
    for vertex, old in enumerate(at):
        at[vertex] = old + (old > row or (old == row and chart.vertices[vertex].layer == layer))


def _columns(
    chart: Chart, widths: Mapping[str, int], lines: Sequence[Mapping[int, int]]
) -> tuple[list[int], list[int]]:
    """Where each layer begins and ends."""
    starts, ends, x = [], [], 0
    for layer, used in zip(chart.layers, lines, strict=True):
        real = [chart.vertices[v].service for v in layer if chart.vertices[v].real]
        starts.append(x)
        ends.append(x + max(widths[service] for service in real))
        x = ends[-1] + 2 * _MARGIN + 1 + _PITCH * max(used.values(), default=0)
    return starts, ends


def _cells(
    chart: Chart,
    ways: Ways,
    widths: Mapping[str, int],
    columns: Sequence[int],
    ends: Sequence[int],
) -> dict[Place, Cell]:
    canvas, (at, lines) = Canvas(), ways
    for vertex, by_next in _passing(chart).items():
        service, layer, real = chart.vertices[vertex]
        row, passing = at[vertex], set().union(*by_next.values())
        start = columns[layer] + (widths[service] if real else 0)
        if vertex not in lines[layer]:
            canvas.across(vertex, passing, row, range(start, columns[layer + 1]))
            continue
        track = ends[layer] + _MARGIN + _PITCH * lines[layer][vertex]
        canvas.across(vertex, passing, row, range(start, track))
        canvas.down(vertex, {at[v]: edges for v, edges in by_next.items()}, track, row)
        for following, edges in by_next.items():
            canvas.across(vertex, edges, at[following], range(track + 1, columns[layer + 1]))
    return canvas.cells()


def _passing(chart: Chart) -> dict[int, dict[int, set[int]]]:
    """Vertex -> next vertex -> the edges that go this way."""
    found: dict[int, dict[int, set[int]]] = {}
    for number, edge in enumerate(chart.edges):
        path = chart.path(edge)
        for here, there in pairwise(path):
            found.setdefault(here, {}).setdefault(there, set()).add(number)
    return found


def _with_loose(drawn: Layout, loose: Mapping[str, int], width: int) -> Layout:
    """The services without edges in rows below the others."""
    if not loose:
        return drawn
    alone = drawn.height + 1 if drawn.height else None
    top = 0 if alone is None else alone + 1
    wide = max(loose.values()) + _APART
    across = max(1, (max(width, drawn.width) + _APART) // wide)
    spots = {
        service: Spot(place % across * wide, top + place // across, cells, -1)
        for place, (service, cells) in enumerate(loose.items())
    }
    right = max(spot.x + spot.width for spot in spots.values())
    below = max(spot.y for spot in spots.values()) + 1
    return drawn._replace(
        spots={**drawn.spots, **spots}, width=max(drawn.width, right), height=below, alone=alone
    )


def lowered(layout: Layout, by: int) -> Layout:
    """The same, some rows further down."""
    return layout._replace(
        spots={s: spot._replace(y=spot.y + by) for s, spot in layout.spots.items()},
        cells={(x, y + by): cell for (x, y), cell in layout.cells.items()},
        height=layout.height + by,
        alone=None if layout.alone is None else layout.alone + by,
    )
