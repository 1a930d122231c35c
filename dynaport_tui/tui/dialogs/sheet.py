"""What the help says, and how it is spread over columns."""

from __future__ import annotations

from itertools import chain, combinations, pairwise, zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from ..actions import MOVES, shown
from ..colours import colours
from ..glyphs import ELLIPSIS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import App

    from ..actions import Action
    from ..colours import Colours

GAP = 3
_KEYS = 5
"""Columns that keys take at least, so that most sections are aligned."""
_BOLD = Style(bold=True)
CLICKED = "clicked"
WIDE = 132
"""Columns from which on there is room for whole sentences."""
_TITLES = {
    "services": "Services",
    "log": "Log",
    "copy": "Copy",
    "view": "View",
    "project": "Project",
}
_SHORT = ("services", "copy", "log", "project", "view")
"""The order in which three columns of labels are equally tall."""
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
    ("click", "selects; a heading sorts, a key here or in the footer acts"),
    ("twice", "opens: the log of a service, a folded traceback"),
    ("drag", "marks lines of the log, y copies them"),
    ("wheel", "scrolls what is under it"),
    ("Shift+drag", "selects with the terminal itself (Option on a Mac)"),
    ("p", "shows the plain stream, to select without borders"),
)


class Row(NamedTuple):
    """A key and what it does."""

    key: str
    text: str
    action: str = ""
    """For a click: in the meta data of the text's style, under CLICKED."""


class Section(NamedTuple):
    """What belongs together, under a title."""

    title: str
    rows: tuple[Row, ...]


def arranged(actions: Sequence[Action], width: int, app: App[object]) -> Text:
    """The help, so wide: whole sentences where there is room, else labels and below them the rest.

    Columns are read from top to bottom and are about equally tall.
    """
    ink = colours(app)
    told = (
        ("Move", MOVES),
        ("Search and filter: all terms must hold", _FILTERS),
        ("Mouse and selection", _MOUSE),
    )
    notes = [Section(title, tuple(Row(*row) for row in rows)) for title, rows in told]
    if width >= WIDE:
        return _columns([*_sections(actions, _TITLES, "help"), *notes], 3, width, ink)
    labels = _columns(_sections(actions, _SHORT, "label"), 3 if width >= 66 else 2, width, ink)
    return Text("\n").join([labels, _columns(notes, 2 if width >= 68 else 1, width, ink)])


def _sections(
    actions: Sequence[Action], groups: Iterable[str], say: Literal["help", "label"]
) -> list[Section]:
    found = []
    for group in groups:
        rows = tuple(
            Row(_keys(action), str(getattr(action, say)).removesuffix("."), action.id)
            for action in actions
            if action.group == group
        )
        found.append(Section(_TITLES[group], rows))
    return [section for section in found if section.rows]


def _columns(found: Sequence[Section], count: int, width: int, ink: Colours) -> Text:
    if not found:
        return Text()
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


def _keys(action: Action) -> str:
    return " ".join(map(shown, action.keys)) or f"{shown('ctrl+p')} {ELLIPSIS}"


def _block(section: Section, width: int, ink: Colours) -> list[Text]:
    longest = max(cell_len(row.key) for row in section.rows)
    indent = max(_KEYS, min(longest, width // 2)) + 2
    lines = [Text(section.title, style=ink.text + _BOLD)]
    for row in section.rows:
        lines += _entry(row, indent, width, ink)
    return [*lines, Text()]


def _entry(row: Row, indent: int, width: int, ink: Colours) -> list[Text]:
    """The key, and what it does beside it; below it where the key is too long."""
    first, *more = wrap(row.text, max(width - indent, 10))
    head = Text.assemble((row.key, ink.accent))
    lines = [head]
    if cell_len(row.key) > indent - 2:
        lines.append(Text(" " * indent + first, style=ink.text))
    else:
        head.append(" " * (indent - cell_len(row.key)) + first, style=ink.text)
    lines += [Text(" " * indent + line, style=ink.text) for line in more]
    if row.action:
        for line in lines:
            line.stylize(Style.from_meta({CLICKED: row.action}))
    return lines


def _spread(blocks: Sequence[list[Text]], count: int) -> list[list[list[Text]]]:
    """Cut where the tallest column is as short as can be."""

    def parts(cuts: Sequence[int]) -> list[list[list[Text]]]:
        edges = [0, *cuts, len(blocks)]
        return [list(blocks[a:b]) for a, b in pairwise(edges)]

    ways = combinations(range(1, len(blocks)), min(count, len(blocks)) - 1)
    return min(map(parts, ways), key=lambda way: max(sum(map(len, part)) for part in way))
