"""EngineView over HTTP/1.1 on a Unix socket that only its user can open."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from .http1 import HEAD_MAX, Listener
from .routes import Routes, refuse

if TYPE_CHECKING:
    from pathlib import Path

    from ..model.view import EngineView

MAX_CONNECTIONS = 256
"""At a time."""

LOOK = 10.0
"""Seconds between looks whether the socket is still there."""
_LAST = 2.0
"""Seconds that open streams have to end."""


class ControlServer:
    """A listening control socket; close() removes it again.

    A system may empty its runtime folder while we run, as when a user logs out: then the socket is
    made anew within `look` seconds, or nobody would find us any more.
    """

    def __init__(self, view: EngineView, path: Path, look: float) -> None:
        self._listener = Listener(Routes(view).answer, refuse, MAX_CONNECTIONS)
        self._path = path
        self._look = look
        self._server: asyncio.Server | None = None
        self._born: tuple[int, int] | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Make the socket and answer; raises OSError."""
        listener = _bind(self._path)
        connected = self._listener.connected
        self._server = await asyncio.start_unix_server(connected, sock=listener, limit=HEAD_MAX)
        self._born = _identity(self._path)
        self._keeping = self._keeping or asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._look)
            if _identity(self._path) is not None or self._server is None:
                continue
            with suppress(OSError):  # the disk is full, say: the next look may do better
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._server.close()
                await self.listen()

    async def close(self) -> None:
        """Remove the socket if it is still ours, and give open streams two seconds to end."""
        if self._keeping is not None:
            self._keeping.cancel()
        if self._born is not None and _identity(self._path) == self._born:
            self._path.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()
        await self._listener.close(_LAST)


async def serve(view: EngineView, path: Path, *, look: float = LOOK) -> ControlServer:
    """Listen on `path`, replacing whatever lies there: the caller holds the project's lock.

    The socket appears with mode 0600 and listening already. Raises OSError, also for a path of more
    than 107 bytes.
    """
    server = ControlServer(view, path, look)
    await server.listen()
    return server


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells one socket from the next on the same path."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _bind(path: Path) -> socket.socket:
    born = path.with_name(path.name + "~")
    born.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(born))
        born.chmod(0o600)
        listener.listen(128)
        listener.setblocking(False)
        born.rename(path)
    except OSError:
        listener.close()
        raise
    return listener
