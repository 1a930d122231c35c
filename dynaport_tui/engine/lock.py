"""One engine a project: a lock that the kernel takes back when its holder is gone."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from ..ledger.folders import project_runtime
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

    `inherited` tells that whoever had it before was killed.
    """

    def __init__(self, file: Path) -> None:
        """Take the lock or raise AlreadyRunning at once."""
        folder = project_runtime(file)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            written = os.pread(self._fd, 32, 0)
            os.close(self._fd)
            pid = int(written) if written.strip().isdigit() else None
            raise AlreadyRunning(pid, socket_path(file)) from None
        self.inherited = bool(os.pread(self._fd, 1, 0))
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)
        # Whoever had the lock before and was killed left these behind.
        for stale in (folder / "sock", *folder.glob("n[0-9]*")):
            stale.unlink(missing_ok=True)

    def release(self) -> None:
        """Let the next engine in."""
        os.ftruncate(self._fd, 0)
        os.close(self._fd)
