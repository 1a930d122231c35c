"""The sockets on which this very process takes connections."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress


def listens_on(port: int) -> str | None:
    """The address on which this process listens to a TCP port; None where it does not.

    Whatever opened the socket, and whoever handed it down: a server's worker has its master's.
    """
    for fd in _sockets():
        with suppress(OSError):  # closed meanwhile, or of a kind that Python does not know
            address = _listening(fd)
            if address and address[1] == port:
                return address[0]
    return None


def _sockets() -> list[int]:
    found = []
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 -- numbers, not files
        with suppress(OSError, ValueError):
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                found.append(int(name))
    return found


def _listening(fd: int) -> tuple[str, int] | None:
    with socket.socket(fileno=os.dup(fd)) as sock:
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            return None
        if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return None
        host, port = sock.getsockname()[:2]
        return str(host), int(port)
