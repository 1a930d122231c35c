"""One picture of the dependencies: where everything is, and row by row how it looks."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment

from .graph_layout import Layout, Plan, lay_out, lowered
from .graph_paint import Brush, Detail, Trouble, also, label, line, troubles, width, worst
from .graph_routes import EAST, WEST
from .graph_tree import lay_out_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.style import Style
    from textual.geometry import Size

    from ..model.view import ServiceStatus

NARROW = 70
"""Columns below which the graph becomes a tree."""
_DETAILS: tuple[Detail, ...] = (2, 1, 0)
_ACROSS = EAST | WEST

_MARGIN = 1
"""Empty rows above, where there is room."""

Widths = dict[Detail, dict[str, int]]
"""Cells of each service, by how much is said of it."""


def widths(services: Mapping[str, ServiceStatus]) -> Widths:
    """What the services need at every degree of detail."""
    return {d: {s: width(each, d) for s, each in services.items()} for d in _DETAILS}


class Picture(NamedTuple):
    """A layout and the services in it."""

    layout: Layout
    detail: Detail
    tree: bool
    services: Mapping[str, ServiceStatus]
    troubles: list[Trouble]
    """By the number of an edge."""
    rows: Mapping[int, list[str]]
    """Who stands on a row, from left to right."""

    def now(self, services: Mapping[str, ServiceStatus]) -> Picture:
        """The same places with other states."""
        return self._replace(services=services, troubles=troubles(self.layout.edges, services))

    def at(self, x: int, y: int) -> str | None:
        """Whose text is there."""
        for service in self.rows.get(y, ()):
            spot = self.layout.spots[service]
            if spot.x <= x < spot.x + spot.width:
                return service
        return None

    def with_notes(self) -> Picture:
        """As wide as a tree is with what stands behind its services."""
        ends = (
            spot.x + spot.width + sum(cell_len(text) for text in also(self._others(status)))
            for status, spot in ((self.services[s], p) for s, p in self.layout.spots.items())
        )
        return self._replace(layout=self.layout._replace(width=max(ends, default=0)))

    def row(self, y: int, brush: Brush, selected: str | None) -> list[Segment]:
        """Everything on a row, from column 0."""
        if y == self.layout.alone:
            return [Segment(" on their own", brush.colours.dim)]
        pieces, x = list[Segment](), 0
        for service in self.rows.get(y, ()):
            spot = self.layout.spots[service]
            pieces += self._lines(x, spot.x, y, brush, selected)
            pieces += self._service(service, brush, selected)
            x = spot.x + spot.width
        if not self.tree:
            pieces += self._lines(x, self.layout.width, y, brush, selected)
        return pieces

    def _lines(
        self, start: int, end: int, y: int, brush: Brush, selected: str | None
    ) -> Iterator[Segment]:
        cells = [self.layout.cells.get((x, y)) for x in range(start, end)]
        for edges, run in groupby(cells, key=lambda cell: cell.edges if cell else None):
            text = "".join(line(cell.arms) if cell else " " for cell in run)
            yield Segment(text, self._ink(edges, brush, selected) if edges else None)

    def _ink(self, edges: frozenset[int], brush: Brush, selected: str | None) -> Style:
        trouble = worst([self.troubles[edge] for edge in edges])
        if trouble:
            style: Style = getattr(brush.colours, trouble)
            return style
        near = any(selected in self.layout.edges[edge] for edge in edges)
        return brush.colours.accent if near else brush.colours.dim

    def _service(self, service: str, brush: Brush, selected: str | None) -> list[Segment]:
        status, spot = self.services[service], self.layout.spots[service]
        pieces = label(status, brush, self.detail, selected=service == selected)
        missing = spot.width - sum(piece.cell_length for piece in pieces)
        if self.tree:
            notes = also(self._others(status))
            inks = [
                brush.colours.dim if n % 2 == 0 else brush.name(text)
                for n, text in enumerate(notes)
            ]
            return [*pieces, Segment(" " * missing), *map(Segment, notes, inks)]
        cell = self.layout.cells.get((spot.x + spot.width, spot.y))
        if cell is None:
            return [*pieces, Segment(" " * missing)]
        return [*pieces, Segment(line(_ACROSS) * missing, self._ink(cell.edges, brush, selected))]

    def _others(self, status: ServiceStatus) -> list[str]:
        """In a tree: what a service waits for beside its parent."""
        parents = {need for need, by in self.layout.edges if by == status.id}
        known = self.layout.spots
        return [need for need in status.depends_on if need not in parents and need in known]


def picture(
    plan: Plan, services: Mapping[str, ServiceStatus], needed: Widths, size: Size
) -> Picture:
    """The most details that fit in the width, in as many rows as there are; else the smallest."""
    layout, detail, tree = _fitting(plan, needed, size)
    if layout.height + _MARGIN <= size.height:
        layout = lowered(layout, _MARGIN)
    rows: dict[int, list[str]] = {}
    for service, spot in sorted(layout.spots.items(), key=lambda item: item[1].x):
        rows.setdefault(spot.y, []).append(service)
    drawn = Picture(layout, detail, tree, services, troubles(layout.edges, services), rows)
    return drawn.with_notes() if tree else drawn


def _fitting(plan: Plan, needed: Widths, size: Size) -> tuple[Layout, Detail, bool]:
    if size.width < NARROW:
        return lay_out_tree(needed[1], plan.depends), 1, True

    def tried(detail: Detail, apart: int, *, lines: bool = False) -> Layout:
        return lay_out(plan, needed[detail], apart=apart, width=size.width, lines=lines)

    detail = next((d for d in _DETAILS if tried(d, 1).width <= size.width), _DETAILS[-1])
    dense, roomy = tried(detail, 1), tried(detail, 2)
    scrolls = dense.width > size.width
    fits = roomy.height <= size.height and (scrolls or roomy.width <= size.width)
    return tried(detail, 2 if fits else 1, lines=True), detail, False
