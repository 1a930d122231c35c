"""What the engine tells a service, a word a line: how one process takes over from another.

`go` lets a process that is ready accept connections; `retire` has one stop accepting, finish what
it has and end.
"""

from __future__ import annotations

import os
import signal
import threading
from select import POLLIN, poll  # before gevent puts its own in their place
from typing import TYPE_CHECKING, Any

from .held import Descriptor

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_CHUNK = 4096


class Orders:
    """The engine's voice; without one, when it is gone, and in a forked child, nothing is heard."""

    def __init__(self, fd: int | None, *, waits: bool) -> None:
        self._voice = None if fd is None else Descriptor(fd)
        self.waits = waits and fd is not None
        """Whether `go` must come before the first accept."""
        self.retired = False
        """Whether another process takes over."""
        self._partial = b""
        if fd is not None:
            os.set_blocking(fd, False)
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        self._voice, self.waits = None, False

    @property
    def fd(self) -> int | None:
        """What to poll for the next word; None where none can come."""
        if self._voice is not None and not self._voice.intact():
            self._deaf()
        return None if self._voice is None else self._voice.fd

    def read(self) -> None:
        """Take in what was said, without waiting."""
        while (fd := self.fd) is not None:
            try:
                data = os.read(fd, _CHUNK)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._deaf()
                return
            *words, self._partial = (self._partial + data).split(b"\n")
            self._partial = self._partial[-_CHUNK:]
            for word in words:
                self._hear(word)

    def _hear(self, word: bytes) -> None:
        if word == b"go":
            self.waits = False
        elif word == b"retire":
            self.retired = True

    def _deaf(self) -> None:
        self._voice, self.waits = None, False

    def wait(self, ready: Callable[[], None], ended: Callable[[], bool] = lambda: False) -> None:
        """Say `ready`, and return when the service may accept connections, or is to end.

        TERM ends the wait, and then does what the program has it do; `ended` tells whether it came
        before. Python allows that in the main thread alone; in another one, TERM does the same
        without ending the wait.
        """
        if not self.waits:
            ready()
            return
        with _Term() as term:
            ready()
            self._hear_go(term, ended)
        self.waits = False

    def _hear_go(self, term: _Term, ended: Callable[[], bool]) -> None:
        while self.waits and not (term.came or ended()) and (fd := self.fd) is not None:
            room = poll()
            room.register(fd, POLLIN)
            room.register(term.fd, POLLIN)
            room.poll()
            self.read()


class _Term:
    """Notices TERM for as long as the context lasts, and passes it on at its end."""

    def __init__(self) -> None:
        self.came = False
        self.fd, self._stirs = os.pipe()
        self._before: Any = None

    def __enter__(self) -> _Term:
        before = signal.getsignal(signal.SIGTERM)
        main = threading.current_thread() is threading.main_thread()
        if main and (callable(before) or before is signal.SIG_DFL):
            self._before = before
            signal.signal(signal.SIGTERM, self._notice)
        return self

    def _notice(self, _number: int, _frame: object) -> None:
        self.came = True
        os.write(self._stirs, b".")

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
        os.close(self.fd)
        os.close(self._stirs)
        if self.came:
            signal.raise_signal(signal.SIGTERM)
