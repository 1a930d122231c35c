"""As much of HTTP/1.1 as the control socket speaks (RFC 9112).

A framework would cost every engine a sixth of a second and a third of its memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

HEAD_MAX = 16384
"""Bytes of a request's line and headers."""
BODY_MAX = 65536
"""Bytes of its body."""
IDLE = 75.0
"""Seconds that a connection may stay open without a request."""
SLOW = 10.0
"""Seconds that a request which has begun may take to arrive."""
STALLED = 60.0
"""Seconds after which a reader that takes nothing loses its connection."""

REASONS = {
    200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    409: "Conflict", 411: "Length Required", 413: "Content Too Large",
    431: "Request Header Fields Too Large", 500: "Internal Server Error",
    505: "HTTP Version Not Supported",
}  # fmt: skip


class Request(NamedTuple):
    """One request, whole."""

    method: str
    path: tuple[str, ...]
    """The parts between the slashes, decoded."""
    query: dict[str, list[str]]
    headers: dict[str, str]
    """By name in lower case; of several of one name the last."""
    body: bytes
    lasting: bool
    """Whether the client understands chunks, and may ask again on this connection."""

    @property
    def shown(self) -> str:
        """As a message names it."""
        return f"{self.method} /{'/'.join(self.path)}"


class Answer(NamedTuple):
    """A whole answer, in JSON."""

    status: int
    body: bytes


class Flow(NamedTuple):
    """An answer that is given piece by piece, in lines of JSON."""

    chunks: AsyncGenerator[bytes, None]


Handle = Callable[[Request], Awaitable[Answer | Flow]]
Refuse = Callable[[int, str], Answer]
"""The answer to what is no proper request, from its status and what is wrong."""


class Malformed(Exception):
    """What came is no request, or none that can be taken."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Talk:
    """One connection: request after request, until one side has enough."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handle: Handle,
        refuse: Refuse,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._handle, self._refuse = handle, refuse
        self.busy = False
        """Whether a request is being answered."""

    async def run(self) -> None:
        """Until the end of the connection, which may come at any time."""
        try:
            while await self._turn():
                pass
        except (OSError, EOFError, TimeoutError):
            pass  # the client left, or is too slow for us
        finally:
            if self.busy:
                self._writer.transport.abort()
            else:
                self._writer.close()

    def end(self) -> None:
        """Close the connection, also where `run` was cancelled before it began; safe to repeat."""
        self._writer.close()

    async def _turn(self) -> bool:
        """Answer one request; whether another may follow."""
        try:
            request = await self._request()
        except Malformed as error:
            await self._say(self._refuse(error.status, str(error)), lasting=False)
            return False
        self.busy = True
        answer = await self._handle(request)
        if isinstance(answer, Flow):
            await self._flow(answer, lasting=request.lasting)
        else:
            await self._say(answer, lasting=request.lasting)
        self.busy = False
        return request.lasting

    # ---- what comes

    async def _request(self) -> Request:
        async with asyncio.timeout(IDLE):
            first = await self._reader.readexactly(1)
        async with asyncio.timeout(SLOW):
            try:
                head = first + await self._reader.readuntil(b"\r\n\r\n")
            except asyncio.LimitOverrunError:
                raise Malformed(431, f"a head of more than {HEAD_MAX} bytes") from None
            line, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
            headers = _headers(rest)
            body = await self._body(headers)
        return _request(line, headers, body)

    async def _body(self, headers: dict[str, str]) -> bytes:
        if "transfer-encoding" in headers:
            raise Malformed(411, "a body without Content-Length")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()):
            raise Malformed(400, f"Content-Length is {length!r}")
        if int(length) > BODY_MAX:
            raise Malformed(413, f"a body of more than {BODY_MAX} bytes")
        if headers.get("expect", "").lower() == "100-continue":
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await self._reader.readexactly(int(length))

    # ---- what goes

    async def _say(self, answer: Answer, *, lasting: bool) -> None:
        length = f"Content-Length: {len(answer.body)}"
        head = _head(answer.status, "application/json", length, lasting=lasting)
        await self._send(head + answer.body)

    async def _flow(self, flow: Flow, *, lasting: bool) -> None:
        kind, how = "application/x-ndjson", "Cache-Control: no-store"
        if lasting:
            how += "\r\nTransfer-Encoding: chunked"
        await self._send(_head(200, kind, how, lasting=lasting))
        async with aclosing(flow.chunks):
            async for chunk in flow.chunks:
                await self._send(b"%x\r\n%b\r\n" % (len(chunk), chunk) if lasting else chunk)
        if lasting:
            await self._send(b"0\r\n\r\n")

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        async with asyncio.timeout(STALLED):
            await self._writer.drain()


def _headers(lines: list[str]) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Malformed(400, f"the header {line!r}")
        headers[name.lower()] = value.strip()
    return headers


def _request(line: str, headers: dict[str, str], body: bytes) -> Request:
    words = line.split(" ")
    if len(words) != 3 or not words[1].startswith("/"):
        raise Malformed(400, f"the request line {line!r}")
    method, target, version = words
    if version not in ("HTTP/1.0", "HTTP/1.1"):
        raise Malformed(505, f"{version} is not spoken here")
    path, _, query = target.partition("?")
    parts = tuple(unquote(part) for part in path[1:].split("/"))
    asks_to_close = "close" in headers.get("connection", "").lower()
    lasting = version == "HTTP/1.1" and not asks_to_close
    return Request(method, parts, parse_qs(query), headers, body, lasting)


def _head(status: int, kind: str, *lines: str, lasting: bool) -> bytes:
    first = f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}", f"Content-Type: {kind}"
    last = () if lasting else ("Connection: close",)
    return "\r\n".join([*first, *lines, *last, "", ""]).encode()


class Listener:
    """Answers whoever connects to a socket."""

    def __init__(self, handle: Handle, refuse: Refuse, most: int) -> None:
        """At most `most` connections at a time; more are closed at once."""
        self._handle, self._refuse, self._most = handle, refuse, most
        self._talks: dict[asyncio.Task[None], Talk] = {}
        self._closed = False

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody is there: the callback of asyncio.start_unix_server."""
        # One that was accepted in the last moment must not wait for an answer that never comes.
        if self._closed or len(self._talks) >= self._most:
            writer.transport.abort()
            return
        talk = Talk(reader, writer, self._handle, self._refuse)
        task = asyncio.get_running_loop().create_task(talk.run())
        self._talks[task] = talk
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._talks.pop(task).end()
        if not task.cancelled():
            task.result()  # what broke there is a bug, and the loop tells of it

    async def close(self, seconds: float) -> None:
        """End all connections; what is being answered gets so many seconds."""
        self._closed = True
        for task, talk in tuple(self._talks.items()):
            if not talk.busy:
                task.cancel()
        if self._talks:
            await asyncio.wait(tuple(self._talks), timeout=seconds)
        left = tuple(self._talks)
        for task in left:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*left, return_exceptions=True)
