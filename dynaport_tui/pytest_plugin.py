"""pytest plugin: ports of its own for each test.

    def test_it_answers(dynaport_port):
        server = make_server("127.0.0.1", dynaport_port, app)

It has no assertions for pytest to explain: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

_TRIES = 200
"""Ports that are looked at until one will do."""


class HeldPort:
    """A port that is kept for one test, for a server that sets SO_REUSEADDR.

    Bound sockets that do not listen keep it on all addresses, IPv4 and IPv6. Whoever lets the
    kernel choose, to listen or to connect, is not given it; yet a server that names it and sets
    SO_REUSEADDR binds it beside them. Werkzeug, asyncio, uvicorn, gunicorn, http.server, Node and
    Go do. On macOS a server binds it on a loopback address only, as all of these can.

    >>> dynaport_held_port.url
    'http://127.0.0.1:40123'
    """

    host = "127.0.0.1"
    """Where a server under test listens."""

    def __init__(self, port: int, kept: ExitStack) -> None:
        self.port = port
        self._kept = kept

    @property
    def url(self) -> str:
        """Where such a server answers, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    @property
    def socket(self) -> socket.socket:
        """A socket that is bound to the port on 127.0.0.1, and closed with it; it does not listen.

        For a server that takes a socket or a descriptor; made anew at every use. Raises OSError
        while a server listens on the port.

        >>> server = await asyncio.start_server(answer, sock=dynaport_held_port.socket)
        """
        import socket

        return self._kept.enter_context(_bound(socket.AF_INET, self.host, self.port))

    def release(self) -> None:
        """Let go of it, for a server that does not set SO_REUSEADDR; safe to repeat.

        From then on it is as free as any: start the server at once.
        """
        self._kept.close()


def hold() -> HeldPort:
    """A free port, kept until its `release()`.

    It lies where the kernel chooses from, outside the range from which dynaport gives ports that
    are remembered. Raises OSError when no port is left.
    """
    low, high = _remembered()
    with ExitStack() as refused:
        for left in reversed(range(_TRIES)):
            kept = ExitStack()
            try:
                number = _keep(kept)
            except OSError:
                if not left:
                    raise
                continue
            if left and low <= number <= high:
                refused.push(kept)  # until one is found, or the kernel may choose it again
                continue
            return HeldPort(number, kept)
    raise AssertionError("the last try returns or raises")


def _keep(kept: ExitStack) -> int:
    import errno
    import socket

    number: int
    with ExitStack() as trial:
        first = trial.enter_context(_bound(socket.AF_INET, "0.0.0.0", 0))
        number = first.getsockname()[1]
        try:
            trial.enter_context(_bound(socket.AF_INET6, "::", number))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise  # another program's on IPv6
        kept.push(trial.pop_all())
    return number


def _bound(family: int, address: str, port: int) -> socket.socket:
    import socket

    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address, port))
    except OSError:
        opened.close()
        raise
    return opened


def _remembered() -> tuple[int, int]:
    from .settings import look

    low, high = look().get("port_allocator.port_range")
    return low, high


@pytest.fixture(scope="session")
def dynaport_port_factory() -> Iterator[Callable[[], int]]:
    """Makes ports that are held until the end of the session: another one at each call."""
    with ExitStack() as made:

        def make() -> int:
            held = hold()
            made.callback(held.release)
            return held.port

        yield make


@pytest.fixture
def dynaport_held_port() -> Iterator[HeldPort]:
    """The port of `dynaport_port`, with its `url`, a bound `socket`, and `release()`."""
    held = hold()
    yield held
    held.release()


@pytest.fixture
def dynaport_port(dynaport_held_port: HeldPort) -> int:
    """A port, an `int`, that nobody else is given while the test runs."""
    # No subclass of int with a `url`: socket.getaddrinfo() refuses one.
    return dynaport_held_port.port
