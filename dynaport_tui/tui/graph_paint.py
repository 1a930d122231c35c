"""The texts and colours of a graph: pure functions from rows of the table to styled pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from ..model.machine import State
from .glyphs import BAR, UNICODE, latency, state_mark
from .graph_routes import EAST, NORTH, SOUTH, WEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model.palette import Palette
    from ..model.view import ServiceStatus
    from .colours import Colours
    from .graph_layout import Layout, Spot

Detail = Literal[0, 1, 2]
"""How much stands behind a name: nothing, the port or what is wrong, and the latency too."""

_PORT = 7
_LATENCY = 8
_LINES = {
    NORTH | SOUTH: "│", EAST | WEST: "─", NORTH | EAST: "╰", EAST | SOUTH: "╭",
    SOUTH | WEST: "╮", NORTH | WEST: "╯", NORTH | EAST | SOUTH: "├", NORTH | SOUTH | WEST: "┤",
    EAST | SOUTH | WEST: "┬", NORTH | EAST | WEST: "┴", NORTH | EAST | SOUTH | WEST: "┼",
}  # fmt: skip
_SOUND = ("ready", "done", "stopped")
"""States that say nothing that the glyph does not say, so that the port is shown instead."""

Trouble = Literal["bad", "warn", "busy", ""]
_WORSE: tuple[Trouble, ...] = ("", "busy", "warn", "bad")


class Brush(NamedTuple):
    """What a graph is painted with."""

    colours: Colours
    palette: Palette
    focused: bool = False

    def name(self, service: str) -> Style:
        """The colour of a service's name."""
        return self.colours.names[self.palette.index(service)]


def line(arms: int, *, unicode: bool = UNICODE) -> str:
    """The character with lines to these sides."""
    if unicode:
        return _LINES.get(arms, "·")
    return {NORTH | SOUTH: "|", EAST | WEST: "-"}.get(arms, "+")


def width(status: ServiceStatus, detail: Detail) -> int:
    """Cells that a service takes, the same whatever its numbers are."""
    cells = cell_len(status.id) + 4
    if not detail:
        return cells
    port, word = status.port is not None, state_mark(status).word
    told = 0 if word in _SOUND else len(word) + 1
    cells += max(told, _PORT if port else 0)
    return cells + _LATENCY if detail == 2 and port else cells


def label(status: ServiceStatus, brush: Brush, detail: Detail, *, selected: bool) -> list[Segment]:
    """A service: bar, state, name, and as much more as `detail` says."""
    colours, mark = brush.colours, state_mark(status)
    ink: Style = getattr(colours, mark.ink)
    bar = colours.accent if brush.focused else colours.dim
    pieces = [(BAR if selected else " ", bar), (f"{mark.glyph} ", ink)]
    pieces.append((status.id, brush.name(status.id)))
    if detail and mark.word not in _SOUND:
        pieces.append((f" {mark.word}", ink))
    elif detail and status.port is not None:
        pieces.append((f" :{status.port}", colours.dim))
    health = status.health.latency_ms
    if detail == 2 and status.port is not None and health is not None and mark.word == "ready":
        pieces.append((f" {latency(health)} ms", colours.dim))
    pieces.append((" ", colours.text))
    ground = colours.cursor if selected else Style.null()
    return [Segment(text, style + ground) for text, style in pieces]


def shown(status: ServiceStatus) -> tuple[object, ...]:
    """All of a row of the table that a graph shows."""
    health = status.health.latency_ms
    return state_mark(status), status.port, None if health is None else latency(health)


def troubles(
    edges: Sequence[tuple[str, str]], services: Mapping[str, ServiceStatus]
) -> list[Trouble]:
    """What is wrong along each edge, from what is needed to what needs it."""
    known: dict[str, Trouble] = {}
    return [_along(services[need], services[by], services, known) for need, by in edges]


def _along(
    needed: ServiceStatus,
    by: ServiceStatus,
    services: Mapping[str, ServiceStatus],
    known: dict[str, Trouble],
) -> Trouble:
    found = _trouble(needed, services, known)
    if by.waiting and found:
        return found
    return found if found in ("bad", "warn") and by.wanted else ""


def _trouble(
    status: ServiceStatus, services: Mapping[str, ServiceStatus], known: dict[str, Trouble]
) -> Trouble:
    """Of a service and of all that it waits for."""
    if status.id in known:
        return known[status.id]
    known[status.id] = ""
    if status.waiting and status.state is State.STOPPED:
        below = [_trouble(services[n], services, known) for n in status.depends_on if n in services]
        known[status.id] = "warn" if {"bad", "warn"} & set(below) else "busy"
    else:
        known[status.id] = _OF_WORD.get(state_mark(status).word, "")
    return known[status.id]


_OF_WORD: Mapping[str, Trouble] = {
    "broken": "bad",
    "backing off": "bad",
    "unhealthy": "warn",
    "old code": "warn",
    "starting": "busy",
    "running": "busy",
}


def worst(found: Sequence[Trouble]) -> Trouble:
    """The one that is drawn where several edges share a line."""
    return max(found, key=_WORSE.index, default="")


def also(services: Sequence[str]) -> list[str]:
    """In a tree: what stands behind a service of those that it needs too; every second is one."""
    texts = [text for service in services for text in (", ", service)]
    return [" also needs ", *texts[1:]] if texts else []


def neighbour(layout: Layout, service: str, dx: int, dy: int) -> str | None:
    """Where an arrow key leads from a service; None at the edge.

    Sideways along an edge where there is one, else to the nearest column; up and down within the
    column, else to the nearest row.
    """
    here = layout.spots[service]
    if dx:
        joined = {a if b == service else b for a, b in layout.edges if service in (a, b)}
        ahead = [s for s, spot in layout.spots.items() if (spot.x - here.x) * dx > 0]
        first = [s for s in ahead if s in joined] or [
            s for s in ahead if (layout.spots[s].layer < 0) == (here.layer < 0)
        ]
        return min(first, key=lambda s: _sideways(here, layout.spots[s]), default=None)
    ahead = [s for s, spot in layout.spots.items() if (spot.y - here.y) * dy > 0]
    column = [s for s in ahead if layout.spots[s].x == here.x]
    return min(column or ahead, key=lambda s: _upright(here, layout.spots[s]), default=None)


def _sideways(here: Spot, there: Spot) -> tuple[int, int, int]:
    return abs(there.layer - here.layer), abs(there.y - here.y), abs(there.x - here.x)


def _upright(here: Spot, there: Spot) -> tuple[int, int]:
    return abs(there.y - here.y), abs(there.x - here.x)
