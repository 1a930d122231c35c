"""The control socket as a program sees it that speaks HTTP by itself."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from dynaport_tui.control import http1, routes, server
from dynaport_tui.control.http1 import BODY_MAX, HEAD_MAX
from dynaport_tui.model.view import Notice
from tests.fakes import FakeEngine, status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROJECT = b"GET /v1/project HTTP/1.1\r\nHost: localhost\r\n\r\n"
EVENTS = b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Caller:
    """One connection to an engine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return int(head[0].split()[1]), fields

    async def answer(self) -> tuple[int, Any]:
        """Status and JSON of the next answer."""
        code, headers = await self.head()
        return code, json.loads(await self.reader.readexactly(int(headers["content-length"])))

    async def chunk(self) -> bytes:
        """The next one of a body that comes in chunks."""
        size = int(await self.reader.readline(), 16)
        data = await self.reader.readexactly(size + 2)
        return data[:-2]

    async def hung_up(self) -> bool:
        """Whether nothing more comes, nor ever will."""
        return await self.reader.read() == b""


@asynccontextmanager
async def calling(path: Path, request: bytes = b"") -> AsyncIterator[Caller]:
    """A connection on which this was sent."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(request)
    try:
        yield Caller(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def engine_at(path: Path) -> AsyncIterator[FakeEngine]:
    """An engine that is asked on this loop."""
    engine = FakeEngine(status("users"))
    served = await server.serve(engine, path)
    try:
        yield engine
    finally:
        await served.close()


async def test_a_connection_may_ask_again_and_before_it_was_answered(private: Path) -> None:
    async with engine_at(private / "sock"), calling(private / "sock", PROJECT + PROJECT) as caller:
        assert (await caller.answer())[0] == 200
        assert (await caller.answer())[0] == 200
        caller.writer.write(PROJECT)
        assert (await caller.answer())[1]["project"]["name"] == "shop"


@pytest.mark.parametrize(
    "request_",
    [
        PROJECT.replace(b"\r\n\r\n", b"\r\nConnection: Close\r\n\r\n"),
        PROJECT.replace(b"1.1", b"1.0"),
    ],
)
async def test_who_asks_for_one_answer_gets_one(private: Path, request_: bytes) -> None:
    async with engine_at(private / "sock"), calling(private / "sock", request_) as caller:
        assert (await caller.answer())[0] == 200
        assert await caller.hung_up()


async def test_events_come_in_chunks_until_the_engine_ends(private: Path) -> None:
    async with engine_at(private / "sock") as engine, calling(private / "sock", EVENTS) as caller:
        code, headers = await caller.head()
        assert (code, headers["transfer-encoding"]) == (200, "chunked")
        assert json.loads(await caller.chunk())["event"] == "snapshot"
        engine.publish(Notice(at=1.0, text="hello"))
        assert json.loads(await caller.chunk())["text"] == "hello"
        engine.end(0, "asked to stop")
        assert json.loads(await caller.chunk())["event"] == "ended"
        assert await caller.chunk() == b""
        caller.writer.write(PROJECT)
        assert (await caller.answer())[0] == 200


async def test_a_reader_who_left_makes_room_for_another(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MAX_STREAMS", 1)
    async with engine_at(private / "sock") as engine:
        async with calling(private / "sock", EVENTS) as caller:
            await caller.head()
            await caller.chunk()
            async with calling(private / "sock", EVENTS) as second:
                assert (await second.answer())[1]["error"]["code"] == "too-many"
        code = 0
        while code != 200:
            engine.publish(Notice(at=1.0, text="is anybody there?"))
            async with calling(private / "sock", EVENTS) as third:
                code, _ = await third.head()


async def test_who_waits_to_be_told_to_go_on_is_told(private: Path) -> None:
    body = b'{"verb": "restart", "services": ["users"]}'
    head = b"POST /v1/actions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    async with engine_at(private / "sock") as engine, calling(private / "sock", head) as caller:
        assert (await caller.head())[0] == 100
        caller.writer.write(body)
        assert (await caller.answer())[0] == 200
        assert engine.acts == [("restart", ["users"])]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET http://localhost/v1/project HTTP/1.1\r\n\r\n", 400),
        (b"GET /v1/project HTTP/1.1\r\nHost localhost\r\n\r\n", 400),
        (b"GET /v1/project HTTP/1.1\r\n Host: localhost\r\n\r\n", 400),
        (b"POST /v1/actions HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /v1/actions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST /v1/actions HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_MAX + 1), 413),
        (b"GET /v1/project HTTP/1.1\r\nCookie: " + b"x" * HEAD_MAX + b"\r\n\r\n", 431),
        (b"GET /v1/project HTTP/2\r\nHost: localhost\r\n\r\n", 505),
    ],
    ids=[
        "no request", "for a proxy", "no colon", "folded", "length", "chunks", "large body",
        "large head", "version",
    ],
)  # fmt: skip
async def test_what_is_no_proper_request_is_refused_and_the_connection_ended(
    private: Path, request_: bytes, code: int
) -> None:
    async with engine_at(private / "sock"), calling(private / "sock", request_) as caller:
        found, answer = await caller.answer()
        assert found == code
        assert answer["error"]["message"]
        assert await caller.hung_up()


@pytest.mark.parametrize("begun", [b"", b"GET /v1/pro", b"GET /v1/project HTTP/1.1\r\n"])
async def test_who_never_asks_is_not_waited_for(
    private: Path, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http1, "IDLE", 0.02)
    monkeypatch.setattr(http1, "SLOW", 0.02)
    async with engine_at(private / "sock"), calling(private / "sock", begun) as caller:
        assert await caller.hung_up()


async def test_an_engine_that_ends_does_not_wait_for_who_asks_nothing(private: Path) -> None:
    async with calling_a_closed_engine(private / "sock") as caller:
        assert await caller.hung_up()


@asynccontextmanager
async def calling_a_closed_engine(path: Path) -> AsyncIterator[Caller]:
    """A connection to an engine that has answered, and then ended."""
    async with engine_at(path):
        calling_it = calling(path, PROJECT)
        caller = await calling_it.__aenter__()
        await caller.answer()
    try:
        yield caller
    finally:
        await calling_it.__aexit__(None, None, None)


async def test_more_connections_than_there_may_be_are_closed(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 1)
    async with engine_at(private / "sock"), calling(private / "sock", PROJECT) as first:
        await first.answer()
        async with calling(private / "sock") as second:
            assert await second.hung_up()
        first.writer.write(PROJECT)
        assert (await first.answer())[0] == 200


async def test_names_in_a_path_are_decoded(private: Path) -> None:
    request = b"GET /v1/logs/us%65rs?after=0&limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with engine_at(private / "sock"), calling(private / "sock", request) as caller:
        assert (await caller.answer())[1]["service"] == "users"
