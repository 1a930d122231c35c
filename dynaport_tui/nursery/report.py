"""What a service tells the engine, a JSON object a line."""

from __future__ import annotations

import json
import os
import threading
from select import POLLOUT, poll
from typing import TYPE_CHECKING, Any

from .held import Descriptor

if TYPE_CHECKING:
    from collections.abc import Callable


class Report:
    """The engine's ear; without one, or when it is gone, nothing happens."""

    def __init__(self, fd: int | None) -> None:
        self._ear = None if fd is None else Descriptor(fd)
        self._lock = threading.Lock()
        self._files: set[str] = set()
        self._unsent = b""
        """The rest of a line of which a part was sent."""
        if fd is not None:
            os.set_blocking(fd, False)
        self.listening = False
        """Whether anything of this service ever listened on its port."""
        self.afterwards: Callable[[], None] = lambda: None
        """Called when it has said that it serves, and now and then while it does."""
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        self._lock = threading.Lock()  # another thread may have held it during the fork
        self._unsent = b""

    def ready(self, server: str, *, scheme: str = "http", app: bool) -> None:
        """It serves, or is about to: a connection that comes now is answered. Said once."""
        if not self.listening:
            self.listening = True
            self._send(report="ready", server=server, scheme=scheme, app=app)
            self.afterwards()

    def worker(self, scheme: str) -> None:
        """A worker of a server that is not ours has loaded the application and serves."""
        self._send(report="worker", pid=os.getpid(), scheme=scheme)

    def unhooked(self) -> None:
        """A server that is not ours is of a version whose workers cannot say when they serve."""
        self._send(report="unhooked")

    def retired(self) -> None:
        """It accepts no connection any more: whoever takes over may begin."""
        self._send(report="retired")

    def file(self, path: str) -> None:
        """A file of the project is about to be loaded; each is told once, as it is then."""
        if path not in self._files:
            self._files.add(path)
            self._send(report="files", files=[path], stamps=[_stamp(path)])

    def elsewhere(self, port: int) -> None:
        """It listens on a port that is not the one it was given."""
        self._send(report="elsewhere", port=port)

    def error(self, why: str, file: str | None, line: int | None, *, again: bool) -> None:
        """It cannot go on; the process is about to end. `again`: another try may go better."""
        self._send(report="error", why=why, file=file, line=line, again=again)

    def ended(self, why: str) -> None:
        """It came to its end without an error, and without having served."""
        self._send(report="ended", why=why)

    def requests(self, some: list[Any], dropped: int) -> bool:
        """Requests that were answered, and how many went untold before them.

        Never waits: where the engine does not keep up it returns False, and nothing was said.
        """
        taken = self._offer(report="requests", requests=some, dropped=dropped)
        self.afterwards()
        return taken

    def imports(self, modules: list[str], sets: list[str]) -> bool:
        """What it imported beside what its nursery had, and the variables that it has changed.

        Never waits, as `requests`.
        """
        return self._offer(report="imports", modules=modules, sets=sets)

    @property
    def unfinished(self) -> bool:
        """Whether a part of what was said waits until the engine has room."""
        return bool(self._unsent)

    def finish(self) -> None:
        """Send that part as far as there is room now."""
        if self._lock.acquire(blocking=False):
            try:
                self._write()
            finally:
                self._lock.release()

    def _offer(self, **fields: Any) -> bool:
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._write():
                return False
            self._unsent = _line(**fields)
            self._write()
        finally:
            self._lock.release()
        return True

    def _send(self, **fields: Any) -> None:
        with self._lock:
            self._unsent += _line(**fields)
            while self._write():
                room = poll()
                assert self._ear is not None
                room.register(self._ear.fd, POLLOUT)
                room.poll()

    def _write(self) -> bool:
        """Send what the channel takes; whether it has no room for the rest."""
        if self._ear is None or not self._ear.intact():
            self._unsent = b""
        try:
            while self._unsent and self._ear is not None:
                self._unsent = self._unsent[os.write(self._ear.fd, self._unsent) :]
        except BlockingIOError:
            return True
        except OSError:
            self._ear, self._unsent = None, b""  # the engine is gone, and we are about to be
        return False


def _line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
