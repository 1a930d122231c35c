"""What a row says, and in which colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rich.cells import cell_len, set_cell_size
from rich.style import Style

from ...model.levels import Level
from ..glyphs import DOT, ELLIPSIS, UNICODE, count
from .fields import Kind, fields
from .layout import Body, Ink, body
from .rows import Detail, Folded, Head, Single
from .sgr import pieces
from .times import clock

if TYPE_CHECKING:
    from ..colours import Colours
    from .entry import Entry
    from .folding import Fold
    from .look import Look

CLOSED = "▸" if UNICODE else "+"
OPEN = "▾" if UNICODE else "-"
_EQUALS = 12
"""Times of earlier equals that are told."""
_SHORTEST = 16
"""Cells that an error keeps."""


def say(row: Single | Detail | Folded | Head, look: Look, room: int) -> Body:
    """Text and styles of a row; a folded one is kept within `room` cells, so that it names the
    place of an error whatever the error says. What was printed before this run is dim, and so are
    the parts of a traceback that are not the project's.
    """
    said = _say(row, look, room)
    if row.place.number < 0 or (isinstance(row, Single) and row.foreign):
        return Body(said.text, [Ink(len(said.text), look.colours.dim)])
    return said


def _say(row: Single | Detail | Folded | Head, look: Look, room: int) -> Body:
    match row:
        case Single():
            return _text(row.entry, look)
        case Detail():
            return body([(row.text, look.colours.dim)])
        case Folded() if row.fold.error:
            return body(
                [(f"{CLOSED} ", _mild(look.colours.bad)), *_named(row.fold, look, room - 2)]
            )
        case Folded():
            return _text(row.fold.lines[0], look)
        case Head():
            return body([(f"{OPEN} ", _mild(look.colours.bad)), *_head(row.fold, look, room - 2)])
        case _:
            assert_never(row)


def _named(fold: Fold, look: Look, room: int) -> list[tuple[str, Style]]:
    dim = look.colours.dim
    front = f"Traceback {DOT} "
    where = f" {DOT} {_where(fold)}" if fold.file else ""
    left = room - cell_len(where)
    if left < cell_len(front) + cell_len(fold.error):
        front = ""
    error = shortened(fold.error, max(left - cell_len(front), _SHORTEST))
    bad, text = look.colours.bad, look.colours.text
    return [(front, dim), (error, bad), (where[:3], dim), (where[3:], text)]


def _head(fold: Fold, look: Look, room: int) -> list[tuple[str, Style]]:
    """The same, and when its equals came."""
    times = [clock(member[0].place.at)[:8] for member in fold.members[:-1]]
    more = "earlier and " if len(times) > _EQUALS else ""
    also = f"also {more}at {', '.join(times[-_EQUALS:])}" if times else ""
    if not fold.error:
        return [(also, look.colours.dim)]
    also = f" {DOT} {also}" if also else ""
    parts = _named(fold, look, max(room - cell_len(also), room // 2))
    return [*parts, (also, look.colours.dim)]


def _where(fold: Fold) -> str:
    return str(fold.file) if fold.line is None else f"{fold.file}:{fold.line}"


def _text(entry: Entry, look: Look) -> Body:
    colours = look.colours
    base = _of_level(entry.level, colours)
    found = fields(entry.plain)
    if found is not None:
        parts: list[tuple[str, Style]] = []
        for field in found:
            if field.kind == "time" and look.stamps != "off":
                continue
            gap = " " if parts and field.kind != "value" else ""
            parts.append((gap + field.text, _of_field(field.kind, base, colours)))
        return body(parts)
    parts = [(text, base + style if style else base) for text, style in pieces(entry.shown)]
    if entry.hidden:
        parts.append((f" {ELLIPSIS} {count(entry.hidden)} more characters", colours.dim))
    return body(parts)


def _of_field(kind: Kind, base: Style, colours: Colours) -> Style:
    if kind in ("time", "logger", "key"):
        return colours.dim
    return base if kind in ("level", "message") else colours.text


def _of_level(level: Level | None, colours: Colours) -> Style:
    if level is None or level is Level.INFO:
        return colours.text
    if level >= Level.ERROR:
        return _mild(colours.bad)
    return colours.warn if level is Level.WARNING else colours.dim


def _mild(style: Style) -> Style:
    """The colour without the weight."""
    return Style(color=style.color)


def shortened(text: str, width: int) -> str:
    """At most `width` cells, with a mark where it is cut."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + ELLIPSIS
