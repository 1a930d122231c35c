"""What clients of a held socket see while the engine answers on it, and when it stops doing so."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from dynaport_tui.engine import standin, talk
from dynaport_tui.engine.sockets import HeldSocket, hold
from dynaport_tui.engine.standin import StandIn
from dynaport_tui.model.callers import Caller
from tests.engine.test_runner import only, open_files
from tests.fakes import FakeClerk

ANSWER = FakeClerk.ANSWER
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Place:
    """A held socket with a stand-in on it."""

    def __init__(self, held: HeldSocket, clerk: FakeClerk) -> None:
        self.held, self.clerk = held, clerk
        self.stand_in = StandIn(held, clerk)
        self.stand_in.open()
        self.free = asyncio.Event()

    async def connect(self) -> Client:
        """A client, known to be accepted."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.held.port)
        return Client(reader, writer)

    def hand_back(self) -> None:
        """Another one is to serve."""
        self.stand_in.hand_back(self.free.set)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def rest(self) -> bytes:
        """All that comes until the other end closes; raises ConnectionResetError."""
        async with asyncio.timeout(5):
            return await self._reader.read()

    async def ask(self, data: bytes = REQUEST) -> bytes:
        await self.send(data)
        return await self.rest()

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@pytest.fixture
async def place(port: int) -> AsyncIterator[Place]:
    held = hold("127.0.0.1", port)
    found = Place(held, FakeClerk())
    yield found
    found.stand_in.end()
    held.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:  # its connections close when they have their turn
        await asyncio.wait(others, timeout=5)


async def accepted(place: Place, count: int) -> None:
    """So many connections are with the stand-in."""
    for _ in range(5000):
        if len(place.stand_in.talks) >= count:
            return
        await asyncio.sleep(0.001)
    raise AssertionError(f"{len(place.stand_in.talks)} connections, not {count}")


async def test_every_request_is_answered_and_its_connection_closed(place: Place) -> None:
    for data in (REQUEST, b"POST /x HTTP/1.0\r\n\r\n", b"OPTIONS * HTTP/1.1\nHost: a\n\n"):
        client = await place.connect()
        assert await client.ask(data) == ANSWER
        await client.close()
    assert [head.method for head, _ in place.clerk.asked] == ["GET", "POST", "OPTIONS"]
    assert place.clerk.asked[0][1] == Caller("127.0.0.1", "127.0.0.1")


async def test_a_head_may_come_in_pieces(place: Place) -> None:
    client = await place.connect()
    await client.send(REQUEST[:3])
    await accepted(place, 1)
    assert not place.clerk.asked
    assert await client.ask(REQUEST[3:]) == ANSWER
    await client.close()


async def test_a_client_that_sends_a_large_body_gets_its_answer_and_no_reset(place: Place) -> None:
    client = await place.connect()
    size = 3_000_000
    await client.send(f"POST / HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode())
    for _ in range(size // 100_000):
        await client.send(b"x" * 100_000)
    assert await client.rest() == ANSWER
    await client.close()


@pytest.mark.parametrize(
    "data", [b"PING\r\n", b"*1\r\n$4\r\nPING\r\n", b"\x00\x01\x02", b"GET / HTTP/9\r\n\r\n"]
)
async def test_who_does_not_speak_http_is_hung_up_on(place: Place, data: bytes) -> None:
    client = await place.connect()
    assert await client.ask(data) == b""
    assert not place.clerk.asked
    await client.close()


async def test_who_wants_tls_is_told_at_once_that_there_is_none(place: Place) -> None:
    client = await place.connect()
    assert await client.ask(b"\x16\x03\x01\x00\x05hello") == b"\x15\x03\x01\x00\x02\x02\x50"
    await client.close()


async def test_a_head_without_an_end_is_not_read_for_ever(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "HEAD_MAX", 100)
    client = await place.connect()
    assert await client.ask(b"GET / HTTP/1.1\r\na: " + b"x" * 100) == b""
    await client.close()


async def test_who_says_nothing_is_not_waited_for_for_ever(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "HEAD_TIME", 0.05)
    client = await place.connect()
    assert await client.rest() == b""
    await client.close()


async def test_more_clients_than_are_served_at_a_time_wait_for_their_turn(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standin, "CONNECTIONS", 3)
    place.clerk.may.clear()
    clients = [await place.connect() for _ in range(10)]
    for client in clients:
        await client.send(REQUEST)
    await accepted(place, 3)
    await place.clerk.came.wait()
    assert len(place.stand_in.talks) == 3
    place.clerk.may.set()
    for client in clients:
        assert await client.rest() == ANSWER
        await client.close()
    assert len(place.clerk.asked) == 10


async def test_without_descriptors_a_client_waits_until_there_are_some(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standin, "PAUSE", 0.05)
    client = await place.connect()
    before = open_files()
    with only(0):
        await client.send(REQUEST)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert await client.rest() == ANSWER
    await client.close()
    assert open_files() <= before


async def test_a_socket_that_somebody_set_to_block_holds_nobody_up(place: Place) -> None:
    with socket.socket(fileno=os.dup(place.held.fileno())) as shared:
        shared.setblocking(True)
        client = await place.connect()
        assert await client.ask() == ANSWER
        assert not os.get_blocking(place.held.fileno())
        await client.close()


async def test_it_is_handed_back_at_once_when_nobody_is_there(place: Place) -> None:
    place.hand_back()
    assert place.free.is_set()


async def test_who_comes_after_that_waits_for_the_next_one(place: Place) -> None:
    place.hand_back()
    client = await place.connect()
    await client.send(REQUEST)
    connection, _ = place.held.socket.accept()
    with connection:
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        assert await loop.sock_recv(connection, 100) == REQUEST
    assert not place.clerk.asked
    await client.close()


async def test_it_is_handed_back_when_all_that_were_accepted_have_their_answer(
    place: Place,
) -> None:
    place.clerk.may.clear()
    client = await place.connect()
    await client.send(REQUEST)
    await place.clerk.came.wait()
    place.hand_back()
    assert not place.free.is_set()
    place.clerk.may.set()
    await place.free.wait()
    assert await client.rest() == ANSWER
    await client.close()


async def test_one_that_takes_too_long_is_not_waited_for_and_still_answered(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standin, "HAND_BACK", 0.05)
    place.clerk.may.clear()
    client = await place.connect()
    await client.send(REQUEST)
    await place.clerk.came.wait()
    place.hand_back()
    await place.free.wait()
    place.clerk.may.set()
    assert await client.rest() == ANSWER
    await client.close()


async def test_a_connection_made_in_advance_is_closed_when_it_is_handed_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standin, "SILENCE", 0.0)
    client = await place.connect()
    await accepted(place, 1)
    place.hand_back()
    assert place.free.is_set()
    assert await client.rest() == b""
    await client.close()


async def test_one_that_has_just_connected_has_the_time_to_ask(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standin, "SILENCE", 3.0)
    monkeypatch.setattr(standin, "HAND_BACK", 3.0)
    client = await place.connect()
    await accepted(place, 1)
    place.hand_back()
    assert not place.free.is_set()
    assert await client.ask() == ANSWER
    await place.free.wait()
    await client.close()


async def test_what_was_sent_in_this_very_moment_is_answered(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standin, "SILENCE", 0.0)
    with socket.create_connection(("127.0.0.1", place.held.port), timeout=5) as client:
        await accepted(place, 1)
        client.sendall(REQUEST)
        place.hand_back()  # before the loop looks at what has come
        assert not place.free.is_set()
        client.setblocking(False)
        async with asyncio.timeout(5):
            assert await asyncio.get_running_loop().sock_recv(client, 1000) == ANSWER
            await place.free.wait()


async def test_the_end_cuts_everybody_off(place: Place) -> None:
    place.clerk.may.clear()
    asking, silent = await place.connect(), await place.connect()
    await asking.send(REQUEST)
    await place.clerk.came.wait()
    await accepted(place, 2)
    place.stand_in.end()
    assert await asking.rest() == await silent.rest() == b""
    await asking.close()
    await silent.close()
