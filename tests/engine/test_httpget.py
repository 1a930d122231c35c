"""A probe over HTTP, put to servers that answer in odd ways."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from dynaport_tui.engine.probe import ProbeResult, probe
from dynaport_tui.model.spec import ProbeSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HTTP = ProbeSpec(kind="http", path="/", timeout=5)


@asynccontextmanager
async def raw_server(serve: Serve) -> AsyncIterator[int]:
    """Calls `serve` for each connection, and closes it; gives the port."""
    open_ones: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # who asked has gone already
        finally:
            writer.close()

    listening = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


def saying(*pieces: bytes, then: Serve | None = None) -> Serve:
    """Says the pieces one by one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if then is not None:
            await then(reader, writer)

    return serve


async def stay(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Says nothing more, and does not hang up."""
    await asyncio.Event().wait()


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hangs up as a program does that was killed with something unread."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def asked(serve: Serve, patience: float = 5.0) -> tuple[ProbeResult, int]:
    """What a probe of such a server finds, and its port."""
    async with raw_server(serve) as port:
        return await probe(ProbeSpec(kind="http", path="/", timeout=patience), port=port), port


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.0 200 OK\r\n\r\nfine",),
        (b"HTTP/1.1 204 No Content\r\n\r\n",),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",),
        (b"HTTP/1.1 200 OK\nContent-Length: 4\n\nfine",),
        (b"HT", b"TP/1.1 2", b"00 OK\r\nContent-Le", b"ngth: 4\r\n\r", b"\nfi", b"ne"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n", b"0\r\n\r\n"),
    ],
    ids=[
        "HTTP/1.0", "no body", "no reason", "bare newlines", "in pieces", "100 first",
        "103 in one piece", "chunked",
    ],
)  # fmt: skip
async def test_an_answer_is_understood_however_it_comes(pieces: tuple[bytes, ...]) -> None:
    result, _ = await asked(saying(*pieces))
    assert result.ok, result.why


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 4\r\n\r\nfine",
        b"Transfer-Encoding: gzip, chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_an_answer_ends_where_it_says_though_the_connection_stays(
    head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynaport_tui.engine.httpget._BODY_TIME", 60.0)
    result, _ = await asked(saying(b"HTTP/1.1 200 OK\r\n" + head, then=stay))
    assert result.ok


@pytest.mark.parametrize(
    "said",
    [
        b"+OK redis here\r\n", b"\x15\x03\x01\x00\x02\x02\x16", b"HTTP is what I am\r\n\r\n",
        b"HTTP/1.1 fine\r\n\r\n", b"HTTP/1.1 200 " + b"x" * 70000,
    ],
    ids=["redis", "TLS", "nearly", "no status", "endless status line"],
)  # fmt: skip
async def test_garbage_is_no_http(said: bytes) -> None:
    result, port = await asked(saying(said, then=stay))
    assert not result.ok
    assert result.why == f"GET /: what answers on port {port} does not speak HTTP"


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-"])
@pytest.mark.parametrize("then", [None, reset])
async def test_half_an_answer_is_none(said: bytes, then: Serve | None) -> None:
    result, _ = await asked(saying(said, then=then))
    assert result == ProbeResult(ok=False, why="GET /: the connection was closed without an answer")


async def test_a_server_that_hangs_up_in_the_body_has_answered() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfi"
    result, _ = await asked(saying(head, then=reset))
    assert result.ok


async def test_a_head_that_does_not_end_in_time_is_no_answer() -> None:
    result, _ = await asked(saying(b"HTTP/1.1 200 OK\r\nA: b\r\n", then=stay), patience=0.1)
    assert result.why == "no answer to GET / within 100 ms"


async def test_a_head_without_an_end_is_not_read_for_ever() -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Busy\r\n")
        while True:
            writer.write(b"A: " + b"b" * 4000 + b"\r\n")
            await writer.drain()

    result, _ = await asked(endless)
    assert result.why == "GET / answered 503 Busy"


async def test_what_follows_the_question_is_the_end_of_our_side_alone() -> None:
    """A server may be done before it has read all; what it said still counts."""

    async def half_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.write_eof()
        assert await reader.read() == b""

    result, _ = await asked(half_closed)
    assert result.ok


async def test_a_path_is_sent_as_a_url_has_it() -> None:
    lines: list[bytes] = []

    async with await asyncio.start_server(
        lambda reader, writer: _noted(reader, writer, lines), "127.0.0.1", 0
    ) as listening:
        port = listening.sockets[0].getsockname()[1]
        result = await probe(HTTP, port=port, path="/käse und brot?x=1%20&y=[2]")
    assert result.ok
    assert lines[0] == b"GET /k%C3%A4se%20und%20brot?x=1%20&y=[2] HTTP/1.1\r\n"
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in lines


async def _noted(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lines: list[bytes]
) -> None:
    while (line := await reader.readline()) != b"\r\n":
        lines.append(line)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    writer.close()
