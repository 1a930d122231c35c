"""What the services printed before this engine ran, for those who look at it now."""

from __future__ import annotations

import asyncio
import contextlib
from threading import Thread
from typing import TYPE_CHECKING

from ..model.view import ActionError
from .logread import read_past

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model.view import LogLine
    from .logs import ServiceLog

MOST_LINES = 1_000
"""Lines in one answer."""
DEADLINE = 5.0
"""Seconds that the disk has for it."""


class Past:
    """Reads log files in a thread, one after the other: a disk that hangs holds up nobody else, and
    the end of the process neither.
    """

    def __init__(self, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._turn = asyncio.Lock()
        self._read: asyncio.Future[list[LogLine] | OSError] | None = None

    async def lines(self, log: ServiceLog, limit: int) -> Sequence[LogLine]:
        """At most `limit` lines of the service's last run before this one, the newest of them;
        raises ActionError where the disk refuses or is too slow.
        """
        async with self._turn:
            if self._read is None or self._read.done():
                self._read = _begin(log, min(limit, MOST_LINES))
                await asyncio.wait([self._read], timeout=self._deadline)
            else:  # an earlier one is not done yet: this one would not be either
                raise _refused(log, "the disk does not answer")
            if not self._read.done():
                raise _refused(log, f"not within {self._deadline:g} s")
            found = self._read.result()
        if isinstance(found, OSError):
            raise _refused(log, found.strerror or str(found)) from found
        return found


def _begin(log: ServiceLog, limit: int) -> asyncio.Future[list[LogLine] | OSError]:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[LogLine] | OSError] = loop.create_future()

    def read() -> None:
        found: list[LogLine] | OSError
        try:
            found = read_past(log.folder, log.service, log.born, limit)
        except OSError as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(future.set_result, found)

    Thread(target=read, name="past", daemon=True).start()
    return future


def _refused(log: ServiceLog, why: str) -> ActionError:
    text = f"what {log.service} printed before cannot be read: {why}"
    return ActionError("unreadable", text, f"The files are in {log.folder}.")
