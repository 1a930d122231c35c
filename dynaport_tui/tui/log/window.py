"""The lines around what is on the screen, and never more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.view import BEGINNING, Place
from .entry import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...model.view import LogLine, LogPage

MOST_LINES = 3_000
_FOLLOWED = 1_000
"""Lines while following: what is above can be fetched again, and each new line costs less."""
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
        self.clear()

    def clear(self) -> None:
        """Know nothing again."""
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
        self._take(page.lines)
        self.at_beginning = page.reached is None
        if page.reached is not None:
            self.older = page.reached
        elif self.entries:
            self.older = self.entries[0].place
        self._trim(self._most, newer=True)

    def add_newer(
        self, page: LogPage, end: Place | None = None, *, following: bool = False
    ) -> None:
        """A page that begins where the window ends; `end` is how far was looked, where that is not
        its last line.
        """
        self._take(page.lines)
        self.at_end = page.reached is None
        last = self.entries[-1].place if self.entries else BEGINNING
        self.newer = max(self.newer, page.reached or end or last)
        self._trim(min(self._most, _FOLLOWED) if following else self._most, newer=False)

    def _take(self, lines: Sequence[LogLine]) -> None:
        """Hold these lines too, each once."""
        self.asked = True
        fresh = [Entry(line) for line in lines]
        if self.entries and fresh:
            first, last = self.entries[0].place, self.entries[-1].place
            if fresh[0].place <= last and fresh[-1].place >= first:
                held = {entry.place for entry in self.entries}
                fresh = [entry for entry in fresh if entry.place not in held]
        self._size += sum(len(entry.line.text) for entry in fresh)
        before = bool(self.entries and fresh and fresh[0].place < self.entries[-1].place)
        self.entries = [*self.entries, *fresh]
        if before:
            self.entries.sort(key=_place)

    def _trim(self, most: int, *, newer: bool) -> None:
        """Let go of lines at one end."""
        excess = max(len(self.entries) - most, 0)
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
