"""In which column and row each service of a graph stands, so that few edges cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import accumulate, pairwise
from math import floor
from typing import TYPE_CHECKING, NamedTuple

from ..model.graph import cycles

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_SWEEPS = 8
"""Times that all layers are ordered by their neighbours; more change hardly anything."""
_STIFF = 4.0
"""How much more a passing line wishes to be straight than a service to stand at its centre."""


class Vertex(NamedTuple):
    """A service, or a place where its edges pass through a layer."""

    service: str
    layer: int
    real: bool


class Chart:
    """Services in layers, every edge cut into steps from one layer to the next.

    Edges from one service share the places where they pass: `after[v]` are the vertices to which
    the steps from `v` lead, and `before[v]` those from which they come.
    """

    def __init__(self, depends: Mapping[str, Collection[str]]) -> None:
        self.depth = depths(depends)
        self.vertices: list[Vertex] = []
        self.after: list[list[int]] = []
        self.before: list[list[int]] = []
        self.layers: list[list[int]] = []
        self.edges: list[tuple[str, str]] = []
        self.index: dict[tuple[str, int], int] = {}
        for service in depends:
            self._vertex(service, self.depth[service], real=True)
        for service, needs in depends.items():
            for needed in sorted(set(needs), key=lambda name: self.index[name, self.depth[name]]):
                if self.depth[needed] < self.depth[service]:
                    self._edge(needed, service)
        self._order()

    def path(self, edge: tuple[str, str]) -> list[int]:
        """The vertices of an edge from the service that is needed to the one that needs it."""
        source, target = edge
        layers = range(self.depth[source], self.depth[target])
        return [self.index[source, n] for n in layers] + [self.index[target, self.depth[target]]]

    def _vertex(self, service: str, layer: int, *, real: bool = False) -> int:
        if (service, layer) not in self.index:
            self.index[service, layer] = len(self.vertices)
            self.vertices.append(Vertex(service, layer, real))
            self.after.append([])
            self.before.append([])
            while len(self.layers) <= layer:
                self.layers.append([])
            self.layers[layer].append(self.index[service, layer])
        return self.index[service, layer]

    def _edge(self, source: str, target: str) -> None:
        for layer in range(self.depth[source], self.depth[target]):
            self._vertex(source, layer)
        self.edges.append((source, target))
        path = self.path((source, target))
        for here, there in pairwise(path):
            if there not in self.after[here]:
                self.after[here].append(there)
                self.before[there].append(here)

    def _order(self) -> None:
        """Sort each layer by where its neighbours stand, to and fro, and keep the best."""
        best, fewest = [list(layer) for layer in self.layers], self._crossings()
        for sweep in range(_SWEEPS):
            forth = sweep % 2 == 0
            rest = self.layers[1:] if forth else self.layers[-2::-1]
            near = self.before if forth else self.after
            for layer in rest:
                self._sort(layer, near)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _sort(self, layer: list[int], near: Sequence[Sequence[int]]) -> None:
        place = {v: i for each in self.layers for i, v in enumerate(each)}

        def centre(vertex: int) -> float:
            found = [place[other] for other in near[vertex]]
            return sum(found) / len(found) if found else place[vertex]

        layer.sort(key=centre)

    def _crossings(self) -> int:
        total = 0
        for layer, following in pairwise(self.layers):
            place = {vertex: i for i, vertex in enumerate(following)}
            seen: list[int] = []
            for vertex in layer:
                ends = sorted(place[other] for other in self.after[vertex])
                total += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return total


def depths(depends: Mapping[str, Collection[str]]) -> dict[str, int]:
    """The length of the longest chain before each service; a cycle is cut at its last step."""
    cut = {(cycle[-2], cycle[-1]) for cycle in cycles(depends)}
    needs = {
        service: [n for n in needed if n in depends and n != service and (service, n) not in cut]
        for service, needed in depends.items()
    }
    found = dict.fromkeys(depends, 0)
    for _ in depends:
        before = dict(found)
        for service, needed in needs.items():
            found[service] = max((found[n] + 1 for n in needed), default=0)
        if found == before:
            break
    return found


def rows(chart: Chart, apart: int) -> list[int]:
    """The row of each vertex: near its neighbours, services of a layer at least `apart`."""
    found = [0] * len(chart.vertices)
    offsets = [_offsets(chart, layer, apart) for layer in chart.layers]
    for layer, offset in zip(chart.layers, offsets, strict=True):
        for vertex, down in zip(layer, offset, strict=True):
            found[vertex] = down
    layers = list(zip(chart.layers, offsets, strict=True))
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        near = chart.before if forth else chart.after
        for layer, offset in layers if forth else reversed(layers):
            _settle(chart, layer, offset, near, found)
    _close_up(chart, found, apart)
    return found


def _offsets(chart: Chart, layer: Sequence[int], apart: int) -> list[int]:
    """The rows of a layer that is as dense as it may be; a passing line needs no distance."""
    steps = (
        apart if chart.vertices[above].real and chart.vertices[below].real else 1
        for above, below in pairwise(layer)
    )
    return list(accumulate(steps, initial=0))


def _settle(
    chart: Chart,
    layer: Sequence[int],
    offset: Sequence[int],
    near: Sequence[Sequence[int]],
    found: list[int],
) -> None:
    """Move the vertices of a layer as near to their neighbours as their order allows.

    What would overlap becomes a block that moves as one to the mean of its members' wishes.
    """
    blocks: list[tuple[float, float, int]] = []
    for vertex, down in zip(layer, offset, strict=True):
        others = [found[other] for other in near[vertex]] or [found[vertex]]
        weight = 1.0 if chart.vertices[vertex].real else _STIFF
        wish, members = sum(others) / len(others) - down, 1
        while blocks and blocks[-1][0] >= wish:
            above, heavy, more = blocks.pop()
            wish = (above * heavy + wish * weight) / (heavy + weight)
            weight, members = weight + heavy, members + more
        blocks.append((wish, weight, members))
    tops = (floor(wish + 0.5) for wish, _, members in blocks for _ in range(members))
    for vertex, down, top in zip(layer, offset, tops, strict=True):
        found[vertex] = top + down


def _close_up(chart: Chart, found: list[int], apart: int) -> None:
    """Begin at row 0 and take out every row that nothing needs."""
    first = min(found, default=0)
    for vertex, row in enumerate(found):
        found[vertex] = row - first
    empty = set(range(max(found, default=-1) + 1)) - set(found)
    for row in sorted(empty, reverse=True):
        if _may_close(chart, found, row, apart):
            for vertex, old in enumerate(found):
                found[vertex] = old - (old > row)


def _may_close(chart: Chart, found: Sequence[int], row: int, apart: int) -> bool:
    """Whether every layer keeps its distances without this row, which is empty."""
    for layer in chart.layers:
        for above, below in pairwise(layer):
            if found[above] < row < found[below]:
                both = chart.vertices[above].real and chart.vertices[below].real
                if found[below] - found[above] <= (apart if both else 1):
                    return False
    return True
