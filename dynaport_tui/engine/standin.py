"""Answers on the held socket of a service while no process of it does."""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

from .talk import Talk

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .sockets import HeldSocket
    from .talk import Clerk

CONNECTIONS = 128
"""At a time; more of them wait until one of these is over."""
SILENCE = 0.1
"""Seconds in which somebody who connects also says something, unless he connected only in case."""
HAND_BACK = 0.25
"""Seconds that those who wait for their answer may keep a process waiting."""
PAUSE = 0.5
"""Seconds until the next try where the system has no room for a connection."""
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class StandIn:
    """Accepts on the held socket, answers each request in the same way, and closes.

    Between `open` and the end of `hand_back` no process of the service may accept on it.
    """

    def __init__(self, held: HeldSocket, clerk: Clerk) -> None:
        self._held, self._clerk = held, clerk
        self._loop = asyncio.get_running_loop()
        self.talks: set[Talk] = set()
        """The connections that are not over."""
        self._accepting = False
        self._timers: list[asyncio.TimerHandle] = []
        self._then: Callable[[], None] | None = None
        self._closed = False

    def open(self) -> None:
        """Answer from now on; raises OSError."""
        self._held.restore()
        self._go_on()

    def stir(self) -> None:
        """There is something else to tell."""
        self._clerk.stir()

    def hand_back(self, then: Callable[[], None]) -> None:
        """Accept no more, and call `then` when those who were accepted have their answer: mostly at
        once, in HAND_BACK seconds at the latest. To be called once.

        A browser connects in advance and says nothing: such a connection is closed, so that it
        carries no request to us when the service is back.
        """
        self._stop()
        self._then = then
        now = self._loop.time()
        for talk in tuple(self.talks):
            if talk.silent and now - talk.since >= SILENCE:
                talk.hang_up()
        self._judge()
        if self._then is not None:
            self._timers = [
                self._loop.call_later(SILENCE, self._hang_up_on_the_silent),
                self._loop.call_later(HAND_BACK, self._is_over),
            ]

    def close(self) -> None:
        """Accept no more, and call nobody; those who were accepted still get their answer."""
        self._then = None
        self._stop()
        for timer in self._timers:
            timer.cancel()

    def end(self) -> None:
        """Cut every connection: the engine goes."""
        self.close()
        for talk in tuple(self.talks):
            talk.hang_up()

    # ---- accepting

    def _go_on(self) -> None:
        if not self._accepting and not self._closed:
            self._accepting = True
            self._loop.add_reader(self._held.fileno(), self._accept)

    def _pause(self) -> None:
        if self._accepting:
            self._accepting = False
            self._loop.remove_reader(self._held.fileno())

    def _stop(self) -> None:
        self._pause()
        self._clerk.close()
        self._closed = True

    def _accept(self) -> None:
        # A process that is about to end may have set the socket, which it shares, to block.
        self._held.socket.setblocking(False)
        while len(self.talks) < CONNECTIONS:
            try:
                connection, _ = self._held.socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause()
                if error.errno in _NO_ROOM:
                    self._loop.call_later(PAUSE, self._go_on)
                    return
                raise
            self._take(connection)
        self._pause()

    def _take(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.talks.add(Talk(connection, self._clerk, self._moved))

    def _moved(self, talk: Talk) -> None:
        if talk.over:
            self.talks.discard(talk)
            self._go_on()
        self._judge()

    # ---- handing back

    def _hang_up_on_the_silent(self) -> None:
        for talk in tuple(self.talks):
            if talk.silent:
                talk.hang_up()
        self._judge()

    def _judge(self) -> None:
        if all(talk.answered for talk in self.talks):
            self._is_over()

    def _is_over(self) -> None:
        then, self._then = self._then, None
        for timer in self._timers:
            timer.cancel()
        if then is not None:
            then()
