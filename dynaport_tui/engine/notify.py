"""READY=1 and its kin, as sd_notify(3) sends them."""

from __future__ import annotations

import asyncio
import itertools
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DATAGRAM_MAX = 4096

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
        lines = data.decode(errors="replace").splitlines()
        self._heard({k: v for k, _, v in (line.partition("=") for line in lines) if k})

    def close(self) -> None:
        """Remove it."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        Path(self.path).unlink(missing_ok=True)
