"""Where to go next in the logs of all services."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...model.view import BEGINNING, LogLine, LogQuery, Place

if TYPE_CHECKING:
    from ..source import Source

ERRORS = "level:error"


class Jump(NamedTuple):
    """A line to go to."""

    line: LogLine
    wrapped: bool
    """Whether it was found from the beginning on, because nothing followed."""

    @property
    def place(self) -> Place:
        """Where it is."""
        return place_of(self.line)


async def next_error(source: Source, after: Place | None) -> Jump | None:
    """The first error after a place, else the oldest of all; without a place the newest.

    None where no error is kept.
    """
    if after is None:
        found = await _newest(source)
        return Jump(found, wrapped=False) if found is not None else None
    found = await _oldest(source, after)
    if found is not None:
        return Jump(found, wrapped=False)
    found = await _oldest(source, BEGINNING)
    return Jump(found, wrapped=True) if found is not None else None


async def _oldest(source: Source, after: Place) -> LogLine | None:
    start: Place | None = after
    while start is not None:
        page = await source.page(LogQuery(filter=ERRORS, after=start, limit=1))
        if page.lines:
            return page.lines[0]
        start = page.reached
    return None


async def _newest(source: Source) -> LogLine | None:
    before: Place | None = None
    while True:
        page = await source.page(LogQuery(filter=ERRORS, before=before, limit=1))
        if page.lines:
            return page.lines[-1]
        if page.reached is None:
            return None
        before = page.reached


def place_of(line: LogLine) -> Place:
    """Where a line stands."""
    return Place(line.at, line.service, line.number)
