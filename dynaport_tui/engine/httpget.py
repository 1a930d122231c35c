"""One GET over a connection of its own, of which little more than the status is wanted.

A probe asks thousands of times an hour, which an HTTP client for every purpose is too dear for.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from functools import cache
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_HEAD = 65536
"""Bytes of an answer's head that are read."""
_BODY = 65536
"""Bytes of its body that are read, so that a server meets no reset while it writes a small page."""
_BODY_TIME = 0.2
"""Seconds spent on the body: the status alone decides."""
_CHUNK = 65536

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?: ([^\r\n]*))?\r?\n")
_BEGIN = b"HTTP/"
_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)[ \t]*\r?$", re.I | re.M)
_CHUNKED = re.compile(rb"^transfer-encoding:.*\bchunked[ \t]*\r?$", re.I | re.M)
_URL = "/?#[]@!$&'()*+,;=:%~"
"""Characters of a path and its query that are sent as they are."""


class Answer(msgspec.Struct, frozen=True):
    """The head of an answer."""

    status: int
    reason: str
    head: bytes
    """All of it, or what there was until it grew too long."""
    at: float
    """When it had come, by time.monotonic()."""

    def header(self, name: str) -> str | None:
        """The value of a header, None where there is none."""
        pattern = rb"^" + re.escape(name.encode()) + rb":[ \t]*(.*?)[ \t]*\r?$"
        found = re.search(pattern, self.head, re.I | re.M)
        return found[1].decode("latin-1") if found else None


class NoHTTP(Exception):
    """What answers does not speak HTTP."""


class Closed(Exception):
    """The connection ended before there was an answer."""


async def get(
    connection: socket.socket,
    host: str,
    path: str,
    headers: Mapping[str, str],
    *,
    tls: bool = False,
) -> Answer:
    """Ask for `path`; raises NoHTTP, Closed, OSError, and ssl.SSLError with `tls`.

    It has no deadline. The body is read for a moment, and thrown away.
    """
    wire = await _secured(connection) if tls else _Plain(connection)
    lines = [f"GET {quote(path, safe=_URL)} HTTP/1.1", f"Host: {host}", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    await wire.send("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    answer, body = await _head(wire)
    with contextlib.suppress(OSError, TimeoutError):
        await _read_some(wire, answer, body)
    return answer


async def _head(wire: _Plain) -> tuple[Answer, bytes]:
    """The final head and what has come after it."""
    data = b""
    while True:
        found = _parsed(data)
        if found is None:
            more = await wire.receive()
            if not more:
                raise Closed
            data += more
        elif 100 <= found[0].status < 200 and found[0].status != 101:
            data = found[1]  # an interim answer, such as 100 Continue
        else:
            return found


def _parsed(data: bytes) -> tuple[Answer, bytes] | None:
    """The first head in `data`, and what follows it; None where it is not whole."""
    if not data.startswith(_BEGIN[: len(data)]):
        raise NoHTTP
    status = _STATUS.match(data)
    if status is None:
        if b"\n" in data or len(data) > _HEAD:
            raise NoHTTP
        return None
    end = _END.search(data, status.end() - 2)
    if end is None and len(data) <= _HEAD:
        return None
    head, rest = (data, b"") if end is None else (data[: end.start()], data[end.end() :])
    reason = (status[2] or b"").decode("utf-8", "replace").strip()
    return Answer(int(status[1]), reason, head, time.monotonic()), rest


async def _read_some(wire: _Plain, answer: Answer, body: bytes) -> None:
    if answer.status in (204, 304):
        return
    length = _LENGTH.search(answer.head)
    most = _BODY if length is None else min(int(length[1]), _BODY)
    chunked = length is None and _CHUNKED.search(answer.head) is not None
    async with asyncio.timeout(_BODY_TIME):
        while len(body) < most and not (chunked and _last_chunk(body)):
            more = await wire.receive()
            if not more:
                return
            body += more


def _last_chunk(body: bytes) -> bool:
    return body == b"0\r\n\r\n" or body.endswith(b"\r\n0\r\n\r\n")


class _Plain:
    """Bytes to and fro."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._connection, data)

    async def receive(self) -> bytes:
        """What has come, or comes next; empty at the end."""
        return await self._loop.sock_recv(self._connection, _CHUNK)


class _Secure(_Plain):
    """The same through TLS."""

    def __init__(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        import ssl

        super().__init__(connection)
        self._wants_more = ssl.SSLWantReadError
        self._ended = ssl.SSLZeroReturnError, ssl.SSLEOFError
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)

    async def greet(self) -> None:
        """Shake hands."""
        await self._pumped(self._tls.do_handshake)

    async def send(self, data: bytes) -> None:
        await self._pumped(lambda: self._tls.write(data))

    async def receive(self) -> bytes:
        try:
            return await self._pumped(lambda: self._tls.read(_CHUNK))
        except self._ended:
            return b""

    async def _pumped(self, act: Callable[[], T]) -> T:
        """What `act` returns, once it has had all the bytes that it waits for."""
        while True:
            try:
                result = act()
            except self._wants_more:
                await self._flush()
                if data := await super().receive():
                    self._in.write(data)
                else:
                    self._in.write_eof()
            else:
                await self._flush()
                return result

    async def _flush(self) -> None:
        if data := self._out.read():
            await super().send(data)


async def _secured(connection: socket.socket) -> _Secure:
    wire = _Secure(connection, _unverified())
    await wire.greet()
    return wire


@cache
def _unverified() -> ssl.SSLContext:
    """Any certificate will do: who made it is not what a probe asks."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
