"""What the kernel says of ports."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from dynaport_tui.ledger.ports import ANY, LOOPBACK, Address, is_free, outgoing_range, resolve


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(params=[*LOOPBACK, *ANY], ids=lambda place: place[1])
def listener(request: pytest.FixtureRequest, port: int) -> Iterator[socket.socket]:
    """Somebody who listens on one address alone."""
    place: Address = request.param
    with closing(socket.socket(place[0])) as server:
        if place[0] == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((place[1], port))
        server.listen()
        yield server


def test_a_port_that_nobody_has_is_free(port: int) -> None:
    assert is_free(port)


def test_a_port_with_a_listener_on_any_one_address_is_not_free(
    listener: socket.socket,
) -> None:
    port = listener.getsockname()[1]
    assert not is_free(port)
    listener.close()
    assert is_free(port)


def test_localhost_is_the_ipv4_loopback() -> None:
    assert resolve("localhost") == (socket.AF_INET, "127.0.0.1")
    assert resolve("::1") == (socket.AF_INET6, "::1")
    assert resolve("0.0.0.0") == (socket.AF_INET, "0.0.0.0")


def test_the_range_of_outgoing_connections_is_the_systems() -> None:
    low, high = outgoing_range()
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert low <= server.getsockname()[1] <= high
