"""A row becomes what stands on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ...model.levels import Level
from ..glyphs import DOT, ELLIPSIS, LOST, RULE, UNICODE, count
from .fields import Kind, fields
from .layout import Body, body, cut, painted_over, segments, wrapped
from .rows import Detail, Folded, Head, Rule, Single
from .sgr import pieces
from .times import WIDTH, Stamps, age, clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...model.query import Query
    from ..colours import Colours
    from .entry import Entry
    from .rows import Row

CLOSED = "▸" if UNICODE else "+"
OPEN = "▾" if UNICODE else "-"
_EQUALS = 12
"""Times of earlier equals that are told."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that decides how a row is drawn, besides the row."""

    width: int
    colours: Colours
    ink: Callable[[str], int]
    """Index of the colour of a service's name."""
    names: int = 0
    """Cells for the names of services; 0: none is shown."""
    stamps: Stamps = "time"
    now: float = 0.0
    wrap: bool = False
    left: int = 0
    """Cells that are scrolled off at the left."""
    search: Query | None = None

    @property
    def room(self) -> int:
        """Cells for the text itself."""
        return max(self.width - self.margin, 4)

    @property
    def margin(self) -> int:
        """Cells in front of the text: the cursor's bar, the time, the name."""
        stamp = WIDTH[self.stamps]
        return 1 + (stamp + 2 if stamp else 0) + (self.names + 2 if self.names else 0)


def paint(row: Row, look: Look, *, here: bool = False) -> list[Strip]:
    """The lines of a row, at most `look.width` cells each; the first cell is left free for the
    cursor. `here`: it is the hit on which the person stands.
    """
    if isinstance(row, Rule):
        return [_rule(row, look)]
    tail = _tail(row, look)
    text = _body(row, look)
    if look.search is not None:
        colours = look.colours
        spans = look.search.spans(text.text)
        text = painted_over(text, spans, colours.here if here else colours.hit)
    lines = _lines(text, look, tail)
    front = _front(row, look)
    blank = [Segment(" " * look.margin)]
    return [Strip([*(blank if number else front), *line]) for number, line in enumerate(lines)]


def face(row: Row) -> tuple[object, ...]:
    """Changes when something changes in how this row is drawn."""
    if isinstance(row, Folded | Head):
        return (type(row), row.key, len(row.fold.members), len(row.fold.lines))
    return (type(row), row.key)


def stamp(at: float, look: Look) -> str:
    """The time in front of a line."""
    return clock(at) if look.stamps == "time" else age(at, look.now)


def _front(row: Row, look: Look) -> list[Segment]:
    colours = look.colours
    front = [Segment(" ")]
    quiet = isinstance(row, Detail)
    if width := WIDTH[look.stamps]:
        text = "" if quiet else stamp(row.place.at, look)
        front.append(Segment(f"{text:>{width}}  ", colours.dim))
    if look.names:
        service = "" if quiet else row.place.service
        name = set_cell_size(_shortened(service, look.names), look.names)
        style = colours.names[look.ink(service)]
        front.append(Segment(f"{name}  ", style))
    return front


def _shortened(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + ELLIPSIS


def _rule(row: Rule, look: Look) -> Strip:
    accent = Style(color=look.colours.accent.color)
    text = f" {RULE * 2} {clock(row.at)[:8]} "
    line = text + RULE * max(look.width - cell_len(text), 0)
    return Strip([Segment(line, accent)])


def _lines(text: Body, look: Look, tail: list[Segment]) -> list[list[Segment]]:
    used = sum(segment.cell_length for segment in tail)
    room = max(look.room - used, 4)
    if look.wrap:
        lines = [segments(text, *ends) for ends in wrapped(text.text, room)]
    else:
        part = cut(text.text, look.left, room)
        dim = look.colours.dim
        line = segments(text, part.first, part.last)
        lines = [[Segment(part.before, dim), *line, Segment(part.after, dim)]]
    if tail:
        length = sum(segment.cell_length for segment in lines[0])
        lines[0] += [Segment(" " * (room - length)), *tail]
    return lines


def _tail(row: Row, look: Look) -> list[Segment]:
    """What stands at the right edge."""
    if not isinstance(row, Folded):
        return []
    dim = look.colours.dim
    times = len(row.fold.members)
    tail = [Segment("  ", dim)]
    if times > 1:
        tail += [Segment(f"{LOST}{count(times)}", look.colours.warn), Segment("  ", dim)]
    return [*tail, Segment("Enter opens " if look.width > 70 else "", dim)]


def _body(row: Single | Detail | Folded | Head, look: Look) -> Body:
    match row:
        case Single():
            return _text(row.entry, look)
        case Detail():
            return body([(row.text, look.colours.dim)])
        case Folded() if row.fold.error:
            return body([(f"{CLOSED} ", _mild(look.colours.bad)), *_error(row, look)])
        case Folded():
            return _text(row.fold.lines[0], look)
        case Head():
            return body([(f"{OPEN} ", _mild(look.colours.bad)), *_error(row, look)])
        case _:
            assert_never(row)


def _error(row: Folded | Head, look: Look) -> list[tuple[str, Style]]:
    fold, colours = row.fold, look.colours
    dim = colours.dim
    parts = [(f"Traceback {DOT} ", dim)] if fold.error else []
    parts.append((fold.error or fold.lines[0].saying, colours.bad))
    if fold.file is not None:
        where = fold.file if fold.line is None else f"{fold.file}:{fold.line}"
        parts += [(f" {DOT} ", dim), (where, colours.text)]
    if isinstance(row, Head) and len(fold.members) > 1:
        times = [clock(member[0].place.at)[:8] for member in fold.members[:-1]]
        told = ", ".join(times[-_EQUALS:])
        more = ", earlier too" if len(times) > _EQUALS else ""
        parts += [(f"  also at {told}{more}", dim)]
    return parts


def _text(entry: Entry, look: Look) -> Body:
    colours = look.colours
    base = _of_level(entry.level, colours)
    found = fields(entry.plain)
    if found is not None:
        parts: list[tuple[str, Style]] = []
        for field in found:
            if field.kind == "time" and look.stamps == "time":
                continue
            gap = (
                ""
                if not parts or (parts[-1][1] is colours.dim and parts[-1][0].endswith("="))
                else " "
            )
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
