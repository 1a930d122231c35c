"""What of a service's kept lines lies between two places of the merged log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..model.view import Place
    from .logs import ServiceLog


class Window(NamedTuple):
    """The lines of one service that are asked for: numbers, both included."""

    log: ServiceLog
    first: int
    last: int


def window(log: ServiceLog, after: Place | None, before: Place | None) -> Window:
    """The lines between the places, which themselves are not in it; `first` is above `last` when
    there are none.
    """
    first, last = log.ring.first, log.ring.last
    if after is not None:
        first = max(first, _upto(log, after, included=True) + 1)
    if before is not None:
        last = min(last, _upto(log, before, included=False))
    return Window(log, first, last)


def _upto(log: ServiceLog, place: Place, *, included: bool) -> int:
    """Number of the last line that comes before a place, or also at it."""
    if log.service != place.service:
        return log.ring.until(place.at, included=log.service < place.service)
    number = place.number if included else place.number - 1
    number = min(number, log.ring.until(place.at, included=True))
    return max(number, log.ring.until(place.at, included=False))
