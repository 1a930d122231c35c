"""READY=1 and its kin, as sd_notify(3) sends them.

READY=1 and STATUS= are acted on. STOPPING=1 says what the state shows anyway, and WATCHDOG=1
answers a watchdog that nobody asked for: both are taken without a word, like all the rest.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.text import clean, plain

if TYPE_CHECKING:
    from collections.abc import Callable

DATAGRAM_MAX = 4096
LONGEST = 200
"""Characters of a status that are kept."""
PAUSE = 1.0
"""Seconds between two statuses that are passed on."""

_numbers = itertools.count(1)
"""What the socket files are named by: a service's own name might not fit into a socket's path."""


class NotifySocket:
    """A Unix datagram socket that one service may write to."""

    def __init__(self, folder: Path, heard: Callable[[dict[str, str]], None]) -> None:
        path = folder / f"n{next(_numbers)}"
        self.path = str(path)
        self._heard = heard
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind(self.path)
            path.chmod(0o600)
        except OSError:
            self._socket.close()
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._readable)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(DATAGRAM_MAX)
        except OSError:
            return
        pairs = (line.partition(b"=") for line in data.split(b"\n"))
        self._heard({_fit(k): _fit(v) for k, _, v in pairs if k})

    def close(self) -> None:
        """Remove it."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        Path(self.path).unlink(missing_ok=True)


def _fit(value: bytes) -> str:
    text = " ".join(plain(clean(value)).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


class Pace:
    """Passes a service's statuses on, at most one in PAUSE seconds: of what comes in between, the
    last.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._next: str | None = None
        self._pause: asyncio.TimerHandle | None = None

    def say(self, text: str) -> None:
        """Pass it on now, or when the pause is over."""
        self._next = text
        if self._pause is None:
            self._pass_on()

    def _pass_on(self) -> None:
        text, self._next, self._pause = self._next, None, None
        if text is not None:
            self._pause = asyncio.get_running_loop().call_later(PAUSE, self._pass_on)
            self._say(text)

    def close(self) -> None:
        """Say no more."""
        self._next = None
        if self._pause is not None:
            self._pause.cancel()
