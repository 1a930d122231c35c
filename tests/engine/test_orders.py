"""What a service hears of the engine, and what it must not mistake for that."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynaport_tui.nursery.orders import Orders


class Channel:
    """The engine's end, and the number of the service's."""

    def __init__(self) -> None:
        self.engine, theirs = socket.socketpair()
        self.fd = theirs.detach()

    def say(self, text: str) -> None:
        self.engine.sendall(text.encode())


@pytest.fixture
def channel() -> Iterator[Channel]:
    channel = Channel()
    yield channel
    channel.engine.close()
    os.close(channel.fd)


def test_a_word_may_come_in_pieces_and_several_at_once(channel: Channel) -> None:
    orders = Orders(channel.fd, waits=True)
    channel.say("g")
    orders.read()
    assert orders.waits
    channel.say("o\nsomething new\nretire\n")
    orders.read()
    assert (orders.waits, orders.retired) == (False, True)


def test_when_the_engine_is_gone_nobody_waits_for_it_or_polls_its_end(channel: Channel) -> None:
    orders = Orders(channel.fd, waits=True)
    channel.engine.close()
    orders.read()
    assert (orders.fd, orders.waits, orders.retired) == (None, False, False)


def test_what_a_program_opens_under_the_same_number_is_left_alone(
    channel: Channel, tmp_path: Path
) -> None:
    orders = Orders(channel.fd, waits=False)
    own = tmp_path / "own"
    own.write_text("retire\n")
    with own.open() as file:
        os.dup2(file.fileno(), channel.fd)
    orders.read()
    assert (orders.fd, orders.retired) == (None, False)
    assert os.read(channel.fd, 100) == b"retire\n"


def test_it_waits_for_go_only_after_it_has_said_that_it_is_ready(channel: Channel) -> None:
    orders = Orders(channel.fd, waits=True)
    said: list[str] = []
    waiting = threading.Thread(target=lambda: orders.wait(lambda: said.append("ready")))
    waiting.start()
    channel.say("go\n")
    waiting.join(5)
    assert (waiting.is_alive(), said) == (False, ["ready"])
    orders.wait(lambda: said.append("again"))  # a second server does not wait
    assert said == ["ready", "again"]


def test_one_that_is_already_to_end_does_not_wait(channel: Channel) -> None:
    Orders(channel.fd, waits=True).wait(lambda: None, lambda: True)
