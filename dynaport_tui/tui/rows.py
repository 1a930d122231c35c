"""What stands in the table: columns for a width, and the cells of one service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.cells import cell_len

from ..model.machine import RUNNING
from . import glyphs
from .cause import cause
from .pieces import Piece, cut, fit, length, united

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model.view import ServiceStatus
    from .board import Sort

Key = Literal[
    "service",
    "state",
    "port",
    "sparks",
    "latency",
    "cpu",
    "mem",
    "up",
    "restarts",
    "reloads",
    "why",
]


class Column(NamedTuple):
    """A column of the table."""

    key: Key
    head: str
    gap: int
    """Cells before it."""
    width: int
    right: bool = False
    sort: Sort | None = None
    """The order that a click on its heading chooses."""


LEAD = 4
"""Cells for selection, mark, state and a blank."""

_ERRORS = 5
"""Cells behind the name, for the count of new errors."""

_FIXED: dict[Key, Column] = {
    "state": Column("state", "state", 1, 11, sort="state"),
    "port": Column("port", "port", 1, 5, right=True, sort="port"),
    "sparks": Column("sparks", "health", 3, 8, right=True),
    "latency": Column("latency", "", 1, 7, right=True),
    "cpu": Column("cpu", "cpu", 2, 5, right=True, sort="cpu"),
    "mem": Column("mem", "mem", 2, 6, right=True, sort="memory"),
    "up": Column("up", "up", 2, 3, right=True, sort="uptime"),
    "restarts": Column("restarts", glyphs.AGAIN, 2, 3, right=True, sort="restarts"),
    "reloads": Column("reloads", "reloads", 2, 7, right=True, sort="restarts"),
}
_GIVEN_UP: tuple[Key, ...] = (
    "reloads", "cpu", "mem", "up", "sparks", "restarts", "latency"
)  # fmt: skip
"""What goes first where the screen is narrow."""
_WHY_GAP = 3
_WHY_LEAST = 22
"""Cells that why keeps, even without the word of the state: its glyph says the same."""


def plan(width: int, names: Sequence[str]) -> tuple[Column, ...]:
    """The columns for so many cells; the last one, why, takes what is left."""
    most = 14 if width < 70 else 20 if width < 120 else 28
    longest = max((cell_len(name) for name in names), default=0)
    name = min(max(longest, len("service")), most)
    service = Column("service", "service", LEAD, name + _ERRORS, sort="name")
    least = min(max(24, int(width * 0.28)), 44)
    columns = dict(_FIXED)
    for key in (None, *_GIVEN_UP):
        if key is not None:
            del columns[key]
        if key == "sparks":
            columns["latency"] = columns["latency"]._replace(head="health", gap=3)
        left = width - LEAD - service.width - sum(c.gap + c.width for c in columns.values())
        if left - _WHY_GAP >= least:
            break
    if left - _WHY_GAP < _WHY_LEAST:
        state = columns.pop("state")
        left += state.gap + state.width
    why = Column("why", "why", _WHY_GAP, max(left - _WHY_GAP, 0))
    return (service, *columns.values(), why)


def heading(columns: Sequence[Column]) -> str:
    """The line above the rows."""
    return "".join(" " * c.gap + fit(c.head, c.width, right=c.right) for c in columns)


def column_at(columns: Sequence[Column], x: int) -> Column | None:
    """The column at a cell of the line."""
    end = 0
    for column in columns:
        end += column.gap + column.width
        if x < end:
            return column
    return None


class Look(NamedTuple):
    """What a row says beside its service's own state."""

    selected: bool = False
    marked: bool = False
    moved: int = 0
    """-1 up, 1 down."""
    errors: int = 0
    """New ones in its log."""


_AT_REST = frozenset({"stopped", "done", "stopping", "waiting"})
"""States that say nothing of health."""


def row(status: ServiceStatus, columns: Sequence[Column], look: Look) -> tuple[Piece, ...]:
    """The cells of a service, as wide as the columns together."""
    pieces = _lead(status, columns[0], look)
    shown = {column.key for column in columns}
    for column in columns[1:-1]:
        pieces.append(Piece(" " * column.gap))
        pieces += _aligned(_CELLS[column.key](status), column)
    pieces.append(Piece(" " * columns[-1].gap))
    pieces += cause(status, columns[-1].width, timed="latency" in shown)
    return tuple(pieces)


def _lead(status: ServiceStatus, column: Column, look: Look) -> list[Piece]:
    mark = glyphs.state_mark(status)
    arrow = {-1: glyphs.UP, 1: glyphs.DOWN, 0: " "}[look.moved]
    sign = Piece(glyphs.CHOSEN, "accent") if look.marked else Piece(arrow, "accent")
    errors = "" if not look.errors else f" !{look.errors}" if look.errors < 100 else " !99+"
    name = fit(status.id, column.width - _ERRORS)
    return [
        Piece(glyphs.BAR if look.selected else " ", "accent"),
        sign,
        Piece(mark.glyph + " ", mark.ink),
        Piece(name, "name"),
        Piece(f"{errors:<{_ERRORS}}", "bad"),
    ]


def _state(status: ServiceStatus) -> list[Piece]:
    mark = glyphs.state_mark(status)
    return [Piece(mark.word, "dim" if mark.word == "ready" else mark.ink)]


def _port(status: ServiceStatus) -> list[Piece]:
    return [Piece(glyphs.NOTHING, "dim") if status.port is None else Piece(str(status.port))]


def _sparks(status: ServiceStatus) -> list[Piece]:
    if glyphs.state_word(status) in _AT_REST:
        return []
    line = glyphs.sparkline(status.health.recent[-_FIXED["sparks"].width :])
    parts = re.split(f"({glyphs.LOST}+)", line)
    return [Piece(part, "bad" if part[0] == glyphs.LOST else "dim") for part in parts if part]


def _latency(status: ServiceStatus) -> list[Piece]:
    health = status.health
    if status.state not in RUNNING:
        return []
    if health.failures:
        return [Piece(f"{health.failures} lost", "warn")]
    if health.latency_ms is not None:
        return [Piece(glyphs.latency(health.latency_ms)), Piece(" ms", "dim")]
    return [Piece("alive", "dim")] if health.ok else []


def _cpu(status: ServiceStatus) -> list[Piece]:
    if status.cpu_percent is None:
        return []
    return [Piece(glyphs.percent(status.cpu_percent)), Piece("%", "dim")]


def _mem(status: ServiceStatus) -> list[Piece]:
    return [] if status.rss_bytes is None else united(glyphs.size(status.rss_bytes), " ")


def _up(status: ServiceStatus) -> list[Piece]:
    if status.uptime_s is None:
        return []
    text = glyphs.duration(status.uptime_s)
    return [Piece(text[:-1]), Piece(text[-1], "dim")]


def _restarts(status: ServiceStatus) -> list[Piece]:
    return [Piece(_short(status.restarts))] if status.restarts else []


def _reloads(status: ServiceStatus) -> list[Piece]:
    return [Piece(_short(status.reloads))] if status.reloads else []


def _short(n: int) -> str:
    return str(n) if n < 1000 else f"{n // 1000}k"


_CELLS = {
    "state": _state,
    "port": _port,
    "sparks": _sparks,
    "latency": _latency,
    "cpu": _cpu,
    "mem": _mem,
    "up": _up,
    "restarts": _restarts,
    "reloads": _reloads,
}


def _aligned(pieces: list[Piece], column: Column) -> list[Piece]:
    blank = column.width - length(pieces)
    if blank < 0:
        return cut(pieces, column.width)
    return [Piece(" " * blank), *pieces] if column.right else [*pieces, Piece(" " * blank)]
