"""A program in a terminal whose output is read as fast as it comes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

COLUMNS, LINES = 120, 35
_KEPT = 1 << 20


class Pty:
    """Runs `argv` in a terminal of 120x35; leaving it ends the program."""

    def __init__(self, argv: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(argv[0], list(argv), dict(env))
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.written = 0
        """Bytes that it has written so far."""
        self._seen = b""
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if self._gone(5):
                break
        os.close(self._terminal)
        self._reader.join(1)

    def expect(self, text: bytes, seconds: float) -> None:
        """Wait until `text` was written since the last key; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        with self._came:
            while text not in self._seen:
                if not self._came.wait(max(deadline - time.monotonic(), 0)):
                    raise TimeoutError(f"{text!r} did not come; {self._seen[-2000:]!r}")

    def press(self, key: bytes, effect: bytes, seconds: float) -> float:
        """Seconds from the key to its effect; raises TimeoutError."""
        with self._came:
            self._seen = b""
        began = time.monotonic()
        os.write(self._terminal, key)
        self.expect(effect, seconds)
        return time.monotonic() - began

    def _gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                    time.sleep(0.02)
                    continue
            return True
        return False

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._terminal, 1 << 16)
            except OSError:
                return
            with self._came:
                self.written += len(data)
                self._seen = (self._seen + data)[-_KEPT:]
                self._came.notify_all()
