"""A file descriptor that may block for as long as its reader likes, without blocking the loop for
longer than a moment.
"""

from __future__ import annotations

import asyncio
import math
import os
import queue
import select
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence

_Part = bytes | memoryview
_Job = tuple[Sequence[_Part], "asyncio.Future[None]"]
_TOGETHER = 64 * 1024
"""Bytes up to which parts are put together: a call for each would cost more."""
_LAST_MOMENT = 0.2
"""Seconds that a thread with nothing more to do has to end."""
_MOST = 512
"""Parts in one call; systems allow 1,024."""
PIECE = 192 * 1024
"""Bytes in one call for a pipe or terminal, so that a reader shows soon whether it reads."""
SLUGGISH = 0.05
"""Seconds for one write to a file after which it is not the loop that writes."""
RELIEF = 5.0
"""Seconds until the loop tries again."""


class OutputGone(Exception):
    """Nobody reads any more, or nothing can be written: the message says why."""


class Output:
    """Writes whole chunks; the descriptor's flags stay as they are.

    Into a pipe or a terminal in a thread of its own. Into a file at once, while the bytes are in
    the processor's cache: to hand them over costs more than to write them. A file whose disk is
    slow is left to the thread for a while.
    """

    def __init__(self, fd: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fd = fd
        self._clock = clock
        self._left_until = -math.inf
        """When the loop may write again."""
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._last: asyncio.Future[None]
        self.is_file = stat.S_ISREG(os.fstat(fd).st_mode)
        """Whether nobody's patience counts but the disk's."""
        self.taken = 0
        """Bytes that the reader has taken so far."""

    def write(self, parts: Sequence[_Part]) -> asyncio.Future[None]:
        """Done when the reader has taken all of it; fails with OutputGone.

        The caller bounds what waits: it waits for one chunk before it writes the next.
        """
        self._last = future = asyncio.get_running_loop().create_future()
        if self.is_file and self._clock() >= self._left_until:
            self._write_now(parts, future)
        else:
            self._leave(parts, future)
        return future

    def _write_now(self, parts: Sequence[_Part], future: asyncio.Future[None]) -> None:
        began = self._clock()
        self._do(parts, future)
        if (ended := self._clock()) - began > SLUGGISH:
            self._left_until = ended + RELIEF

    def _leave(self, parts: Sequence[_Part], future: asyncio.Future[None]) -> None:
        """To the thread."""
        if self._thread is None:
            # A daemon: a reader that never reads again must not keep the process from ending.
            self._thread = threading.Thread(target=self._work, name="output", daemon=True)
            self._thread.start()
        self._jobs.put((parts, future))

    def close(self) -> None:
        """Let the thread end after what it has; the descriptor stays open."""
        self._jobs.put(None)
        if self._thread is not None and self._last.done():
            # The interpreter may crash when it ends while a thread is at its own last step.
            self._thread.join(_LAST_MOMENT)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(*job)

    def _do(self, parts: Sequence[_Part], future: asyncio.Future[None]) -> None:
        try:
            self._write_all(parts)
        except OSError as error:
            _settle(future, OutputGone(error.strerror or str(error)))
        else:
            _settle(future, None)

    def _write_all(self, parts: Sequence[_Part]) -> None:
        if len(parts) > 1 and sum(map(len, parts)) < _TOGETHER * len(parts):
            parts = [b"".join(parts)]
        most = _MOST
        if not self.is_file:
            parts, most = list(_pieces(parts)), 1
        while parts:
            try:
                written = os.writev(self._fd, parts[:most])
                parts = _after(parts, written)
                self.taken += written
            except BlockingIOError:  # somebody who shares the descriptor made it non-blocking
                ready = select.poll()
                ready.register(self._fd, select.POLLOUT)
                ready.poll()


def _pieces(parts: Sequence[_Part]) -> Iterator[_Part]:
    for part in parts:
        if len(part) <= PIECE:
            yield part
        else:
            view = memoryview(part)
            yield from (view[start : start + PIECE] for start in range(0, len(part), PIECE))


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
