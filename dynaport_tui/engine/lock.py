"""One engine a project: a lock that the kernel takes back when its holder is gone."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from ..ledger.folders import project_runtime, project_state
from .files import socket_path

if TYPE_CHECKING:
    from pathlib import Path


class AlreadyRunning(Exception):
    """Another engine runs this project; `pid` is None where it has not said yet."""

    def __init__(self, pid: int | None, socket: Path) -> None:
        super().__init__(f"this project is running already (engine pid {pid})")
        self.pid, self.socket = pid, socket


class ProjectLock:
    """Held from the first look at a project until nothing of it is left.

    The lock itself lies in the state folder, because a system may empty the runtime folder when its
    user logs out; there a file of the same name tells the engine's pid to whoever looks for it.
    `inherited` tells that whoever had the lock before was killed.
    """

    def __init__(self, file: Path) -> None:
        """Take the lock or raise AlreadyRunning at once."""
        folder = project_runtime(file)
        self._told = folder / "lock"
        path = project_state(file) / "lock"
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            written = os.pread(self._fd, 32, 0)
            os.close(self._fd)
            pid = int(written) if written.strip().isdigit() else None
            raise AlreadyRunning(pid, socket_path(file)) from None
        self.inherited = bool(os.pread(self._fd, 1, 0))
        # Whoever had the lock before and was killed left these behind.
        for stale in (folder / "sock", *folder.glob("n[0-9]*")):
            stale.unlink(missing_ok=True)
        pid_line = f"{os.getpid()}\n"
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, pid_line.encode(), 0)
        self._told.write_text(pid_line)

    def release(self) -> None:
        """Let the next engine in."""
        with suppress(FileNotFoundError):  # the folder went while we ran
            os.truncate(self._told, 0)
        os.ftruncate(self._fd, 0)
        os.close(self._fd)
