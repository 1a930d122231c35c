"""What a source has said of one service so far."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

from ...model.machine import State
from .requests import KEPT

if TYPE_CHECKING:
    from ...model.view import Details, Request, Requests, ServiceStatus, Traceback
    from ..source import Source

Tab = Literal["why", "requests", "environment", "config", "ports"]

_TROUBLED = (State.FAILED, State.BACKOFF, State.UNHEALTHY)


class Answers:
    """Everything that the tabs of one service show; asks for no more than a tab needs."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.details: Details | None = None
        self.env: dict[str, str] | None = None
        self.revealed = False
        """Whether `env` holds its secrets."""
        self.requests: Requests | None = None
        """The newest figures."""
        self.kept: deque[Request] = deque(maxlen=KEPT)
        """Oldest first."""
        self.traceback: Traceback | None = None
        self._looked: tuple[int, int] | None = None
        """Errors and lines of the log when the traceback was asked for."""

    async def ask(self, source: Source, tab: Tab, status: ServiceStatus, *, reveal: bool) -> None:
        """Bring up to date what a tab shows; raises what a Source raises."""
        if tab == "requests":
            await self._ask_requests(source)
            return
        self.details = await source.details(self.service)
        if tab == "environment":
            self.env = await source.env(self.service, reveal=reveal)
            self.revealed = reveal
        elif tab == "why":
            await self._ask_traceback(source, status)

    async def _ask_requests(self, source: Source) -> None:
        last = self.kept[-1].number if self.kept else 0
        answer = await source.requests(self.service, after=last)
        if answer.total < last:
            self.kept.clear()
            answer = await source.requests(self.service)
        newest = self.kept[-1].number if self.kept else 0
        self.kept.extend(each for each in answer.requests if each.number > newest)
        self.requests = answer

    async def _ask_traceback(self, source: Source, status: ServiceStatus) -> None:
        """Only where there can be another than before: looking for it costs the engine some."""
        if not status.log_errors and status.state not in _TROUBLED:
            return
        seen = (status.log_errors, status.log_lines)
        if seen != self._looked:
            self.traceback = await source.traceback(self.service)
            self._looked = seen
