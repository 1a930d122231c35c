"""What a runner does with the port of a service while nobody serves it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from dynaport_tui.engine import standin
from dynaport_tui.engine.runner import Runner
from dynaport_tui.model.reports import Exited, Start
from tests.engine.test_runner import runner, start
from tests.fakes import FakeClerk, FakeDesk

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
async def desk(tmp_path: Path) -> FakeDesk:
    return FakeDesk(tmp_path)


@pytest.fixture
async def service(desk: FakeDesk, port: int) -> AsyncIterator[Runner]:
    """A runner that holds its port, whose service has not been started."""
    found = runner(desk, "app")
    found.hold(held(desk, port).launch)
    yield found
    found.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=5)


def held(desk: FakeDesk, port: int) -> Start:
    action = start(desk, "app")
    return replace(action, launch=replace(action.launch, held=True, port=port))


async def ask(port: int, data: bytes = REQUEST) -> bytes:
    """What a client gets; raises OSError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


async def test_one_that_is_down_answers_until_it_is_started(
    desk: FakeDesk, service: Runner, port: int
) -> None:
    service.stand("answer")
    assert await ask(port) == FakeClerk.ANSWER
    service.stand("answer")  # something changed meanwhile
    assert desk.the_clerk.stirred == 1
    assert await ask(port) == FakeClerk.ANSWER
    service.start(held(desk, port))
    assert len(desk.nursery.asked) == 1
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(REQUEST)
        await asyncio.sleep(0)
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)


async def test_one_that_was_stopped_refuses_and_can_be_held_again(
    desk: FakeDesk, service: Runner, port: int
) -> None:
    service.stand("answer")
    service.stand("refuse")
    with pytest.raises(ConnectionRefusedError):
        await ask(port)
    service.stand("answer")  # nothing is held
    with pytest.raises(ConnectionRefusedError):
        await ask(port)
    service.start(held(desk, port))
    assert service.held is not None
    assert len(desk.nursery.asked) == 1


async def test_a_start_waits_for_the_answers_that_are_being_made(
    desk: FakeDesk, service: Runner, port: int
) -> None:
    desk.the_clerk.may.clear()
    service.stand("answer")
    answer = asyncio.create_task(ask(port))
    await desk.the_clerk.came.wait()
    service.start(held(desk, port))
    service.stand("wait")
    assert not desk.nursery.asked
    desk.the_clerk.may.set()
    assert await answer == FakeClerk.ANSWER
    assert len(desk.nursery.asked) == 1


async def test_a_start_that_still_waits_can_be_stopped(
    desk: FakeDesk, service: Runner, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standin, "HAND_BACK", 0.01)
    desk.the_clerk.may.clear()
    service.stand("answer")
    answer = asyncio.create_task(ask(port))
    await desk.the_clerk.came.wait()
    service.start(held(desk, port))
    service.signal(1, "TERM")
    report = await desk.next(Exited)
    assert (report.run, report.again) == (1, False)
    await asyncio.sleep(0.02)
    assert not desk.nursery.asked
    desk.the_clerk.may.set()
    assert await answer == FakeClerk.ANSWER


async def test_a_new_outage_is_answered_while_the_last_answers_of_the_old_are_made(
    desk: FakeDesk, service: Runner, port: int
) -> None:
    desk.the_clerk.may.clear()
    service.stand("answer")
    first = asyncio.create_task(ask(port))
    await desk.the_clerk.came.wait()
    service.stand("wait")
    service.stand("answer")
    second = asyncio.create_task(ask(port))
    desk.the_clerk.may.set()
    assert await first == await second == FakeClerk.ANSWER
