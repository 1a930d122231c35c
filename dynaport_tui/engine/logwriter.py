"""Writes a log file from a thread, so that a slow disk never holds the loop up."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from .logfile import Entry, LogFile

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 8 * 1024 * 1024
"""Bytes that may wait for the disk, a service."""
_LAST_MOMENT = 0.2
GATHER = 0.005
"""Seconds for which little is left to become more: waking a thread costs more than writing."""
_MUCH = 1024 * 1024
RETRY = 2.0
"""Seconds after which a write that failed is tried again."""


class _Worker:
    """A thread that does one job after the other, and does not hold up the end of the process."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], None], Future[None]] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Do this after all that was submitted before."""
        future: Future[None] = Future()
        self._jobs.put((work, future))
        return future

    def end(self) -> None:
        """End after what was submitted."""
        self._jobs.put(None)

    def ended(self) -> None:
        """Wait a moment for the end, when all is done that was submitted."""
        # The interpreter may crash when it ends while a thread is at its own last step.
        self._thread.join(_LAST_MOMENT)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, future = job
            try:
                work()
            except BaseException as error:  # it belongs to whoever waits for the job
                future.set_exception(error)
            else:
                future.set_result(None)


class LogWriter:
    """A bounded queue in front of one LogFile, with one thread that lives while there is a service.

    A disk that is slow makes the queue `full`: then the caller stops reading, and the service waits
    as if it wrote the file itself. A disk that refuses (full, read-only) is said once; then the
    service goes on, up to LIMIT bytes wait for the disk to recover, and a line in the file says how
    many bytes after them are missing.
    """

    def __init__(
        self, file: LogFile, *, name: str, notice: Callable[[str], None], room: Callable[[], None]
    ) -> None:
        self._file = file
        self._name = name
        self._notice = notice
        self._room = room
        self._queue: list[Entry] = []
        self._queued = 0
        self._writing = 0
        self._job: Future[None] | None = None
        self._last: Future[None] | None = None
        self._worker: _Worker | None = None
        self._error: OSError | None = None
        self._lost = 0
        self._lost_at = 0.0
        self._retry: asyncio.TimerHandle | None = None
        self._gathering: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether the disk is so slow that nothing more should be put in."""
        return self._error is None and self._queued + self._writing > LIMIT

    def put(self, entry: Entry) -> None:
        """Queue bytes for the file; never blocks."""
        if self._closed:
            return
        full = self._queued + self._writing + len(entry.data) > LIMIT
        if self._lost or (self._error is not None and full):
            # From the first lost byte on, until the disk recovers: one gap, and it is marked.
            self._lost += len(entry.data)
            self._lost_at = entry.at
            return
        self._queue.append(entry)
        self._queued += len(entry.data)
        if self._job is None and self._retry is None:
            self._begin_soon()

    def close(self) -> None:
        """Begin to write what waits and to close the file then; safe to repeat."""
        if self._closed:
            return
        self._closed = True
        for timer in (self._retry, self._gathering):
            if timer is not None:
                timer.cancel()
        if self._worker is None and not self._queue:
            return
        if self._error is not None:
            self._mark_gap(self._error)
        queue, self._queue = self._queue, []
        self._worker = self._worker or _Worker(f"log of {self._name}")
        self._last = self._worker.submit(lambda: self._finish(queue))
        self._worker.end()

    async def closed(self, seconds: float) -> None:
        """After `close`: wait at most `seconds` until all is written, and say what is not."""
        if self._last is None:
            return
        ended, last = asyncio.Event(), self._last
        self._last = None
        loop = asyncio.get_running_loop()
        last.add_done_callback(lambda job: _tell(loop, lambda _: ended.set(), job))
        try:
            async with asyncio.timeout(seconds):
                await ended.wait()
        except TimeoutError:
            self._notice(f"the disk is too slow: the log of {self._name} lacks its last lines")
            return
        if self._worker is not None:
            self._worker.ended()
        error = last.exception()
        if isinstance(error, OSError):
            self._notice(self._cannot(error))
        elif error is not None:
            raise error

    def _begin_soon(self) -> None:
        if self._queued >= _MUCH:
            self._begin()
        elif self._gathering is None:
            loop = asyncio.get_running_loop()
            self._gathering = loop.call_later(GATHER, self._begin)

    def _begin(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        loop = asyncio.get_running_loop()
        if self._worker is None:
            self._worker = _Worker(f"log of {self._name}")
        queue, self._queue = self._queue, []
        self._writing += self._queued
        self._queued = 0
        self._job = self._worker.submit(lambda: self._file.append(queue))
        self._job.add_done_callback(lambda job: _tell(loop, self._written, job))

    def _finish(self, queue: list[Entry]) -> None:
        try:
            self._file.append(queue)
        finally:
            self._file.close()

    def _written(self, job: Future[None]) -> None:
        self._job = None
        if self._closed:
            return
        error = job.exception()
        self._writing = self._file.pending
        if isinstance(error, OSError):
            self._failed(error)
            return
        if error is not None:
            raise error
        if self._error is not None:
            self._recovered(self._error)
        if self._queue:
            self._begin_soon()
        if self._queued + self._writing <= LIMIT // 2:
            self._room()

    def _failed(self, error: OSError) -> None:
        if self._error is None:
            self._notice(self._cannot(error))
        self._error = error
        self._retry = asyncio.get_running_loop().call_later(RETRY, self._again)
        self._room()

    def _again(self) -> None:
        self._retry = None
        self._begin()

    def _recovered(self, error: OSError) -> None:
        self._error = None
        self._mark_gap(error)
        self._notice(f"the log of {self._name} is written again")

    def _mark_gap(self, error: OSError) -> None:
        lost, self._lost = self._lost, 0
        if lost:
            text = f"\n[dynaport: {lost} bytes of output are missing here: {error.strerror}]\n"
            self._queue.append(Entry(text.encode(), self._lost_at, "stderr"))
            self._queued += len(text)

    def _cannot(self, error: OSError) -> str:
        return (
            f"the log of {self._name} cannot be written: {error.strerror or error}"
            f" ({error.filename or self._file.path})."
            " The service goes on, and its newest lines are kept in memory"
        )


def _tell(
    loop: asyncio.AbstractEventLoop,
    written: Callable[[Future[None]], None],
    job: Future[None],
) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(written, job)
