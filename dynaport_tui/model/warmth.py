"""Whether a service comes up with libraries that were imported before it was forked.

Some change what was imported before them, and fail where that came too early. A service that fails
so is tried in a fresh interpreter once for each state of its fork server.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from .reports import Exited

_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGABRT, signal.SIGFPE})


class Warmth(msgspec.Struct, kw_only=True):
    """What is known of one service. A state of a fork server is a word that stands for what it had
    imported; the empty one stands for a fresh interpreter.
    """

    worked: str = ""
    """The state with which it came up the last time."""
    doubted: str = ""
    """The state with which it failed, before a fresh interpreter was tried."""
    error: str | None = None
    """How it failed, while its next start is to be in a fresh interpreter."""

    def failed(self, state: str, report: Exited, text: str) -> None:
        """It ended before it was ready; `text` says how."""
        broke = report.broken and report.again
        crashed = report.exit.signal in _CRASHES
        if state and (broke or crashed) and state not in (self.worked, self.doubted):
            self.doubted, self.error = state, text

    def take_error(self) -> str | None:
        """How it failed, where the start that begins now is to be in a fresh interpreter."""
        error, self.error = self.error, None
        return error

    def came_up(self, state: str) -> None:
        """It is ready."""
        if state:
            self.worked = state
