"""A file descriptor that may block for as long as its reader likes, without blocking the loop."""

from __future__ import annotations

import asyncio
import os
import queue
import select
import stat
import threading
from collections.abc import Sequence

_Part = bytes | memoryview
_Job = tuple[Sequence[_Part], "asyncio.Future[None]"]
_TOGETHER = 64 * 1024
"""Bytes up to which parts are put together: a call for each would cost more."""
_LAST_MOMENT = 0.2
"""Seconds that a thread with nothing more to do has to end."""
_MOST = 512
"""Parts in one call; systems allow 1,024."""


class OutputGone(Exception):
    """Nobody reads any more, or nothing can be written: the message says why."""


class Output:
    """Writes whole chunks in a thread of its own; the descriptor's flags stay as they are."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._last: asyncio.Future[None]
        self.is_file = stat.S_ISREG(os.fstat(fd).st_mode)
        """Whether nobody's patience counts but the disk's."""

    def write(self, parts: Sequence[_Part]) -> asyncio.Future[None]:
        """Done when the reader has taken all of it; fails with OutputGone.

        The caller bounds what waits: it waits for one chunk before it writes the next.
        """
        self._last = future = asyncio.get_running_loop().create_future()
        if self._thread is None:
            # A daemon: a reader that never reads again must not keep the process from ending.
            self._thread = threading.Thread(target=self._work, name="output", daemon=True)
            self._thread.start()
        self._jobs.put((parts, future))
        return future

    def close(self) -> None:
        """Let the thread end after what it has; the descriptor stays open."""
        self._jobs.put(None)
        if self._thread is not None and self._last.done():
            # The interpreter may crash when it ends while a thread is at its own last step.
            self._thread.join(_LAST_MOMENT)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            parts, future = job
            try:
                self._write_all(parts)
            except OSError as error:
                _settle(future, OutputGone(error.strerror or str(error)))
            else:
                _settle(future, None)

    def _write_all(self, parts: Sequence[_Part]) -> None:
        if len(parts) > 1 and sum(map(len, parts)) < _TOGETHER * len(parts):
            parts = [b"".join(parts)]
        while parts:
            try:
                parts = _after(parts, os.writev(self._fd, parts[:_MOST]))
            except BlockingIOError:  # somebody who shares the descriptor made it non-blocking
                ready = select.poll()
                ready.register(self._fd, select.POLLOUT)
                ready.poll()


def _after(parts: Sequence[_Part], written: int) -> Sequence[_Part]:
    """What is left when so many bytes are written."""
    for i, part in enumerate(parts):
        if written < len(part):
            return [memoryview(part)[written:], *parts[i + 1 :]]
        written -= len(part)
    return ()


def _settle(future: asyncio.Future[None], error: OutputGone | None) -> None:
    def settle() -> None:
        if future.done():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    try:
        future.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:
        return  # the loop has ended, and nobody waits any more
