"""INT, TERM and HUP, posted to the loop."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "asked to end by SIGTERM",
    signal.SIGHUP: "the terminal is gone",
}


class Signals:
    """Passes each signal on with a word for people.

    HUP stays ignored where it is ignored already, as nohup(1) has it. INT does not: a shell ignores
    it for whatever a script runs in the background, and `kill -INT` is to stop that too.
    """

    def __init__(self, interrupted: Callable[[int, str], None]) -> None:
        self._interrupted = interrupted
        self._loop = asyncio.get_running_loop()
        nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self._numbers = [n for n in _WORDS if not (nohup and n == signal.SIGHUP)]
        for number in self._numbers:
            self._loop.add_signal_handler(number, self._came, number)

    def _came(self, number: signal.Signals) -> None:
        self._interrupted(number, _WORDS[number])

    def close(self) -> None:
        """Back to Python's own handlers."""
        for number in self._numbers:
            self._loop.remove_signal_handler(number)
