"""The control socket as a program with an event loop asks it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dynaport_tui.control.async_client import AsyncClient, NoAnswer, NotRunning
from dynaport_tui.control.client import Client
from dynaport_tui.model.machine import State
from dynaport_tui.model.view import (
    ActionError,
    Details,
    Ended,
    Lagged,
    LogAdvanced,
    LogQuery,
    Notice,
    Request,
    Requests,
    Snapshot,
    StateChanged,
    Traceback,
)
from tests.fakes import NOON, FakeEngine, ServedEngine, status

TRACEBACK = Traceback(
    service="users", number=3, last=9, at=NOON, data=b"Traceback\xff\n", error="ValueError: x"
)
REQUESTS = Requests(
    service="users", requests=[Request(7, NOON, "GET", "/", 200, 1.5)], total=7, p50_ms=1.5
)
DETAILS = Details(service="users", causes=["users: answered GET /healthz"])


@pytest.fixture
def served(private: Path) -> Iterator[ServedEngine]:
    engine = FakeEngine(status("users"), status("orders"))
    engine.last_traceback = TRACEBACK
    engine.answered["users"] = REQUESTS
    engine.more["users"] = DETAILS
    with ServedEngine(engine, private / "sock") as running:
        yield running


@pytest.fixture
def client(served: ServedEngine, private: Path) -> AsyncClient:
    return AsyncClient(private / "sock", timeout=5)


@asynccontextmanager
async def answering(path: Path, data: bytes, *, silent: bool = False) -> AsyncIterator[AsyncClient]:
    """Somebody who answers this to whatever is asked, and a client for it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        if silent:
            await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(answer, path):
        yield AsyncClient(path, timeout=0.1 if silent else 5)


async def test_it_says_what_the_blocking_client_says(
    served: ServedEngine, client: AsyncClient, private: Path
) -> None:
    served.do(lambda: served.engine.say("users", "one", "two", at=NOON))
    served.engine.said_before("users", "zero")
    blocking = Client(private / "sock", timeout=5)

    def asked() -> list[object]:
        return [
            blocking.snapshot(),
            blocking.page(LogQuery(filter="two")),
            blocking.past("users"),
            blocking.traceback("users"),
            blocking.details("users"),
            blocking.requests("users", 6),
            blocking.env("users"),
        ]

    assert await asyncio.to_thread(asked) == [
        await client.snapshot(),
        await client.page(LogQuery(filter="two")),
        await client.past("users"),
        await client.traceback("users"),
        await client.details("users"),
        await client.requests("users", 6),
        await client.env("users"),
    ]


async def test_it_reads_what_is_there(served: ServedEngine, client: AsyncClient) -> None:
    served.do(lambda: served.engine.say("users", "one", "two", at=NOON))

    assert [line.text for line in (await client.page(LogQuery(limit=1))).lines] == ["two"]
    assert [place.number for place in (await client.hits(LogQuery(filter="one"))).places] == [1]
    assert await client.traceback() == TRACEBACK
    assert await client.requests("users") == REQUESTS
    assert (await client.requests("users", 7)).requests == []
    assert await client.details("users") == DETAILS
    assert (await client.env("users"))["API_KEY"] != "abc"
    assert (await client.env("users", reveal=True))["API_KEY"] == "abc"


async def test_it_acts_and_stops(served: ServedEngine, client: AsyncClient) -> None:
    assert await client.act("restart", ["users"]) == served.engine.snapshot()
    await client.down()

    assert served.engine.acts == [("restart", ["users"])]
    assert served.engine.downs == 1


async def test_a_refusal_comes_with_what_to_do_now(
    served: ServedEngine, client: AsyncClient
) -> None:
    served.engine.refusal = ActionError("stopping", "the engine is stopping", "Wait.")

    with pytest.raises(ActionError) as refused:
        await client.act("start")

    assert (refused.value.code, refused.value.hint) == ("stopping", "Wait.")


async def test_the_stream_is_a_snapshot_and_what_follows(
    served: ServedEngine, client: AsyncClient
) -> None:
    seen: list[object] = []
    async for event in client.events():
        if not seen:
            served.do(lambda: served.engine.say("users", "hello", at=NOON))
            served.do(lambda: served.engine.move("users", State.FAILED, "exit 1", at=NOON))
            served.do(lambda: served.engine.end(1, "users failed"))
        seen.append(event)

    first, *rest, last = seen
    assert isinstance(first, Snapshot)
    assert rest == [
        LogAdvanced(service="users", last=1),
        StateChanged(at=NOON, service="users", old=State.READY, new=State.FAILED, why="exit 1"),
    ]
    assert isinstance(last, Ended)


async def test_marks_of_a_flood_are_merged_and_other_events_do_not_wait_for_them(
    served: ServedEngine, client: AsyncClient
) -> None:
    marks: list[int] = []
    events = client.events()
    assert isinstance(await anext(events), Snapshot)
    over = threading.Event()

    def flood() -> None:
        while not over.is_set():
            served.do(lambda: served.engine.say("users", "x"))
            time.sleep(0.0002)

    thread = threading.Thread(target=flood)
    thread.start()
    began = time.monotonic()
    async for event in events:
        if isinstance(event, LogAdvanced):
            marks.append(event.last)
        if len(marks) == 10:
            break
    took = time.monotonic() - began
    over.set()
    await asyncio.to_thread(thread.join)
    sent = time.monotonic()
    served.do(lambda: served.engine.publish(Notice(at=NOON, text="now")))
    late = [event async for event in _until_notice(events)]
    waited = time.monotonic() - sent

    assert took >= 9 * 0.045
    assert marks == sorted(set(marks))
    assert late == [Notice(at=NOON, text="now")]
    assert waited < 1


async def _until_notice(events: AsyncIterator[object]) -> AsyncIterator[Notice]:
    async for event in events:
        if isinstance(event, Notice):
            yield event
            return


ASKING: list[Callable[[AsyncClient], Awaitable[object]]] = [
    lambda client: client.snapshot(),
    lambda client: client.page(LogQuery()),
    lambda client: _first(client),
]


async def _first(client: AsyncClient) -> object:
    return await anext(client.events())


@pytest.mark.parametrize("ask", ASKING)
async def test_nobody_there_is_not_running(
    ask: Callable[[AsyncClient], Awaitable[object]], private: Path
) -> None:
    with pytest.raises(NotRunning):
        await ask(AsyncClient(private / "nothing"))
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(private / "stale"))
    with pytest.raises(NotRunning):
        await ask(AsyncClient(private / "stale"))


@pytest.mark.parametrize("ask", ASKING)
async def test_silence_is_no_answer(
    ask: Callable[[AsyncClient], Awaitable[object]], private: Path
) -> None:
    async with answering(private / "sock", b"", silent=True) as client:
        with pytest.raises(NoAnswer, match="does not answer"):
            await ask(client)


@pytest.mark.parametrize("ask", ASKING)
@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 fine\r\n\r\n",
        b"\xff\xfe\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nno json\n",
        b"HTTP/1.1 200 OK\r\n\r\n[1]\n",
        b"HTTP/1.1 500 Oops\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}\n",
    ],
)
async def test_garbage_is_no_answer(
    ask: Callable[[AsyncClient], Awaitable[object]], garbage: bytes, private: Path
) -> None:
    async with answering(private / "sock", garbage) as client:
        with pytest.raises(NoAnswer):
            await ask(client)


@pytest.mark.parametrize(
    "cut", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 200"]
)
async def test_an_answer_cut_short_is_not_running(cut: bytes, private: Path) -> None:
    async with answering(private / "sock", cut) as client:
        with pytest.raises(NotRunning):
            await client.snapshot()


async def test_events_of_a_later_version_are_left_out(private: Path) -> None:
    later = b'{"event": "surprise", "at": "2026-01-01T12:00:00.000Z"}\n{"event": "lagged"}\n'
    async with answering(private / "sock", b"HTTP/1.1 200 OK\r\n\r\n" + later) as client:
        assert [event async for event in client.events()] == [Lagged()]
    async with answering(private / "sock", b"HTTP/1.1 200 OK\r\n\r\n" + later) as client:
        blocking = Client(client.path, timeout=5)
        assert await asyncio.to_thread(lambda: list(blocking.events())) == [Lagged()]


async def test_an_event_of_another_form_is_no_answer(private: Path) -> None:
    data = b'HTTP/1.1 200 OK\r\n\r\n{"event": "notice"}\n'
    async with answering(private / "sock", data) as client:
        with pytest.raises(NoAnswer, match="not understood"):
            await anext(client.events())


async def test_a_stream_cut_in_the_middle_of_a_line_ends(private: Path) -> None:
    beginning = b"HTTP/1.1 200 OK\r\n\r\n\n" + b'{"event": "not'
    async with answering(private / "sock", beginning) as client:
        assert [event async for event in client.events()] == []


async def test_a_large_answer_is_read_at_once(served: ServedEngine, client: AsyncClient) -> None:
    served.do(lambda: served.engine.say("users", *["x" * 1000] * 20_000))
    began = time.monotonic()

    page = await client.page(LogQuery(limit=20_000))

    assert len(page.lines) == 20_000
    assert time.monotonic() - began < 3
