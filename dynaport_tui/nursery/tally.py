"""Tells the engine of every request that our own runner served, at hardly any cost to it."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .report import Report

KEPT = 1000
"""Requests that wait to be told at most; beyond that the oldest are dropped, and counted."""
PAUSE = 0.1
"""Seconds between two reports: what comes meanwhile is gathered."""

_TOGETHER = 100
_METHOD = 20
_PATH = 500


class Began:
    """A request that came in just now."""

    __slots__ = ("at", "clock", "method", "path")

    def __init__(self, method: str, path: str) -> None:
        self.method, self.path = method, path
        self.at, self.clock = time.time(), time.perf_counter()


class Tally:
    """The requests of one server; may be called from any thread, and never waits.

    `soon` is called when something was gathered: then `flush` is to be called within a moment.
    """

    def __init__(self, report: Report, soon: Callable[[], None]) -> None:
        self._report, self._soon = report, soon
        self._kept: deque[tuple[float, str, str, int, float]] = deque()
        self._dropped = 0
        self._pause, self._told_at = PAUSE, 0.0
        self._asked = False
        self._lock, self._telling = threading.Lock(), threading.Lock()
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        """A child ends without notice: it tells each request at once, and none of its parent's."""
        self._lock, self._telling = threading.Lock(), threading.Lock()
        self._kept.clear()
        self._dropped, self._pause, self._asked = 0, 0.0, True

    def add(self, began: Began, status: int, ended: float) -> None:
        """A request was answered; `ended` by time.perf_counter()."""
        ms = round((ended - began.clock) * 1000, 3)
        told = (began.at, _shown(began.method, _METHOD), _shown(began.path, _PATH), status, ms)
        with self._lock:
            if len(self._kept) >= KEPT:
                self._kept.popleft()
                self._dropped += 1
            self._kept.append(told)
        if ended - self._told_at >= self._pause:
            self.flush()
        self._ask()

    def _ask(self) -> None:
        """Have somebody flush what is left, once."""
        if (self._kept or self._report.unfinished) and not self._asked:
            self._asked = True
            self._soon()

    def flush(self) -> None:
        """Tell what was gathered, as far as the engine keeps up; the rest is for the next time."""
        if not self._telling.acquire(blocking=False):
            return  # another thread is at it
        try:
            self._told_at = time.perf_counter()
            self._report.finish()
            while self._kept and self._tell_some():
                pass
        finally:
            self._asked = self._pause == 0.0
            self._telling.release()
        self._ask()

    def close(self) -> None:
        """Tell what is left; from now on nobody is asked to flush."""
        self._soon = lambda: None
        self.flush()

    def _tell_some(self) -> bool:
        """Whether they were taken."""
        with self._lock:
            some = [self._kept.popleft() for _ in range(min(len(self._kept), _TOGETHER))]
            dropped, self._dropped = self._dropped, 0
        taken = self._report.requests(some, dropped)
        if not taken:
            with self._lock:
                self._kept.extendleft(reversed(some))
                self._dropped += dropped
        return taken


def _shown(text: str, most: int) -> str:
    """As much of it as is kept, without what would write somewhere else on a screen."""
    text = text[:most]
    return text if text.isprintable() else "".join(filter(str.isprintable, text))
