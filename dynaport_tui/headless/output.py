"""A file descriptor that may block for as long as its reader likes, without blocking the loop."""

from __future__ import annotations

import asyncio
import os
import queue
import select
import threading

_Job = tuple[bytes, "asyncio.Future[None]"]


class OutputGone(Exception):
    """Nobody reads any more, or nothing can be written: the message says why."""


class Output:
    """Writes whole chunks in a thread of its own; the descriptor's flags stay as they are."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def write(self, text: str) -> asyncio.Future[None]:
        """Done when the reader has taken all of it; fails with OutputGone.

        The caller bounds what waits: it waits for one chunk before it writes the next.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._thread is None:
            # A daemon: a reader that never reads again must not keep the process from ending.
            self._thread = threading.Thread(target=self._work, name="output", daemon=True)
            self._thread.start()
        self._jobs.put((text.encode("utf-8", "replace"), future))
        return future

    def close(self) -> None:
        """Let the thread end after what it has; the descriptor stays open."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            data, future = job
            try:
                self._write_all(data)
            except OSError as error:
                _settle(future, OutputGone(error.strerror or str(error)))
            else:
                _settle(future, None)

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:  # somebody who shares the descriptor made it non-blocking
                ready = select.poll()
                ready.register(self._fd, select.POLLOUT)
                ready.poll()


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
