"""Which lines belong together: those of a traceback, and errors that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...model.levels import Level
from ...model.tracebacks import tracebacks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set

    from .entry import Entry, Key

HEAD = -1
"""In the key of a row that stands for several lines."""
_SIGNS = ("Traceback (most recent call last)", '  File "')


class Fold(NamedTuple):
    """One or several groups of lines that are shown as one row; the last is the newest."""

    members: tuple[tuple[Entry, ...], ...]
    taken: tuple[int, ...]
    """Indexes of all their lines."""
    first: int
    """Index of the first line of the newest: there the row stands."""
    error: str
    """Empty where it is a plain line that was repeated."""
    file: str | None = None
    line: int | None = None

    @property
    def lines(self) -> tuple[Entry, ...]:
        """Of the newest."""
        return self.members[-1]

    @property
    def key(self) -> Key:
        """Of its row."""
        return (self.lines[0].service, self.lines[0].number, HEAD)


def folds(
    entries: Sequence[Entry], opened: Set[Key], root: str, alone: Set[Key] = frozenset()
) -> list[Fold]:
    """All there are in these lines, which are in order.

    A row that is unfolded takes in no further equals: it keeps its place. Those in `alone` are
    never put together with others.
    """
    found: list[Fold] = []
    for indexes in _by_service(entries).values():
        lines = [entries[i] for i in indexes]
        single = list(_tracebacks(lines, indexes, root))
        inside = {i for fold in single for i in fold.taken}
        found.extend(_grouped(single, opened, alone))
        found.extend(_repeated(entries, [i for i in indexes if i not in inside], opened))
    return found


def _by_service(entries: Sequence[Entry]) -> dict[str, list[int]]:
    services: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        services.setdefault(entry.service, []).append(index)
    return services


def _tracebacks(lines: Sequence[Entry], indexes: Sequence[int], root: str) -> Iterator[Fold]:
    """Those of one service; where lines are missing in between, none is looked for."""
    start = 0
    for end in range(1, len(lines) + 1):
        if end == len(lines) or lines[end].number != lines[end - 1].number + 1:
            yield from _in_run(lines[start:end], indexes[start:end], root)
            start = end


def _in_run(lines: Sequence[Entry], indexes: Sequence[int], root: str) -> Iterator[Fold]:
    texts = [entry.plain for entry in lines]
    if not any(sign in text for text in texts for sign in _SIGNS):
        return
    for found in tracebacks(texts, root):
        if found.whole and found.last > found.first:
            part = slice(found.first, found.last + 1)
            yield Fold(
                (tuple(lines[part]),),
                tuple(indexes[part]),
                indexes[found.first],
                found.error,
                found.file,
                found.line,
            )


def _grouped(single: Sequence[Fold], opened: Set[Key], alone: Set[Key]) -> list[Fold]:
    groups: dict[tuple[str, str | None, int | None], Fold] = {}
    closed: list[Fold] = []
    for fold in single:
        if fold.key in alone:
            closed.append(fold)
            continue
        same = (fold.error, fold.file, fold.line)
        before = groups.get(same)
        if before is not None and before.key in opened:
            closed.append(before)
            before = None
        groups[same] = _joined(before, fold)
    return [*closed, *groups.values()]


def _joined(before: Fold | None, fold: Fold) -> Fold:
    if before is None:
        return fold
    return fold._replace(
        members=(*before.members, *fold.members), taken=(*before.taken, *fold.taken)
    )


def _repeated(entries: Sequence[Entry], indexes: Sequence[int], opened: Set[Key]) -> Iterator[Fold]:
    """Errors that a service said several times, one right after the other."""
    group: Fold | None = None
    for index in indexes:
        entry = entries[index]
        fold = Fold(((entry,),), (index,), index, "")
        if group is not None and group.key not in opened and _equal(group.lines[0], entry):
            group = _joined(group, fold)
            continue
        if group is not None and len(group.members) > 1:
            yield group
        group = fold
    if group is not None and len(group.members) > 1:
        yield group


def _equal(one: Entry, other: Entry) -> bool:
    return (
        one.saying == other.saying
        and bool(one.saying.strip())
        and other.level is not None
        and other.level >= Level.ERROR
    )
