"""The engine's end of a nursery: one fork server an interpreter, and the frames that go to and
fro.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import struct
import subprocess
from collections import deque
from typing import TYPE_CHECKING, Any

from .spawning import spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .spawning import Spawned

_HEADER = struct.Struct(">I")
_CHUNK = 1 << 16
_FRAME_MAX = 4 << 20
_BUFFER = 1 << 20

_NO_PROGRAM = (errno.ENOEXEC, errno.EACCES, errno.ENOENT, errno.ENOTDIR, errno.ELOOP)

Event = dict[str, Any]


class NotPython(Exception):
    """What is named as interpreter is none that we can use; the message says what to do."""

    def __init__(self, python: str, why: str) -> None:
        super().__init__(
            f"{python} is no Python 3.9 or newer ({why}); name another one with `python`"
        )


class Nursery:
    """A fork server; it ends with us, and everything that it started with it."""

    def __init__(
        self,
        python: str,
        env: Mapping[str, str],
        *,
        warm: bool,
        heard: Callable[[Event], None],
        lost: Callable[[Nursery], None],
        begun: Spawned | None = None,
    ) -> None:
        """Start it, unless it has `begun` already; raises NotPython, or OSError where the system
        has no room for it.
        """
        self.python = python
        self.greeted = False
        """Whether it ever said anything."""
        self.env = dict(env)
        self.about_itself: Callable[[Event], None] = _nobody
        """Hears the events that concern no start."""
        self._heard, self._lost = heard, lost
        self._out: deque[tuple[memoryview, tuple[int, ...]]] = deque()
        self._in = bytearray()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.alive = True
        try:
            self._process, self._socket = begun or spawn(python, env, "warm" if warm else "bare")
        except OSError as error:
            if error.errno in _NO_PROGRAM:
                raise NotPython(python, error.strerror or str(error)) from None
            raise
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self.pid = self._process.pid

    def attach(self) -> None:
        """Begin to listen; called inside the running loop."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._readable)

    def send(self, message: Mapping[str, Any], fds: Sequence[int] = ()) -> None:
        """Send a frame; the descriptors are duplicated, so the caller may close its own at once."""
        if not self.alive:
            return
        body = json.dumps(message).encode()
        frame = memoryview(_HEADER.pack(len(body)) + body)
        self._out.append((frame, _duplicates(fds)))
        self._flush()

    def _flush(self) -> None:
        while self._out:
            data, fds = self._out[0]
            try:
                sent = socket.send_fds(self._socket, [data], list(fds))
            except BlockingIOError:
                assert self._loop is not None
                self._loop.add_writer(self._socket, self._writable)
                return
            except OSError:
                self._break()
                return
            for fd in fds:
                os.close(fd)
            if sent < len(data):
                self._out[0] = (data[sent:], ())
            else:
                self._out.popleft()

    def _writable(self) -> None:
        assert self._loop is not None
        self._loop.remove_writer(self._socket)
        self._flush()

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._break()
            return
        self._in += data
        for event in self._frames():
            self.greeted = True
            if "id" in event:
                self._heard(event)
            else:
                self.about_itself(event)

    def _frames(self) -> list[Event]:
        events = []
        while len(self._in) >= _HEADER.size:
            (size,) = _HEADER.unpack_from(self._in)
            if size > _FRAME_MAX:
                self._break()
                break
            end = _HEADER.size + size
            if len(self._in) < end:
                break
            events.append(json.loads(self._in[_HEADER.size : end]))
            del self._in[:end]
        return events

    def _break(self) -> None:
        """The other end is gone or talks nonsense: it must not live on without us."""
        if not self.alive:
            return
        self._close()
        self._process.kill()
        self._lost(self)

    def _close(self) -> None:
        self.alive = False
        if self._loop is not None:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket.close()
        for _, fds in self._out:
            for fd in fds:
                os.close(fd)
        self._out.clear()

    async def quit(self, patience: float = 3.0) -> None:
        """End it and everything it started; killed after `patience` seconds."""
        if self.alive:
            self.send({"op": "quit"})
            self._close()
        await asyncio.to_thread(self.reap, patience)

    def reap(self, patience: float = 3.0) -> None:
        """Wait for its end, blocking at most `patience` seconds before it is killed, and once more
        after that: then it hangs in the kernel, and is left to it.
        """
        for _ in range(2):
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                self._process.kill()
            else:
                return

    @property
    def unsuitable(self) -> str:
        """Why it is no interpreter for us, once it was reaped; empty where it was one, or was
        killed.
        """
        code = self._process.returncode
        if self.greeted or code is None or code < 0:
            return ""
        return str(NotPython(self.python, f"exit code {code}"))

    def obituary(self) -> dict[str, Any]:
        """What is said of a start that it did not come to: why, and whether to try `again`."""
        why = self.unsuitable
        return {"error": why or f"the fork server of {self.python} died", "again": not why}


def _nobody(_event: Event) -> None:
    """Nobody wants to know."""


def _duplicates(fds: Sequence[int]) -> tuple[int, ...]:
    """All of them, or none; raises OSError."""
    made: list[int] = []
    try:
        for fd in fds:
            made.append(os.dup(fd))
    except OSError:
        for fd in made:
            os.close(fd)
        raise
    return tuple(made)
