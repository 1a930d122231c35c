"""What the help says, and how it is spread over columns."""

from __future__ import annotations

from itertools import chain, combinations, pairwise, zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from ..actions import MOVES, shown
from ..colours import colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import App

    from ..actions import Action
    from ..colours import Colours

GAP = 3
_BOLD = Style(bold=True)
_TITLES = {
    "services": "Services",
    "log": "Log",
    "copy": "Copy",
    "view": "View",
    "project": "Project",
}
_FILTERS = (
    ("word", "lines that hold it; a capital makes case count"),
    ('"two words"', "exactly these, side by side"),
    ("-word", "lines without it"),
    ("re:/time.?out/i", "a regular expression, i: in any case"),
    ("level:error", "that level and above; level:=info that alone"),
    ("svc:users,web", "lines of these services"),
    ("stream:stderr", "what was written there"),
    ("status:5xx", "answers with such a status"),
)
_MOUSE = (
    ("click", "selects; a heading sorts, a key in the footer acts"),
    ("wheel", "scrolls what is under it"),
    ("Shift+drag", "selects with the terminal itself (Option on a Mac)"),
    ("p", "shows the plain stream, to select without borders"),
)


class Section(NamedTuple):
    """A title and rows of a key and what it does."""

    title: str
    rows: tuple[tuple[str, str], ...]


def sections(actions: Sequence[Action]) -> list[Section]:
    """All there is to know, by groups."""
    found = [
        Section(title, tuple(_row(action) for action in actions if action.group == group))
        for group, title in _TITLES.items()
    ]
    filters = Section("Search and filter: all terms must hold", _FILTERS)
    rest = [Section("Move", MOVES), filters, Section("Mouse and selection", _MOUSE)]
    return [section for section in [*found, *rest] if section.rows]


def columns_in(width: int) -> int:
    """How many columns can be read side by side."""
    return 3 if width >= 132 else 2 if width >= 68 else 1


def arranged(found: Sequence[Section], count: int, width: int, app: App[object]) -> Text:
    """The sections in `count` columns of about the same height, read from top to bottom."""
    ink = colours(app)
    each = (width - GAP * (count - 1)) // count
    blocks = [_block(section, each, ink) for section in found]
    columns = [list(chain.from_iterable(part)) for part in _spread(blocks, count)]
    rows = []
    for parts in zip_longest(*columns, fillvalue=Text()):
        row = Text(no_wrap=True)
        for number, part in enumerate(parts):
            row.append(" " * (number * (each + GAP) - cell_len(row.plain)))
            row.append_text(part)
        rows.append(row)
    return Text("\n").join(rows)


def _row(action: Action) -> tuple[str, str]:
    return " ".join(map(shown, action.keys)) or shown("ctrl+p"), action.help.removesuffix(".")


def _block(section: Section, width: int, ink: Colours) -> list[Text]:
    indent = max(5, min(max(cell_len(key) for key, _ in section.rows), width // 3)) + 2
    lines = [Text(section.title, style=ink.text + _BOLD)]
    for key, text in section.rows:
        lines += _entry(key, text, indent, width, ink)
    return [*lines, Text()]


def _entry(key: str, text: str, indent: int, width: int, ink: Colours) -> list[Text]:
    """The key, and what it does beside it; below it where the key is too long."""
    first, *more = wrap(text, max(width - indent, 10))
    head = Text(key, style=ink.accent)
    lines = [head]
    if cell_len(key) > indent - 2:
        lines.append(Text(" " * indent + first, style=ink.text))
    else:
        head.append(" " * (indent - cell_len(key)) + first, style=ink.text)
    return lines + [Text(" " * indent + line, style=ink.text) for line in more]


def _spread(blocks: Sequence[list[Text]], count: int) -> list[list[list[Text]]]:
    """Cut where the tallest column is as short as can be."""

    def parts(cuts: Sequence[int]) -> list[list[list[Text]]]:
        edges = [0, *cuts, len(blocks)]
        return [list(blocks[a:b]) for a, b in pairwise(edges)]

    ways = combinations(range(1, len(blocks)), min(count, len(blocks)) - 1)
    return min(map(parts, ways), key=lambda way: max(sum(map(len, part)) for part in way))
