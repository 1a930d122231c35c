"""Frames between engine and nursery: four bytes of length, big-endian, then JSON.

Descriptors ride on the first byte of their frame (SCM_RIGHTS, unix(7)).
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from typing import Any

FRAME_MAX = 4 << 20
"""Bytes of one frame; a longer one means that the other end is none of ours."""

_HEADER = struct.Struct(">I")
_CHUNK = 1 << 16
_FDS_MAX = 32
_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)

Frame = dict[str, Any]


class Closed(Exception):
    """The engine is gone, or does not speak our language."""


class Channel:
    """The nursery's end; never blocks."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(False)
        self._socket.set_inheritable(False)
        self._in = bytearray()
        self._fds: list[int] = []
        self._out = bytearray()

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def pending(self) -> list[int]:
        """Descriptors whose frames have not arrived whole yet."""
        return self._fds

    def carried(self) -> Frame:
        """All of it but the socket, for the program that comes after this one in the process."""
        return {"in": self._in.hex(), "fds": self._fds, "out": self._out.hex()}

    def resume(self, carried: Frame) -> None:
        """Go on where `carried` was taken."""
        self._in += bytes.fromhex(carried["in"])
        self._fds += carried["fds"]
        self._out += bytes.fromhex(carried["out"])

    def forget(self) -> None:
        """Let go of the descriptor, unclosed: in a forked process its number is soon another's."""
        self._socket.detach()

    @property
    def unsent(self) -> bool:
        """Whether frames wait for the engine to read."""
        return bool(self._out)

    def send(self, frame: Frame) -> None:
        """Queue a frame and send what the socket takes; raises Closed."""
        body = json.dumps(frame).encode()
        self._out += _HEADER.pack(len(body)) + body
        self.flush()

    def flush(self) -> None:
        """Send what the socket takes; raises Closed."""
        while self._out:
            try:
                sent = self._socket.send(self._out)
            except BlockingIOError:
                return
            except OSError as error:
                raise Closed from error
            del self._out[:sent]

    def receive(self) -> list[tuple[Frame, list[int]]]:
        """All complete frames that have arrived, each with its descriptors; raises Closed."""
        try:
            data, ancillary, _flags, _address = self._socket.recvmsg(
                _CHUNK, socket.CMSG_SPACE(_FDS_MAX * 4), _CLOEXEC
            )
        except BlockingIOError:
            return []
        except OSError as error:
            raise Closed from error
        if not data:
            raise Closed
        self._in += data
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                self._take_descriptors(payload)
        return self._frames()

    def _take_descriptors(self, payload: bytes) -> None:
        numbers = array.array("i")
        numbers.frombytes(payload[: len(payload) - len(payload) % numbers.itemsize])
        for fd in numbers:
            os.set_inheritable(fd, False)
            self._fds.append(fd)

    def _frames(self) -> list[tuple[Frame, list[int]]]:
        found = []
        while len(self._in) >= _HEADER.size:
            (size,) = _HEADER.unpack_from(self._in)
            if size > FRAME_MAX:
                raise Closed
            end = _HEADER.size + size
            if len(self._in) < end:
                break
            frame = json.loads(self._in[_HEADER.size : end])
            del self._in[:end]
            count = len(frame.get("fds", ()))
            found.append((frame, self._fds[:count]))
            del self._fds[:count]
        return found
