"""A terminal whose other end is in the hands of the test."""

from __future__ import annotations

import os
import pty
import re
import termios
import threading
import time
from typing import Any, Self

from dynaport_tui.tui.terminal import Terminal

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Screen:
    """What is printed can be read, and keys pressed."""

    def __init__(self) -> None:
        self._hand, self._end = pty.openpty()
        self._text = ""
        self._reader = threading.Thread(target=self._read, name="screen")
        self._reader.start()
        self.terminal = Terminal(self._end, self._end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._end)
        self._reader.join(5)
        os.close(self._hand)

    @property
    def modes(self) -> list[Any]:
        """How the terminal treats keys."""
        return termios.tcgetattr(self._end)

    @property
    def text(self) -> str:
        """Everything printed so far, without colours."""
        return _COLOUR.sub("", self.coloured)

    @property
    def coloured(self) -> str:
        """Everything printed so far."""
        return self._text.replace("\r\n", "\n")

    def press(self, keys: str) -> None:
        """Keys as a terminal sends them."""
        os.write(self._hand, keys.encode())

    def until(self, text: str) -> None:
        """Return as soon as this was printed."""
        deadline = time.monotonic() + 5
        while text not in self.text:
            assert time.monotonic() < deadline, f"{text!r} did not come: {self.text[-2000:]!r}"
            time.sleep(0.005)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._hand, 65536)
            except OSError:
                return
            if not data:
                return
            self._text += data.decode()
