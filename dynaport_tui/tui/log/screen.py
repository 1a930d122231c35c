"""What part of the rows is seen, where the cursor stands and what is marked; it stays put while
rows come and go around it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from .paint import face, paint, stamp
from .rows import Detail, Rule, Single, index_of
from .scroll import Rows, Top, bottom, clamped, moved, revealed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.strip import Strip

    from ...model.view import Place
    from .entry import Key
    from .look import Look
    from .rows import Row

_PAINTED = 1_000
"""Rows that are kept painted."""


class Spot(NamedTuple):
    """A row that is found again when the rows around it are others."""

    key: Key
    place: Place


class Screen:
    """The rows and a view of them, without a terminal.

    While `following`, the last line is at the lower edge and the cursor on it.
    """

    def __init__(self, look: Look) -> None:
        self.look = look
        self.height = 1
        self.rows: Sequence[Row] = ()
        self.top = Top(0)
        self.cursor = 0
        self.following = True
        self.here: Place | None = None
        """The hit on which the person stands."""
        self._block: Spot | None = None
        self._painted: OrderedDict[tuple[object, ...], list[Strip]] = OrderedDict()

    # ---- what is drawn

    def strips(self, index: int) -> list[Strip]:
        """The lines of a row, painted once."""
        row = self.rows[index]
        here = self.here is not None and any(entry.place == self.here for entry in row.entries)
        when = stamp(row.place.at, self.look) if self.look.stamps == "age" else ""
        key = (*face(row), when, here)
        found = self._painted.get(key)
        if found is None:
            found = self._painted[key] = paint(row, self.look, here=here)
            if len(self._painted) > _PAINTED:
                self._painted.popitem(last=False)
        else:
            self._painted.move_to_end(key)
        return found

    def see(self, look: Look, height: int) -> None:
        """Draw so from now on."""
        # The age of a line is part of what a painted row is known by.
        if look != self.look and _timeless(look) != _timeless(self.look):
            self._painted.clear()
        self.look, self.height = look, max(height, 1)
        self._settle()

    def forget(self) -> None:
        """Paint everything anew: the same numbers are other lines now."""
        self._painted.clear()

    def lines(self) -> list[tuple[int, int]]:
        """Row and line of each line of the screen."""
        return shown(self._measured, self.top, self.height)

    # ---- what is there

    def show(self, rows: Sequence[Row]) -> None:
        """Other rows: what is at the upper edge, the cursor and the block stay."""
        if self.following:
            self.rows = rows
            self._settle()
            return
        top, cursor = self._spot(self.top.row), self._spot(self.cursor)
        self.rows = rows
        if top is not None and cursor is not None:
            self.top = Top(self._find(top), self.top.line)
            self.cursor = self._find(cursor)
        self._settle()

    def _spot(self, index: int) -> Spot | None:
        if not 0 <= index < len(self.rows):
            return None
        row = self.rows[index]
        return Spot(row.key, row.place)

    def _find(self, spot: Spot) -> int:
        return max(index_of(self.rows, spot.key, spot.place), 0)

    def _settle(self) -> None:
        last = max(len(self.rows) - 1, 0)
        self.cursor = last if self.following else min(self.cursor, last)
        if self.following:
            self.top = bottom(self._measured, self.height)
        elif self.rows:
            self.top = clamped(self._measured, self.top, self.height)
        else:
            self.top = Top(0)

    @property
    def _measured(self) -> Rows:
        return Rows(len(self.rows), self._height)

    def _height(self, index: int) -> int:
        return len(self.strips(index)) if self.look.wrap else 1

    # ---- moving

    def follow(self, on: bool) -> None:
        """Go to the end and stay there, or hold still."""
        self.following = on
        self._settle()

    def move(self, by: int) -> None:
        """The cursor, by rows; up ends following."""
        target = min(max(self.cursor + by, 0), max(len(self.rows) - 1, 0))
        if target != self.cursor:
            self.go(target)

    def go(self, index: int, *, middle: bool = False) -> None:
        """The cursor to a row, and hold still."""
        if not self.rows:
            return
        self.following = False
        self.cursor = min(max(index, 0), len(self.rows) - 1)
        self.top = revealed(self._measured, self.top, self.cursor, self.height, middle=middle)

    def seek(self, place: Place) -> bool:
        """The cursor to the row that holds the line at `place`, else to the next one; whether it
        was found.
        """
        for index, row in enumerate(self.rows):
            if any(entry.place == place for entry in row.entries):
                self.go(index, middle=True)
                return True
        after = (i for i, row in enumerate(self.rows) if row.place >= place)
        self.go(next(after, len(self.rows) - 1), middle=True)
        return False

    def uncover(self) -> None:
        """Scroll so far that what belongs to the row with the cursor is seen with it."""
        rows = self.rows
        last = self.cursor
        while last + 1 < len(rows) and _belongs(rows[last + 1], rows[self.cursor]):
            last += 1
        for row in (last, self.cursor):
            self.top = revealed(self._measured, self.top, row, self.height)

    def scroll(self, by: int) -> bool:
        """By lines, the cursor with them where it would be lost; whether anything moved."""
        top = moved(self._measured, self.top, by, self.height)
        if top == self.top:
            return False
        self.following = False
        self.top = top
        seen = [row for row, _ in self.lines()]
        self.cursor = min(max(self.cursor, seen[0]), seen[-1])
        return True

    # ---- the block

    @property
    def block(self) -> range:
        """Indexes of the marked rows; empty where none is."""
        if self._block is None or not self.rows:
            return range(0)
        start = self._find(self._block)
        return range(min(start, self.cursor), max(start, self.cursor) + 1)

    @property
    def marking(self) -> bool:
        """Whether a block is being marked."""
        return self._block is not None

    def mark(self, index: int | None) -> None:
        """Begin a block at a row, or have none."""
        self._block = None if index is None else self._spot(index)

    def chosen(self) -> Sequence[Row]:
        """The marked rows, else the one with the cursor."""
        block = self.block
        if block:
            return self.rows[block.start : block.stop]
        return self.rows[self.cursor : self.cursor + 1]

    def last(self) -> Row | None:
        """The last row on the screen that stands for a line."""
        for index, _ in reversed(self.lines()):
            if not isinstance(self.rows[index], Rule | Detail):
                return self.rows[index]
        return None


def _belongs(row: Row, above: Row) -> bool:
    if isinstance(row, Detail):
        return row.entry in above.entries
    return isinstance(row, Single) and row.parent == above.key


def _timeless(look: Look) -> tuple[object, ...]:
    return (
        look.width, look.colours, look.names, look.stamps, look.wrap, look.left, look.search,
    )  # fmt: skip
