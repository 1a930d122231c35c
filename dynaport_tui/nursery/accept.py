"""The loop of a threaded server: it accepts connections until it is told to stop."""

from __future__ import annotations

import os
import select
import signal
import threading
from typing import TYPE_CHECKING, Any

from .tally import PAUSE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .orders import Orders


class Loop:
    """Accepts until TERM, or another process takes over, and calls `quiet` within a moment after it
    was stirred.
    """

    def __init__(self, orders: Orders) -> None:
        self.quiet: Callable[[], None] = lambda: None
        self.stopped = False
        """Whether TERM came."""
        self.ours = False
        """Whether TERM is for us, and not for the program."""
        self._orders = orders
        self._hears, self._stirs = os.pipe()

    @property
    def retired(self) -> bool:
        """Whether another process takes over."""
        return self._orders.retired

    def stir(self) -> None:
        """Safe in a signal handler and in any thread."""
        os.write(self._stirs, b".")

    def take_term(self) -> None:
        """Let SIGTERM end the loop, unless the program has it; Python allows that in the main
        thread alone.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._stop)
            self.ours = True

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopped = True
        self.stir()

    def run(self, server: Any) -> None:
        """Accept connections until TERM, or another process takes over."""
        poll = select.poll()
        poll.register(server.fileno(), select.POLLIN)
        poll.register(self._hears, select.POLLIN)
        engine = self._orders.fd
        if engine is not None:
            poll.register(engine, select.POLLIN)
        patience = None
        while not self._ended:
            ready = [fd for fd, _ in poll.poll(patience)]
            if self._hears in ready:
                os.read(self._hears, 1024)
                patience = PAUSE * 1000
            elif not ready:
                patience = None
                self.quiet()
            if engine in ready and not self._hear_engine():
                poll.unregister(engine)
            if server.fileno() in ready and not self._ended:
                server.handle_request()
                server.service_actions()

    @property
    def _ended(self) -> bool:
        return self.stopped or self.retired

    def _hear_engine(self) -> bool:
        """Whether it may say more."""
        self._orders.read()
        return self._orders.fd is not None

    def close(self) -> None:
        """Give SIGTERM back."""
        if self.ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(self._hears)
        os.close(self._stirs)
