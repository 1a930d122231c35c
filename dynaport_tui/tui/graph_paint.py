"""The texts and colours of a graph: pure functions from rows of the table to styled pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.text import Text

from ..model.machine import State
from .glyphs import BAR, DOT, UNICODE, latency, state_mark
from .graph_routes import EAST, NORTH, SOUTH, WEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.style import Style

    from ..model.palette import Palette
    from ..model.view import ServiceStatus
    from .colours import Colours
    from .graph_layout import Layout, Spot

Detail = Literal[0, 1, 2]
"""How much stands behind a name: nothing, the port or what is wrong, and the latency too."""

_PORT = 6
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
    detail: Detail
    focused: bool = False


def line(arms: int, *, unicode: bool = UNICODE) -> str:
    """The character with lines to these sides."""
    if unicode:
        return _LINES.get(arms, "·")
    return {NORTH | SOUTH: "|", EAST | WEST: "-"}.get(arms, "+")


def width(status: ServiceStatus, detail: Detail) -> int:
    """Cells that a service takes, the same whatever its numbers are."""
    cells = Text(status.id).cell_len + 4
    if detail:
        word = state_mark(status).word
        cells += 1 + (_PORT if word in _SOUND else max(_PORT, len(word)))
    return cells + _LATENCY if detail == 2 and status.port is not None else cells


def label(status: ServiceStatus, brush: Brush, *, selected: bool) -> Text:
    """A service: bar, state, name, and what `brush.detail` asks for."""
    colours, mark = brush.colours, state_mark(status)
    ink: Style = getattr(colours, mark.ink)
    bar = colours.accent if brush.focused else colours.dim
    text = Text.assemble((BAR if selected else " ", bar), (f"{mark.glyph} ", ink))
    text.append(status.id, colours.names[brush.palette.index(status.id)])
    if brush.detail and mark.word not in _SOUND:
        text.append(f" {mark.word}", ink)
    elif brush.detail and status.port is not None:
        text.append(f" :{status.port}", colours.dim)
    if brush.detail == 2 and status.health.latency_ms is not None and mark.word == "ready":
        text.append(f" {latency(status.health.latency_ms)} ms", colours.dim)
    text.append(" ")
    return text


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
    "starting": "busy",
    "running": "busy",
}


def worst(found: Sequence[Trouble]) -> Trouble:
    """The one that is drawn where several edges share a line."""
    return max(found, key=_WORSE.index, default="")


def also(status: ServiceStatus, layout: Layout, brush: Brush) -> Text:
    """In a tree: what a service waits for beside its parent."""
    parents = {need for need, by in layout.edges if by == status.id}
    others = [need for need in status.depends_on if need not in parents and need in layout.spots]
    if not others:
        return Text()
    text = Text(f" {DOT} and ", brush.colours.dim)
    names = (Text(each, brush.colours.names[brush.palette.index(each)]) for each in others)
    return text.append_text(Text(", ", brush.colours.dim).join(names))


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
