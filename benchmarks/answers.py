"""When services answer: one loop that asks all of them, cheaply and at short intervals."""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
FREE = range(10_000, 20_000)
GLANCE, A_SERVICE = 0.002, 0.0003
"""Seconds between two rounds, and how many more for each service that is asked in a round."""


class Asked:
    """One request that is on its way."""

    def __init__(self, port: int, connection: socket.socket) -> None:
        self.port = port
        self.connection = connection
        self._said = b""

    def more(self) -> bool:
        """Read what came; whether that was the end of it."""
        try:
            part = self.connection.recv(1 << 16)
        except BlockingIOError:
            return False
        except OSError:
            return True
        self._said += part
        return not part

    @property
    def well(self) -> bool:
        """Whether it was answered with 200."""
        return self._said.split(b"\r\n", 1)[0].split(b" ")[1:2] == [b"200"]


def until_all_answer(
    ports: Iterable[int], patience: float, ended: Callable[[], object] = lambda: None
) -> float:
    """The moment (monotonic clock) at which the last one had answered 200.

    Those that refuse or answer otherwise are asked again. Raises TimeoutError after `patience`
    seconds, and RuntimeError as soon as `ended` says why there is nobody to wait for.
    """
    waiting, deadline = set(ports), time.monotonic() + patience
    with selectors.DefaultSelector() as selector:
        asking: dict[int, Asked] = {}
        try:
            while waiting:
                for port in waiting - asking.keys():
                    if asked := ask(port):
                        asking[port] = asked
                        selector.register(asked.connection, selectors.EVENT_READ, asked)
                take(selector, asking, waiting)
                check(waiting, deadline, ended)
            return time.monotonic()
        finally:
            for asked in asking.values():
                asked.connection.close()


def take(selector: selectors.BaseSelector, asking: dict[int, Asked], waiting: set[int]) -> None:
    """Wait one interval and read the answers that came in it."""
    pause = GLANCE + A_SERVICE * (len(waiting) - len(asking)) if len(waiting) > len(asking) else 0.1
    end = time.monotonic() + pause
    while waiting and (left := end - time.monotonic()) > 0:
        if not asking:
            time.sleep(left)
            return
        for key, _ in selector.select(left):
            asked: Asked = key.data
            if asked.more():
                selector.unregister(asked.connection)
                asked.connection.close()
                del asking[asked.port]
                if not asked.well:
                    return
                waiting.discard(asked.port)


def check(waiting: set[int], deadline: float, ended: Callable[[], object]) -> None:
    """Raise where waiting is of no use."""
    if waiting and (reason := ended()) is not None:
        raise RuntimeError(f"ended ({reason}) before {len(waiting)} services answered")
    if waiting and time.monotonic() > deadline:
        raise TimeoutError(f"{len(waiting)} services do not answer")


def ask(port: int) -> Asked | None:
    """Send a request; None where nobody listens."""
    connection = socket.socket()
    try:
        connection.settimeout(1)
        connection.connect(("127.0.0.1", port))
        connection.sendall(REQUEST)
        connection.setblocking(False)
    except OSError:
        connection.close()
        return None
    return Asked(port, connection)


def free_ports(count: int) -> list[int]:
    """Ports on which nobody listens at this moment.

    They are below those that the system gives to clients, and beside those that dynaport chooses.
    """
    found: list[int] = []
    for port in random.sample(FREE, len(FREE)):
        if len(found) == count:
            break
        with contextlib.suppress(OSError), socket.socket() as tried:
            tried.bind(("127.0.0.1", port))
            found.append(port)
    return found
