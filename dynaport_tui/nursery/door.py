"""What a threaded server still owes its clients when it is told to stop."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

FRESH_PATIENCE = 1.0
"""Seconds after the stop for clients that were accepted before it to begin their request."""

_FRESH, _IDLE, _BUSY = "fresh", "idle", "busy"


class Door:
    """Every accepted connection: it waits for its first request, a further one, or an answer."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._connections: dict[int, tuple[Any, str]] = {}
        self.closing = False

    def accepted(self, connection: Any) -> None:
        """A client came in."""
        self._set(connection, _FRESH)

    def asked(self, connection: Any) -> None:
        """Its request has begun to arrive."""
        self._set(connection, _BUSY)

    def answered(self, connection: Any) -> None:
        """Its answer is on the way; it may ask again."""
        self._set(connection, _IDLE)

    def left(self, connection: Any) -> None:
        """The connection was closed."""
        with self._changed:
            self._connections.pop(id(connection), None)
            self._changed.notify_all()

    def _set(self, connection: Any, state: str) -> None:
        with self._changed:
            self._connections[id(connection)] = (connection, state)
            self._changed.notify_all()

    def close(self) -> None:
        """Wait until every request is answered; how long is up to whoever ends this process."""
        deadline = time.monotonic() + FRESH_PATIENCE
        with self._changed:
            self.closing = True
            while self._owed(fresh=time.monotonic() < deadline):
                self._changed.wait(0.1)

    def _owed(self, *, fresh: bool) -> bool:
        """Whether somebody waits for an answer; clients that may only ask again are sent away."""
        owed = False
        for connection, state in list(self._connections.values()):
            if state == _BUSY or (state == _FRESH and fresh):
                owed = True
            elif state == _IDLE:
                _stop_reading(connection)
        return owed or (fresh and bool(self._connections))


def _stop_reading(connection: Any) -> None:
    """Its thread finds the end of the stream and closes; below TLS, which a thread may be using."""
    try:
        socket.socket.shutdown(connection, socket.SHUT_RD)
    except OSError:
        return
