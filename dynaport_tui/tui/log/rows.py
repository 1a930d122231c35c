"""Lines become rows: tracebacks fold into one, equal errors are counted, a rule stands where the
person drew one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.tracebacks import elsewhere
from ...model.view import Place
from .fields import pretty
from .folding import Fold, folds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set

    from .entry import Entry, Key

__all__ = ["Detail", "Folded", "Head", "Row", "Rule", "Single", "build", "index_of"]


@dataclass(frozen=True, slots=True)
class Single:
    """A line; `parent` is the head of the unfolded row that it belongs to, and `foreign` a line of
    a traceback where it went through code that is not the project's.
    """

    entry: Entry
    parent: Key | None = None
    foreign: bool = False

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.entry.key

    @property
    def place(self) -> Place:
        """Where it stands in the log."""
        return self.entry.place

    @property
    def entries(self) -> Sequence[Entry]:
        """The lines that are in this row and in no other."""
        return (self.entry,)

    @property
    def said(self) -> Sequence[Entry]:
        """The lines that copying it gives."""
        return (self.entry,)


@dataclass(frozen=True, slots=True)
class Detail:
    """A part of the line above, drawn on a row of its own; it holds no line."""

    entry: Entry
    text: str
    number: int

    @property
    def key(self) -> Key:
        """What it is known by."""
        return (self.entry.service, self.entry.number, self.number)

    @property
    def place(self) -> Place:
        """Of its line."""
        return self.entry.place

    @property
    def said(self) -> Sequence[Entry]:
        """Its line."""
        return (self.entry,)

    entries: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class _OfFold:
    """Stands for a traceback or an error, and the earlier ones that were equal."""

    fold: Fold

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.fold.key

    @property
    def place(self) -> Place:
        """Of the first line of the newest."""
        return self.fold.lines[0].place

    @property
    def said(self) -> Sequence[Entry]:
        """The lines of the newest."""
        return self.fold.lines


@dataclass(frozen=True, slots=True)
class Folded(_OfFold):
    """All of them in one row."""

    @property
    def entries(self) -> Sequence[Entry]:
        """All lines of all of them."""
        return [entry for member in self.fold.members for entry in member]


@dataclass(frozen=True, slots=True)
class Head(_OfFold):
    """Stands above the lines of the newest, which is unfolded; it holds those of the earlier."""

    @property
    def entries(self) -> Sequence[Entry]:
        """The lines of the earlier ones."""
        return [entry for member in self.fold.members[:-1] for entry in member]


@dataclass(frozen=True, slots=True)
class Rule:
    """Drawn by the person, at a time, or by us with a text and a number below 0."""

    at: float
    number: int
    text: str = ""
    entries: Sequence[Entry] = ()
    said: Sequence[Entry] = ()

    @property
    def key(self) -> Key:
        """What it is known by."""
        return ("", self.number, 0)

    @property
    def place(self) -> Place:
        """Before every line of that time."""
        return Place(self.at)


Row = Single | Detail | Folded | Head | Rule


def build(
    entries: Sequence[Entry],
    *,
    rules: Sequence[Rule] = (),
    opened: Set[Key] = frozenset(),
    alone: Set[Key] = frozenset(),
    root: str = "",
) -> list[Row]:
    """The rows of these lines, which are in order; every line is in exactly one row.

    `opened` are the rows that the person has unfolded, `alone` those that are not put together with
    their equals, `root` is the project's folder.
    """
    heads: dict[int, Fold] = {}
    taken: set[int] = set()
    for fold in folds(entries, opened, root, alone):
        heads[fold.first] = fold
        taken.update(fold.taken)
    rows: list[Row] = []
    waiting = sorted(rules, key=_at, reverse=True)
    for index, entry in enumerate(entries):
        while waiting and waiting[-1].at < entry.line.at:
            rows.append(waiting.pop())
        if index in heads:
            rows.extend(_rows(heads[index], opened, root))
        elif index not in taken:
            rows.extend(_single(entry, opened))
    return [*rows, *reversed(waiting)]


def _rows(fold: Fold, opened: Set[Key], root: str) -> Iterator[Row]:
    if fold.key not in opened:
        yield Folded(fold)
        return
    yield Head(fold)
    foreign = elsewhere([entry.plain for entry in fold.lines], root)
    for entry, other in zip(fold.lines, foreign, strict=True):
        yield Single(entry, fold.key, other)


def _single(entry: Entry, opened: Set[Key]) -> Iterator[Row]:
    yield Single(entry)
    if entry.key in opened:
        for number, text in enumerate(pretty(entry.plain), 1):
            yield Detail(entry, text, number)


def _at(rule: Rule) -> float:
    return rule.at


def index_of(rows: Sequence[Row], key: Key, place: Place) -> int:
    """The row with this key, else the one that holds its line, else the one nearest to `place`.

    -1 where there is no row.
    """
    wanted = (key[0], key[1])
    holder = near = -1
    for index, row in enumerate(rows):
        if row.key == key:
            return index
        if holder < 0 and any((e.service, e.number) == wanted for e in row.entries):
            holder = index
        if row.place <= place:
            near = index
    return holder if holder >= 0 else max(near, 0 if rows else -1)
