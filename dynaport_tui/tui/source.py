"""What the dashboard asks of an engine; `control.async_client.AsyncClient` gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from ..model.view import (
        Details,
        Event,
        Hits,
        LogLine,
        LogPage,
        LogQuery,
        Requests,
        Snapshot,
        Traceback,
        Verb,
    )


class Source(Protocol):
    """An engine behind its control socket.

    Every call raises NotRunning when nobody listens, NoAnswer when the engine does not answer in
    time, and ActionError when it refuses.
    """

    async def snapshot(self) -> Snapshot:
        """The state of everything now."""

    async def past(self, service: str, limit: int = 200) -> Sequence[LogLine]:
        """The last lines of the run before this one, numbered up to -1."""

    async def page(self, query: LogQuery) -> LogPage:
        """Some lines of one or several logs, merged and filtered."""

    async def hits(self, query: LogQuery) -> Hits:
        """Where the lines are that `page` would give."""

    async def traceback(self, service: str | None = None) -> Traceback | None:
        """The newest kept traceback of one service or of all."""

    async def details(self, service: str) -> Details:
        """What there is to know of one service beside its row."""

    async def requests(self, service: str, after: int = 0) -> Requests:
        """The last requests that are numbered above `after`."""

    async def env(self, service: str, *, reveal: bool = False) -> dict[str, str]:
        """What dynaport gives to the service, secrets masked unless `reveal`."""

    async def act(self, verb: Verb, services: Sequence[str] = ()) -> Snapshot:
        """Change what is wanted and return at once; no service means all of them."""

    async def down(self) -> None:
        """Begin the orderly stop and return at once."""

    def events(
        self, logs: Literal["lines", "marks", "none"] = "marks"
    ) -> AsyncIterator[Snapshot | Event | LogLine]:
        """A snapshot, then everything that happens from that instant on, until the engine ends."""
