"""Ends what could go on for ever in one call, such as a regular expression on a long line."""

from __future__ import annotations

import gc
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNAL = signal.SIGVTALRM
_armed = False


class TooLong(Exception):
    """The block was not done in its time."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooLong inside of the block once the process has computed for so many seconds.

    For the main thread, and not one inside of another; in another thread nothing is bounded. The
    time in which the process waits does not count.
    """
    global _armed
    try:
        signal.signal(_SIGNAL, _interrupt)
    except ValueError:  # not the main thread
        yield
        return
    # The handler stays: a signal that comes late must not end the process.
    collecting = gc.isenabled()
    gc.disable()  # it would take of the time, and its callbacks swallow what is raised in them
    _armed = True
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        yield
    finally:
        _armed = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if collecting:
            gc.enable()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    if _armed:
        raise TooLong
