"""A client that asks at a steady rate, on a new connection each time, and notes every answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

RATE = 200
"""Requests a second."""
PATIENCE = 10.0
"""Seconds after which a request has failed."""
MOST = 100
"""Requests that may be on their way: a machine too slow for the rate gets fewer, not a backlog."""


@dataclass
class Answer:
    """What came of one request; a body is there only when it was answered with 200, and whole."""

    sent: float
    received: float
    """Seconds of the wall clock, as those that the application tells."""
    body: bytes | None
    error: str = ""


async def ask(port: int, path: str = "/", patience: float = PATIENCE) -> Answer:
    """One request on a connection of its own."""
    sent = time.time()
    body, error = None, ""
    try:
        async with asyncio.timeout(patience):
            status, body = parted(await exchange(port, path))
        if status != 200:
            body, error = None, f"status {status}"
    except TimeoutError:
        error = f"no answer within {patience:g} s"
    except (OSError, ValueError) as reason:
        body, error = None, f"{type(reason).__name__}: {reason}"
    return Answer(sent, time.time(), body, error)


async def exchange(port: int, path: str) -> bytes:
    """All that is answered until the server closes."""
    loop = asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with socket.socket() as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, request.encode())
        parts: list[bytes] = []
        while part := await loop.sock_recv(connection, 1 << 16):
            parts.append(part)
        return b"".join(parts)


def parted(said: bytes) -> tuple[int, bytes]:
    """Status and body; ValueError when the answer was cut off."""
    head, found, body = said.partition(b"\r\n\r\n")
    if not found:
        raise ValueError("the connection was closed before an answer")
    first, *lines = head.split(b"\r\n")
    fields = dict(line.lower().split(b":", 1) for line in lines if b":" in line)
    length = fields.get(b"content-length")
    if length is not None and int(length) != len(body):
        raise ValueError(f"{len(body)} bytes of {int(length)}")
    if fields.get(b"transfer-encoding", b"").strip() == b"chunked":
        body = unchunked(body)
    return int(first.split()[1]), body


def unchunked(body: bytes) -> bytes:
    """The content of chunks (RFC 9112, 7.1); ValueError when the last one is missing."""
    parts: list[bytes] = []
    rest = body
    while True:
        size, found, rest = rest.partition(b"\r\n")
        if not found:
            raise ValueError("the last chunk is missing")
        length = int(size, 16)
        if not length:
            return b"".join(parts)
        parts.append(rest[:length])
        rest = rest[length + 2 :]


@dataclass
class Told:
    """What the answers of one path have come to."""

    requests: int = 0
    errors: list[str] = field(default_factory=list)


class Client:
    """Asks `/` at a steady rate while it is entered; answers are JSON with a `version`."""

    def __init__(self, port: int, rate: float = RATE) -> None:
        self._port = port
        self._rate = rate
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Condition()
        self._main: list[asyncio.Task[None]] = []
        self.told = {"/": Told()}
        self.first: dict[str, tuple[float, dict[str, Any]]] = {}
        """Version -> when it was answered first, and that answer."""
        self.newest = ""
        """The version that began to answer last."""
        self.held_back = 0
        """Requests that were not sent, since MOST were on their way."""
        self.overtaxed = asyncio.Event()
        self.went_back = 0
        """Requests that an older version answered although the newest had answered before them."""

    async def __aenter__(self) -> Self:
        self._main.append(asyncio.create_task(self._steadily()))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._main:
            task.cancel()
        await asyncio.gather(*self._main, return_exceptions=True)
        if error is None:
            await asyncio.gather(*self._tasks)
        for task in self._tasks:
            task.cancel()

    def again(self, path: str, whole: Callable[[bytes], bool]) -> None:
        """Ask also this path all the time, the next request when one was answered in full."""
        self._main.append(asyncio.create_task(self._one_by_one(path, whole)))

    async def _steadily(self) -> None:
        began, number = time.monotonic(), 0
        while True:
            if len(self._tasks) < MOST:
                self._begin(self._once())
            else:
                self.held_back += 1
                self.overtaxed.set()
            number += 1
            await asyncio.sleep(max(0.0, began + number / self._rate - time.monotonic()))

    async def _one_by_one(self, path: str, whole: Callable[[bytes], bool]) -> None:
        while True:
            task = self._begin(self._long(path, whole))
            await asyncio.wait([task])

    def _begin(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _long(self, path: str, whole: Callable[[bytes], bool]) -> None:
        answer = await ask(self._port, path, 3 * PATIENCE)
        if answer.body is not None and not whole(answer.body):
            answer.error = "it was cut off"
        self._count(path, answer)

    async def _once(self) -> None:
        answer = await ask(self._port)
        self._count("/", answer)
        if answer.body is None:
            return
        told = json.loads(answer.body)
        version = told["version"]
        if version not in self.first:
            self.first[version] = (answer.received, told)
            self.newest = version
            async with self._news:
                self._news.notify_all()
        elif version != self.newest and answer.sent > self.first[self.newest][0]:
            self.went_back += 1

    def _count(self, path: str, answer: Answer) -> None:
        told = self.told.setdefault(path, Told())
        told.requests += 1
        if answer.error:
            told.errors.append(answer.error)

    async def until(self, version: str, patience: float = PATIENCE) -> tuple[float, dict[str, Any]]:
        """When a version was answered first, and that answer; TimeoutError when it never is."""
        async with self._news:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._news.wait_for(lambda: version in self.first)
        if version not in self.first:
            raise TimeoutError(f"version {version} did not answer within {patience:g} s")
        return self.first[version]
