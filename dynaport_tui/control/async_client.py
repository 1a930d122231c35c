"""The control socket from the other side, for a program that has an event loop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from ..model.view import (
    ActionError,
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
from ..model.wire import decode_event
from .client import NoAnswer, NotRunning, refused, request
from .protocol import HEARTBEAT, PREFIX, EnvAnswer, Logs, TracebackAnswer, Wish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

T = TypeVar("T")

_LIMIT = 16 * 1024 * 1024
"""Bytes of one line of the event stream."""


class AsyncClient:
    """What `Client` is, without blocking.

    Every call opens a connection of its own and raises NotRunning, NoAnswer after `timeout`
    seconds, or ActionError when the engine refuses.
    """

    def __init__(self, path: Path, *, timeout: float = 10.0) -> None:
        self.path = path
        self.timeout = timeout

    async def snapshot(self) -> Snapshot:
        """The state of everything now."""
        return await self._ask("GET", "/project", Snapshot)

    async def page(self, query: LogQuery) -> LogPage:
        """Some lines of one or several logs, merged and filtered."""
        return await self._ask("POST", "/lines", LogPage, msgspec.json.encode(query))

    async def hits(self, query: LogQuery) -> Hits:
        """Where the lines are that `page` would give."""
        return await self._ask("POST", "/hits", Hits, msgspec.json.encode(query))

    async def traceback(self, service: str | None = None) -> Traceback | None:
        """The newest kept traceback of one service or of all."""
        query = f"?service={quote(service, safe='')}" if service else ""
        return (await self._ask("GET", f"/traceback{query}", TracebackAnswer)).traceback

    async def details(self, service: str) -> Details:
        """What there is to know of one service beside its row."""
        return await self._ask("GET", f"/services/{quote(service, safe='')}", Details)

    async def requests(self, service: str, after: int = 0) -> Requests:
        """The last requests that are numbered above `after`."""
        path = f"/services/{quote(service, safe='')}/requests?after={after}"
        return await self._ask("GET", path, Requests)

    async def env(self, service: str, *, reveal: bool = False) -> dict[str, str]:
        """What dynaport gives to the service, secrets masked unless `reveal`."""
        path = f"/env/{quote(service, safe='')}{'?reveal=1' if reveal else ''}"
        return (await self._ask("GET", path, EnvAnswer)).env

    async def act(self, verb: Verb, services: Sequence[str] = ()) -> Snapshot:
        """Change what is wanted and return at once; no service means all of them."""
        wish = Wish(verb=verb, services=list(services))
        return await self._ask("POST", "/actions", Snapshot, msgspec.json.encode(wish))

    async def down(self) -> None:
        """Begin the orderly stop and return at once."""
        await self._ask("POST", "/down", dict[str, Any])

    async def events(self, logs: Logs = "marks") -> AsyncIterator[Snapshot | Event | LogLine]:
        """A snapshot, then everything that happens from that instant on, until the engine ends.

        Raises NoAnswer when not even the heartbeat arrives for 30 s.
        """
        path = f"/events?{urlencode({'logs': logs})}"
        async with self._answer("GET", path) as answer:
            while line := await self._within(answer.readline(), HEARTBEAT * 3):
                if not line.endswith(b"\n"):
                    return
                if line.strip():
                    yield decode_event(line)

    async def _ask(self, method: str, path: str, kind: type[T], body: bytes = b"") -> T:
        async with self._answer(method, path, body) as answer:
            data = await self._within(answer.read())
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.DecodeError as error:
            raise NoAnswer(f"the engine's answer to {path} is not understood: {error}") from error

    @asynccontextmanager
    async def _answer(
        self, method: str, path: str, body: bytes = b""
    ) -> AsyncIterator[asyncio.StreamReader]:
        """The body of an answer that is a success; raises ActionError for another."""
        opening = asyncio.open_unix_connection(str(self.path), limit=_LIMIT)
        reader, writer = await self._within(opening)
        try:
            writer.write(request(method, PREFIX + path, body))
            await self._within(writer.drain())
            status = await self._within(_status(reader))
            if status >= 400:
                raise refused(status, await self._within(reader.read()))
            yield reader
        finally:
            writer.close()

    async def _within(self, waiting: Any, seconds: float | None = None) -> Any:
        try:
            async with asyncio.timeout(seconds or self.timeout):
                return await waiting
        except TimeoutError as error:
            raise NoAnswer(f"the engine behind {self.path} does not answer") from error
        except OSError as error:
            raise NotRunning(self.path) from error


async def _status(reader: asyncio.StreamReader) -> int:
    first = await reader.readline()
    if not first:
        raise ConnectionError("no answer")
    while (await reader.readline()).strip():
        pass
    version, _, rest = first.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise NoAnswer("whoever listens on the control socket does not speak HTTP")
    return int(rest[:3])


__all__ = ["ActionError", "AsyncClient", "NoAnswer", "NotRunning"]
