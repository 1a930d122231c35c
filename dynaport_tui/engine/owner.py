"""The line to the process that a run belongs to, such as the dashboard that started it."""

from __future__ import annotations

import asyncio
import os
from signal import SIGHUP, SIGINT
from typing import TYPE_CHECKING

from ..model.outcome import OK, Verdict
from .options import DETACH, DRAWN, KILL, STOP

if TYPE_CHECKING:
    from collections.abc import Callable


class OwnerLine:
    """Ends the run when its owner says so or is gone without a word, unless it let the run go."""

    def __init__(
        self,
        fd: int,
        *,
        end: Callable[[Verdict], None],
        kill: Callable[[], None],
        drawn: Callable[[], None],
    ) -> None:
        """Take over a descriptor that no child may have; `end` begins the orderly stop, `kill`
        does not wait for it, `drawn` hears of the owner's first picture.
        """
        os.set_inheritable(fd, False)
        os.set_blocking(fd, False)
        self._fd = fd
        self._end = end
        self._kill = kill
        self._drawn = drawn
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(fd, self._readable)

    def _readable(self) -> None:
        try:
            said = os.read(self._fd, 64)
        except BlockingIOError:
            return
        except ConnectionError:
            said = b""
        if DRAWN in said:
            self._drawn()
        if DETACH in said or not said:
            self.close()
        if KILL in said:
            self._end(Verdict(code=128 + SIGINT, why="interrupted"))
            self._kill()
        elif STOP in said:
            self._end(Verdict(code=OK, why="asked to stop"))
        elif not said:
            self._end(Verdict(code=128 + SIGHUP, why="the dashboard is gone"))

    def close(self) -> None:
        """Listen no more; safe to repeat."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
