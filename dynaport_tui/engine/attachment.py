"""Reads one pipe or terminal of a service until its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from .cutter import Cut, Cutter

if TYPE_CHECKING:
    from ..model.view import Stream

CHUNK = 1024 * 1024
"""Bytes that are read at once, and about as many in one loop turn."""
PIPE = 256 * 1024
"""Bytes that a service can run ahead. The system's allowance for all pipes of a user is 64 MiB, so
no more.
"""
WIDE = CHUNK
"""The same once a service has filled its pipe: a flood costs most where it is read in many bits."""
MOST_WIDE = 16
"""Pipes that may be as wide as that, for the allowance's sake."""
QUIET = 0.2
"""Seconds without output after which an unfinished line is shown."""
PATIENCE = 1.0
"""Seconds after which an unfinished line is shown that keeps growing, or that stands at the end of
a block: whoever prints by the block cuts lines where a block ends.
"""
BLOCK = 4096
"""Bytes of the smallest block in which programs print."""
BREATH = 0.004
"""Seconds for which small pieces that come in quick succession are left to gather in the pipe."""
_SMALL = 64 * 1024
_LAST = 4 * 1024 * 1024

Take = Callable[["Attachment", Cut], None]


class Attachment:
    """Owns one descriptor: reads it whenever there is something, and closes it at its end."""

    def __init__(
        self, stream: Stream, fd: int, take: Take, ended: Callable[[Attachment], None]
    ) -> None:
        self.stream = stream
        self._fd = fd
        self._take = take
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._cutter = Cutter()
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        """When the unfinished line began to wait."""
        self._grew = 0.0
        self._quiet = QUIET
        self._paused = False
        self._breath: asyncio.TimerHandle | None = None
        self._read_at = 0.0
        self._holds = PIPE
        """Bytes that the pipe holds when it is full."""
        self.closed: asyncio.Future[None] = self._loop.create_future()
        """Done when everything was read and the descriptor is closed."""
        os.set_blocking(fd, False)
        _enlarge(fd, PIPE)
        self._listen()

    def pause(self) -> None:
        """Leave what comes in the pipe."""
        self._paused = True
        if not self.closed.done():
            self._loop.remove_reader(self._fd)

    def resume(self) -> None:
        """Read again."""
        self._paused = False
        self._since = self._grew = self._loop.time()  # an unfinished line waited for us alone
        self._listen()

    async def drain(self, seconds: float) -> bool:
        """Wait at most `seconds` for the end; False when somebody still holds the other end."""
        await asyncio.wait([self.closed], timeout=seconds)
        return self.closed.done()

    def close(self) -> None:
        """Read what is there now, at most 4 MiB, and close the descriptor; safe to repeat."""
        left = _LAST
        while left > 0 and not self.closed.done():
            left -= self._read() or left
        if not self.closed.done():
            self._end()

    def _read(self) -> int:
        """Bytes read, 0 when there are none now or ever."""
        try:
            size = os.readv(self._fd, [_buffer])
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            size = 0  # a terminal whose other end is closed gives EIO
        if size:
            self._pass_on(self._cutter.feed(_buffer, size))
        else:
            self._end()
        return size

    def _listen(self) -> None:
        self._breath = None
        if not self._paused and not self.closed.done():
            self._loop.add_reader(self._fd, self._come)

    def _come(self) -> None:
        got = 0
        while got < CHUNK:
            size = self._read()
            got += size
            if size == PIPE == self._holds:
                self._widen()
            if size < self._holds // 2 or self._paused:
                break
        if got and not self.closed.done():
            self._watch_tail(got)
            self._breathe(got)

    def _widen(self) -> None:
        """It prints faster than it is read."""
        if len(_wide) < MOST_WIDE and _enlarge(self._fd, WIDE):
            self._holds = WIDE
            _wide.add(self)
            # glibc asks the system for each block that is larger than the largest that was freed
            # so far, and gives it back at once: in a flood that costs more than filling them.
            bytes(4 * CHUNK)

    def _breathe(self, size: int) -> None:
        """A turn of the loop costs the same for one line as for thousands."""
        now = self._loop.time()
        if size < _SMALL and now - self._read_at < BREATH and self._breath is None:
            self._loop.remove_reader(self._fd)
            self._breath = self._loop.call_later(BREATH, self._listen)
        self._read_at = now

    def _pass_on(self, cut: Cut | None) -> None:
        if cut is not None:
            self._take(self, cut)
            self._since = self._loop.time()

    def _watch_tail(self, size: int) -> None:
        if not self._cutter.waiting:
            return
        self._quiet = QUIET if size < BLOCK else PATIENCE
        self._grew = self._loop.time()
        if self._timer is None:
            self._since = self._grew
            self._timer = self._loop.call_later(QUIET, self._look)

    def _look(self) -> None:
        """One timer serves a whole flood: it is not set anew with each chunk."""
        self._timer = None
        if not self._cutter.waiting:
            return
        now = self._loop.time()
        due = now + QUIET if self._paused else min(self._grew + self._quiet, self._since + PATIENCE)
        if now >= due - 0.001:
            self._pass_on(self._cutter.flush())
        else:
            self._timer = self._loop.call_at(due, self._look)

    def _end(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
        _wide.discard(self)
        for timer in (self._timer, self._breath):
            if timer is not None:
                timer.cancel()
        self._pass_on(self._cutter.flush())
        self.closed.set_result(None)
        self._ended(self)


_buffer = bytearray(CHUNK)
"""What was just read, for all: it is passed on before anything else is read."""
_wide: set[Attachment] = set()


def _enlarge(fd: int, size: int) -> bool:
    """Whether the pipe holds so much now."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # a terminal, or the user's allowance is spent
            return fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, size) >= size
    return False
