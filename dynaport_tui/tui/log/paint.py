"""A row becomes what stands on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ...patience import TooLong, at_most
from ..glyphs import LOST, RULE, count
from .layout import Body, cut, painted_over, segments, wrapped
from .rows import Detail, Folded, Head, Rule, Single
from .saying import say, shortened
from .times import WIDTH, age, clock

if TYPE_CHECKING:
    from ...model.query import Query
    from .look import Look
    from .rows import Row

_SEARCHED = 0.02
"""Seconds that an expression may compute over one line."""


def paint(row: Row, look: Look, *, here: bool = False) -> list[Strip]:
    """The lines of a row, at most `look.width` cells each; the first cell is left free for the
    cursor. `here`: it is the hit on which the person stands.
    """
    if isinstance(row, Rule):
        return [_rule(row, look)]
    tail = _tail(row, look)
    room = max(look.room - sum(segment.cell_length for segment in tail), 4)
    text = say(row, look, room)
    if look.search is not None:
        colours = look.colours
        spans = _spans(look.search, text.text)
        text = painted_over(text, spans, colours.here if here else colours.hit)
    lines = [_one(text, room, tail)] if tail else _lines(text, look)
    front = _front(row, look)
    blank = [Segment(" " * look.margin)]
    return [Strip([*(blank if number else front), *line]) for number, line in enumerate(lines)]


def _spans(search: Query, text: str) -> list[tuple[int, int]]:
    """What is found in it; nothing where that takes too long to be told."""
    try:
        with at_most(_SEARCHED):
            return search.spans(text)
    except TooLong:
        return []


def face(row: Row) -> tuple[object, ...]:
    """Changes when something changes in how this row is drawn."""
    if isinstance(row, Folded | Head):
        return (type(row), row.key, len(row.fold.members), len(row.fold.lines))
    return (type(row), row.key, row.text if isinstance(row, Rule) else "")


def stamp(at: float, look: Look) -> str:
    """The time in front of a line."""
    return clock(at) if look.stamps == "time" else age(at, look.now)


def _front(row: Row, look: Look) -> list[Segment]:
    colours = look.colours
    front = [Segment(" ")]
    # What is unfolded stands below a row that tells time and service.
    quiet = isinstance(row, Detail) or (isinstance(row, Single) and row.parent is not None)
    if width := WIDTH[look.stamps]:
        text = "" if quiet else stamp(row.place.at, look)
        front.append(Segment(f"{text:>{width}}  ", colours.dim))
    if look.names:
        service = "" if quiet else row.place.service
        name = set_cell_size(shortened(service, look.names), look.names)
        style = colours.dim if row.place.number < 0 else colours.names[look.ink(service)]
        front.append(Segment(f"{name}  ", style))
    return front


def _rule(row: Rule, look: Look) -> Strip:
    style = look.colours.dim if row.text else Style(color=look.colours.accent.color)
    text = f" {RULE * 2} {shortened(row.text or clock(row.at)[:8], look.width - 6)} "
    line = text + RULE * max(look.width - cell_len(text), 0)
    return Strip([Segment(line, style)])


def _lines(text: Body, look: Look) -> list[list[Segment]]:
    if look.wrap:
        room = look.room
        return [_within(segments(text, *ends), room) for ends in wrapped(text.text, room)]
    return [_cut(text, look.left, look.room, look.colours.dim)]


def _one(text: Body, room: int, tail: list[Segment]) -> list[Segment]:
    """One line with something at the right edge; it is never scrolled."""
    line = _cut(text, 0, room, text.inks[0].style)
    length = sum(segment.cell_length for segment in line)
    return [*line, Segment(" " * (room - length)), *tail]


def _cut(text: Body, left: int, room: int, style: Style) -> list[Segment]:
    part = cut(text.text, left, room)
    line = segments(text, part.first, part.last)
    return [Segment(part.before, style), *line, Segment(part.after, style)]


def _within(line: list[Segment], room: int) -> list[Segment]:
    """Without the blank that ends it, where that is one cell too many."""
    if sum(segment.cell_length for segment in line) > room and line[-1].text[-1:] == " ":
        line[-1] = Segment(line[-1].text[:-1], line[-1].style)
    return line


def _tail(row: Row, look: Look) -> list[Segment]:
    """What stands at the right edge."""
    if not isinstance(row, Folded):
        return []
    dim = look.colours.dim
    times = len(row.fold.members)
    tail = [Segment("  ", dim)]
    if times > 1:
        tail += [Segment(f"{LOST}{count(times)}", look.colours.warn), Segment("  ", dim)]
    return [*tail, Segment("Enter opens " if look.width > 90 else "", dim)]
