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


class Loop:
    """Accepts until TERM, and calls `quiet` within a moment after it was stirred."""

    def __init__(self) -> None:
        self.quiet: Callable[[], None] = lambda: None
        self.stopped = False
        """Whether TERM came."""
        self._hears, self._stirs = os.pipe()
        self._ours = False

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
            self._ours = True

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopped = True
        self.stir()

    def run(self, server: Any) -> None:
        """Accept connections until TERM."""
        poll = select.poll()
        poll.register(server.fileno(), select.POLLIN)
        poll.register(self._hears, select.POLLIN)
        patience = None
        while True:
            ready = [fd for fd, _ in poll.poll(patience)]
            if self._hears in ready:
                os.read(self._hears, 1024)
                patience = PAUSE * 1000
                if self.stopped:
                    return
            elif not ready:
                patience = None
                self.quiet()
            if server.fileno() in ready:
                server.handle_request()
                server.service_actions()

    def close(self) -> None:
        """Give SIGTERM back."""
        if self._ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(self._hears)
        os.close(self._stirs)
