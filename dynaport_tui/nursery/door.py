"""What a threaded server still owes its clients when it is told to stop."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from typing import Any

FRESH = 0.2
"""Seconds after a connection in which its first request is expected; browsers open spare ones."""

_TICK = 0.05


class Door:
    """Every accepted connection: it waits for its first request, a further one, or an answer."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._connections: dict[int, tuple[Any, float]] = {}
        """The connection, and until when it is owed something."""
        self.closing = False

    def accepted(self, connection: Any) -> None:
        """A client came in."""
        self._owe(connection, time.monotonic() + FRESH)

    def asked(self, connection: Any) -> None:
        """Its request has begun to arrive."""
        self._owe(connection, math.inf)

    def answered(self, connection: Any) -> None:
        """Its answer is on the way; it may ask again, but is owed nothing."""
        self._owe(connection, 0.0)

    def left(self, connection: Any) -> None:
        """The connection was closed."""
        with self._changed:
            self._connections.pop(id(connection), None)
            self._changed.notify_all()

    def _owe(self, connection: Any, until: float) -> None:
        with self._changed:
            self._connections[id(connection)] = (connection, until)
            self._changed.notify_all()

    def close(self) -> None:
        """Wait until every request is answered; how long is up to whoever ends this process."""
        deadline = time.monotonic() + FRESH  # for those to leave that are owed nothing
        with self._changed:
            self.closing = True
            while self._send_away() or (self._connections and time.monotonic() < deadline):
                self._changed.wait(_TICK)

    def _send_away(self) -> bool:
        """Close to clients that are owed nothing; whether there are others."""
        now = time.monotonic()
        owed = False
        for connection, until in self._connections.values():
            if until > now:
                owed = True
            else:
                _stop_reading(connection)
        return owed


def _stop_reading(connection: Any) -> None:
    """Its thread finds the end of the stream and closes; below TLS, which a thread may be using."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RD)
