"""The control socket from the other side, for a program that has an event loop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
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
from ..model.wire import UnknownEvent, decode_event, decode_line
from .client import NoAnswer, NotRunning, refused, request
from .protocol import HEARTBEAT, PREFIX, EnvAnswer, Logs, LogsAnswer, TracebackAnswer, Wish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

T = TypeVar("T")

_LIMIT = 16 * 1024 * 1024
"""Bytes of one line of the event stream."""
_NO_HTTP = "whoever listens on the control socket does not speak HTTP"
_CLOSING = 1.0
"""Seconds that a connection which is given up may take to be gone."""


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

    async def past(self, service: str, limit: int = 200) -> list[LogLine]:
        """The last lines of the run before this one, numbered up to -1."""
        path = f"/past/{quote(service, safe='')}?limit={limit}"
        return [decode_line(line) for line in (await self._ask("GET", path, LogsAnswer)).lines]

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

        Kinds of events that we do not know are left out. Raises NoAnswer when not even the
        heartbeat arrives for 30 s.
        """
        path = f"/events?{urlencode({'logs': logs})}"
        async with self._answer("GET", path) as answer:
            while line := await self._within(answer.line(), HEARTBEAT * 3):
                with suppress(UnknownEvent):
                    if line.strip():
                        yield _understood(path, decode_event, line)

    async def _ask(self, method: str, path: str, kind: type[T], body: bytes = b"") -> T:
        async with self._answer(method, path, body) as answer:
            data = await self._within(answer.body())
        return _understood(path, lambda found: msgspec.json.decode(found, type=kind), data)

    @asynccontextmanager
    async def _answer(self, method: str, path: str, body: bytes = b"") -> AsyncIterator[_Answer]:
        """An answer that is a success; raises ActionError for another."""
        opening = asyncio.open_unix_connection(str(self.path), limit=_LIMIT)
        reader, writer = await self._within(opening)
        answer = _Answer(reader)
        try:
            writer.write(request(method, PREFIX + path, body))
            await self._within(writer.drain())
            status = await self._within(answer.head())
            if status >= 400:
                raise refused(status, await self._within(answer.body()))
            yield answer
        finally:
            await _closed(writer)

    async def _within(self, waiting: Awaitable[T], seconds: float | None = None) -> T:
        try:
            async with asyncio.timeout(seconds or self.timeout):
                return await waiting
        except TimeoutError as error:
            raise NoAnswer(f"the engine behind {self.path} does not answer") from error
        except OSError as error:
            raise NotRunning(self.path) from error


class _Answer:
    """An answer, as far as it has been read."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._length = 0

    async def head(self) -> int:
        """Its status; raises ConnectionError when the engine ended before it had said all."""
        version, _, rest = (await self._head_line()).partition(b" ")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise NoAnswer(_NO_HTTP)
        while line := (await self._head_line()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                self._length = _number(value.strip())
        return int(rest[:3])

    async def _head_line(self) -> bytes:
        if not (line := await self.line()):
            raise ConnectionError("the answer has no whole head")
        return line

    async def line(self) -> bytes:
        """The next line; empty at the end, also where it comes in the middle of one."""
        try:
            line = await self._reader.readline()
        except ValueError as error:
            raise NoAnswer("the engine's answer has a line without an end") from error
        return line if line.endswith(b"\n") else b""

    async def body(self) -> bytes:
        """All of it; raises ConnectionError when the engine ended before it had said all."""
        data = await self._reader.read()
        if len(data) < self._length:
            raise ConnectionError("the answer is not complete")
        return data


def _number(digits: bytes) -> int:
    if not digits.isdigit():
        raise NoAnswer(_NO_HTTP)
    return int(digits)


def _understood(path: str, decode: Callable[[bytes], T], data: bytes) -> T:
    try:
        return decode(data)
    except UnknownEvent:
        raise
    except ValueError as error:
        raise NoAnswer(f"the engine's answer to {path} is not understood: {error}") from error


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Give the connection up; whatever was still to be sent is of no use any more."""
    writer.transport.abort()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSING):
            await writer.wait_closed()


__all__ = ["ActionError", "AsyncClient", "NoAnswer", "NotRunning"]
