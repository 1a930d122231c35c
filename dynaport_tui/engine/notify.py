"""READY=1 and its kin, as sd_notify(3) sends them."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DATAGRAM_MAX = 4096


class NotifySocket:
    """A Unix datagram socket that one service may write to."""

    def __init__(self, path: Path, heard: Callable[[dict[str, str]], None]) -> None:
        self.path = str(path)
        self._heard = heard
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(self.path)
        path.chmod(0o600)
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
