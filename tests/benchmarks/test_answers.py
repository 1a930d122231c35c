"""Answers as a client of a benchmark reads them, from a server on a port of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.answers import free_ports, until_all_answer
from benchmarks.saved import parts, whole
from benchmarks.steady import MOST, Client, ask, parted, unchunked

WELL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def server(*answers: bytes) -> Iterator[int]:
    """Answers one connection with each of these; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(1 << 16)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)


def test_an_answer_is_parted_and_one_that_was_cut_off_is_an_error() -> None:
    assert parted(WELL) == (200, b"ok")
    assert parted(b"HTTP/1.0 503 Down\r\n\r\nuntil the end") == (503, b"until the end")
    for cut in (b"", b"HTTP/1.1 200 OK\r\n", WELL[:-1]):
        with pytest.raises(ValueError, match=r"closed|1 bytes of 2"):
            parted(cut)


def test_chunks_are_joined_and_a_missing_last_one_is_an_error() -> None:
    assert unchunked(b"3\r\none\r\n4\r\n two\r\n0\r\n\r\n") == b"one two"
    with pytest.raises(ValueError, match="last chunk"):
        unchunked(b"3\r\none\r\n")


def test_a_stream_is_whole_when_it_came_to_its_end() -> None:
    assert whole(b"0 1 2 whole")
    assert not whole(b"0 1 2")


def test_the_parts_of_a_reload_add_up_to_all_of_it() -> None:
    found = parts(100.0, 100.04, {"began": 100.02, "spent": 0.005, "ended": 100.03})
    assert found.total == pytest.approx(0.04)
    assert dataclasses.astuple(found) == pytest.approx((0.015, 0.005, 0.01, 0.01))


async def test_a_request_tells_whether_it_was_answered_well() -> None:
    with server(WELL, b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n") as port:
        first = await ask(port)
        second = await ask(port)
    nobody = await ask(free_ports(1)[0])
    assert (first.body, first.error) == (b"ok", "")
    assert (second.body, second.error) == (None, "status 500")
    assert nobody.error.startswith("ConnectionRefusedError")


async def test_a_request_that_is_never_answered_fails_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answer = await ask(listening.getsockname()[1], patience=0.05)
    assert answer.error == "no answer within 0.05 s"


async def test_a_client_does_not_pile_up_requests_that_nobody_answers() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=2 * MOST)
    with listening:
        async with Client(listening.getsockname()[1], rate=100_000) as client:
            await asyncio.wait_for(client.overtaxed.wait(), 5)
            under_way = len(asyncio.all_tasks()) - 2  # this one, and the client's own
            listening.close()
    assert under_way == MOST
    assert client.told["/"].requests == len(client.told["/"].errors) >= MOST


async def test_all_answer_only_when_each_one_has_said_200() -> None:
    with server(b"HTTP/1.1 503 Down\r\n\r\n", WELL) as one, server(WELL) as other:
        began = time.monotonic()
        ended = await asyncio.to_thread(until_all_answer, [one, other], 5)
    assert ended > began


def test_waiting_for_answers_ends_with_the_one_who_should_give_them() -> None:
    port = free_ports(1)[0]
    with pytest.raises(RuntimeError, match=r"ended \(3\) before 1 services"):
        until_all_answer([port], 5, lambda: 3)
    with pytest.raises(TimeoutError, match="1 services do not answer"):
        until_all_answer([port], 0.01)
