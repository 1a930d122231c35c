"""The dependencies as an indented tree, for a pane too narrow for columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .graph_layout import Layout, Spot
from .graph_order import depths
from .graph_routes import EAST, NORTH, SOUTH, Cell, Place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_STEP = 2
"""Columns that a level is indented."""


def lay_out_tree(widths: Mapping[str, int], depends: Mapping[str, Collection[str]]) -> Layout:
    """Every service below the last of those that it waits for; `edges` has only those."""
    needs = {s: [n for n in depends.get(s, ()) if n in widths and n != s] for s in widths}
    depth = depths(needs)
    parents = {
        service: max(lower, key=depth.__getitem__)
        for service, needed in needs.items()
        if (lower := [n for n in needed if depth[n] < depth[service]])
    }
    order = list(_walk(widths, parents))
    level: dict[str, int] = {}
    for service in order:
        level[service] = level[parents[service]] + 1 if service in parents else 0
    spots = {
        service: Spot(level[service] * _STEP, row, widths[service], level[service])
        for row, service in enumerate(order)
    }
    edges = tuple((parents[service], service) for service in order if service in parents)
    width = max((spot.x + spot.width for spot in spots.values()), default=0)
    return Layout(spots, edges, _guides(spots, edges), width, len(order), None)


def _walk(widths: Mapping[str, int], parents: Mapping[str, str]) -> Iterator[str]:
    """All services, each behind its parent; those that stand alone come last."""
    below: dict[str, list[str]] = {service: [] for service in widths}
    for service in widths:
        if service in parents:
            below[parents[service]].append(service)
    roots = [service for service in widths if service not in parents]
    left = sorted(roots, key=lambda service: not below[service])[::-1]
    while left:
        service = left.pop()
        yield service
        left.extend(reversed(below[service]))


def _guides(spots: Mapping[str, Spot], edges: tuple[tuple[str, str], ...]) -> dict[Place, Cell]:
    arms: dict[Place, int] = {}
    whose: dict[Place, set[int]] = {}
    for number, (parent, child) in enumerate(edges):
        above, spot = spots[parent], spots[child]
        for row in range(above.y + 1, spot.y + 1):
            place = above.x + 1, row
            arms[place] = arms.get(place, 0) | (NORTH | EAST if row == spot.y else NORTH | SOUTH)
            whose.setdefault(place, set()).add(number)
    return {place: Cell(drawn, frozenset(whose[place])) for place, drawn in arms.items()}
