"""What the tabs write their lines with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from rich.style import Style
from rich.text import Text

from ..glyphs import Mark, duration, state_mark
from ..lines import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ...model.palette import Palette
    from ...model.view import ServiceStatus
    from ..colours import Colours

INDENT = 1
"""Columns before everything."""
LABEL = 12
"""Columns of the labels of facts, with the blank behind them."""


class Sheet(NamedTuple):
    """How wide it is, in which colours, and when."""

    colours: Colours
    palette: Palette
    width: int
    """Cells that a line may take before it must be scrolled sideways."""
    now: float
    """Seconds since 1970."""
    services: Mapping[str, ServiceStatus] = {}
    """All of the project, by id."""

    @property
    def bold(self) -> Style:
        """For what is read first."""
        return self.colours.text + Style(bold=True)

    def ink(self, mark: Mark) -> Style:
        """The colour of a state."""
        style: Style = getattr(self.colours, mark.ink)
        return style

    def mark(self, status: ServiceStatus) -> Text:
        """Glyph and word of a state."""
        mark = state_mark(status)
        return Text(f"{mark.glyph} {mark.word}", self.ink(mark))

    def name(self, service: str) -> Text:
        """A service in its own colour."""
        return Text(service, self.colours.names[self.palette.index(service)])

    def known(self, service: str) -> Text:
        """A service behind the glyph of its state, where it has one."""
        status = self.services.get(service)
        if status is None:
            return self.name(service)
        mark = state_mark(status)
        return Text.assemble((mark.glyph, self.ink(mark)), " ", self.name(service))

    def ago(self, at: float) -> str:
        """`12s ago`, `now` for less than a second."""
        passed = self.now - at
        return "now" if passed < 1 else f"{duration(passed)} ago"


def one_line(text: str) -> str:
    """The text without what would break a line."""
    return " ".join(text.strip().splitlines()).replace("\t", " ")


def heading(sheet: Sheet, text: str, note: str = "") -> list[Line]:
    """A blank line and a title, with a remark in quiet."""
    title = Text(" " * INDENT)
    title.append(text, sheet.bold)
    if note:
        title.append(f"  {note}", sheet.colours.dim)
    return [Line(f"{text}:before", Text()), Line(f"{text}:heading", title)]


def note(sheet: Sheet, key: str, text: str, plain: str = "") -> list[Line]:
    """A remark in quiet, over as many lines as it takes."""
    return wrapped(sheet, key, Text(" " * INDENT), Text(text, sheet.colours.dim), plain)


def fact(sheet: Sheet, label: str, value: Text, plain: str = "") -> list[Line]:
    """A label in quiet and what it is, over as many lines as it takes."""
    lead = Text(f"{' ' * INDENT}{label:<{LABEL}}", sheet.colours.dim)
    return wrapped(sheet, f"fact:{label}", lead, value, plain or value.plain)


def wrapped(sheet: Sheet, key: str, lead: Text, value: Text, plain: str = "") -> list[Line]:
    """`value` behind `lead`, folded between words and indented as far."""
    room = max(20, sheet.width - lead.cell_len - 1)
    pieces: Sequence[Text] = _folded(value, room) or [Text()]
    lines = [Line(key, Text.assemble(lead, pieces[0]), plain)]
    blank = " " * lead.cell_len
    for number, piece in enumerate(pieces[1:], 1):
        lines.append(Line(f"{key}/{number}", Text.assemble(blank, piece)))
    return lines


def _folded(text: Text, room: int) -> list[Text]:
    """Cut at blanks; a word that is too long stays whole, so that it can be copied by eye."""
    pieces, piece = [], Text()
    for word in _words(text):
        if piece.plain and piece.cell_len + len(word.plain.rstrip()) > room:
            pieces.append(piece)
            piece = Text()
        piece.append_text(word)
    return [*pieces, piece]


def _words(text: Text) -> Iterable[Text]:
    """Words with the blanks behind them."""
    plain, start = text.plain, 0
    while start < len(plain):
        end = plain.find(" ", start)
        while 0 <= end < len(plain) and plain[end] == " ":
            end += 1
        end = len(plain) if end < 0 else end
        yield text[start:end]
        start = end


def clock(at: float, now: float) -> str:
    """The time of day, with the date where it is not today's."""
    then, today = time.localtime(at), time.localtime(now)
    form = "%H:%M:%S" if then[:3] == today[:3] else "%Y-%m-%d %H:%M:%S"
    return time.strftime(form, then)


def listed(parts: Sequence[Text], between: str = ", ") -> Text:
    """Several in one line."""
    return Text(between).join(parts)
