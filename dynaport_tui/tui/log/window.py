"""The lines around what is on the screen, and never more than that."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from ...model.view import BEGINNING, Place
from .entry import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...model.view import LogLine, LogPage

MOST_LINES = 3_000
MOST_CHARACTERS = 8_000_000


class Window:
    """Consecutive lines of one query, oldest first; what becomes too much is let go at the end
    that is farther away.

    `older` and `newer` are the places from which to go on; `at_beginning` and `at_end` tell that
    nothing was left there at the last look.
    """

    def __init__(self, lines: int = MOST_LINES, characters: int = MOST_CHARACTERS) -> None:
        self._most = lines
        self._characters = characters
        self._size = 0
        self.entries: list[Entry] = []
        self.older: Place | None = None
        self.newer: Place = BEGINNING
        self.at_beginning = False
        self.at_end = False
        self.asked = False
        """Whether any page came yet."""

    @property
    def full(self) -> bool:
        """Whether any further line costs one at the other end."""
        return len(self.entries) >= self._most or self._size >= self._characters

    def clear(self) -> None:
        """Know nothing again."""
        self.__init__(self._most, self._characters)  # type: ignore[misc]

    def newest(self, page: LogPage, end: Place | None = None) -> None:
        """Hold this page alone: the newest lines of all; `end` is the newest place, where it is
        known.
        """
        self.clear()
        self.at_end = True
        self.add_older(page)
        last = self.entries[-1].place if self.entries else BEGINNING
        self.newer = max(last, end or BEGINNING)

    def around(self, place: Place) -> None:
        """Hold nothing, and go on from `place` in both directions; it counts as newer."""
        self.clear()
        self.older = place
        self.newer = Place(place.at, place.service, place.number - 1)

    def add_older(self, page: LogPage) -> None:
        """A page that ends where the window begins."""
        fresh = self._fresh(page.lines)
        self.entries[:0] = fresh
        self.asked = True
        self.at_beginning = page.reached is None
        if page.reached is not None:
            self.older = page.reached
        elif self.entries:
            self.older = self.entries[0].place
        self._trim(newer=True)

    def add_newer(self, page: LogPage, end: Place | None = None) -> None:
        """A page that begins where the window ends; `end` is how far was looked when nothing
        further was there.
        """
        fresh = self._fresh(page.lines)
        self.entries.extend(fresh)
        self.asked = True
        self.at_end = page.reached is None
        last = self.entries[-1].place if self.entries else BEGINNING
        self.newer = max(self.newer, last, page.reached or end or BEGINNING)
        self._trim(newer=False)

    def index(self, place: Place) -> int:
        """Where in `entries` the first line at or after `place` is."""
        return bisect_left(self.entries, place, key=_place)

    def _fresh(self, lines: Sequence[LogLine]) -> list[Entry]:
        """Entries of those lines that are not held already."""
        if self.entries:
            first, last = self.entries[0].place, self.entries[-1].place
            entries = [Entry(line) for line in lines]
            fresh = [entry for entry in entries if not first <= entry.place <= last]
        else:
            fresh = [Entry(line) for line in lines]
        self._size += sum(len(entry.line.text) for entry in fresh)
        return fresh

    def _trim(self, *, newer: bool) -> None:
        """Let go of lines at one end."""
        excess = max(len(self.entries) - self._most, 0)
        size = self._size - sum(len(entry.line.text) for entry in self._end(excess, newer=newer))
        while size > self._characters and len(self.entries) - excess > 1:
            size -= len(self.entries[-1 - excess if newer else excess].line.text)
            excess += 1
        if not excess:
            return
        self._size = size
        if newer:
            del self.entries[-excess:]
            self.at_end = False
            self.newer = self.entries[-1].place
        else:
            del self.entries[:excess]
            self.at_beginning = False
            self.older = self.entries[0].place

    def _end(self, count: int, *, newer: bool) -> list[Entry]:
        return self.entries[len(self.entries) - count :] if newer else self.entries[:count]


def _place(entry: Entry) -> Place:
    return entry.place
