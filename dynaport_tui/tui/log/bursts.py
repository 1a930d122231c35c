"""What one failure printed: lines of a service that are errors, in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...model.levels import Level
from .folding import HEAD
from .rows import Folded, Head, Single

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...model.view import Place
    from .entry import Key
    from .rows import Row

_APART = 0.1
"""Seconds after which it is another failure."""


class Burst(NamedTuple):
    """Where to look at a failure, and where it ends."""

    row: int
    """Index of its traceback, else of its first line."""
    last: Place


def burst(rows: Sequence[Row], index: int, place: Place) -> Burst:
    """The failure to which the line at `place` belongs, which the row at `index` holds."""
    before = list(_reach(rows, range(index - 1, -1, -1), place))
    after = list(_reach(rows, range(index + 1, len(rows)), place))
    indexes = [*reversed(before), index, *after]
    traceback = next((i for i in indexes if _is_traceback(rows[i])), None)
    ends = [_end(rows[i], place) for i in indexes]
    return Burst(indexes[0] if traceback is None else traceback, max(ends))


def older_at(rows: Sequence[Row], place: Place) -> Key | None:
    """The traceback of the failure at `place`, where it is only counted in the row of a newer one
    that was equal.
    """
    for row in rows:
        if row.place.service != place.service or not isinstance(row, Folded | Head):
            continue
        for member in row.fold.members[:-1]:
            near = abs(member[0].place.at - place.at) <= _APART
            if row.fold.error and (near or any(entry.place == place for entry in member)):
                return (place.service, member[0].number, HEAD)
    return None


def _reach(rows: Sequence[Row], indexes: Sequence[int], place: Place) -> Iterator[int]:
    """Rows of the same service, one after the other, as long as they belong to the failure."""
    for index in indexes:
        row = rows[index]
        if row.place.service != place.service:
            continue
        if abs(row.place.at - place.at) > _APART or not _grave(row):
            return
        yield index


def _grave(row: Row) -> bool:
    if isinstance(row, Single):
        level = row.entry.level
        return row.parent is not None or (level is not None and level >= Level.ERROR)
    return isinstance(row, Folded | Head)


def _is_traceback(row: Row) -> bool:
    return isinstance(row, Folded | Head) and bool(row.fold.error)


def _end(row: Row, place: Place) -> Place:
    """The last line of the row that belongs to the failure at `place`."""
    members = row.fold.members if isinstance(row, Folded | Head) else (tuple(row.said),)
    near = [m[-1].place for m in members if m and abs(m[0].place.at - place.at) <= _APART]
    return max([place, *near])
