"""The listening sockets that outlive processes."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
from pathlib import Path

from ..ledger.ports import ANY, LOOPBACK, Address, is_free, obstacle, resolve
from .holders import Holder, who_holds, why_unnamed

__all__ = [
    "HeldSocket", "Holder", "PortTaken", "check_free", "hold", "is_free", "wait_until_free",
    "who_holds",
]  # fmt: skip

BACKLOG = 1024
"""Connections that the kernel keeps waiting while no process accepts."""

LOCALHOST = frozenset(address for _, address in (*LOOPBACK, *ANY))
"""Who listens on one of these may be reached, or hidden, by a client that says `localhost`."""

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.1


class PortTaken(Exception):
    """A port that cannot be had: `holder` has it, or `reason` says why nobody can be named."""

    def __init__(self, port: int, host: str, holder: Holder | None, reason: str = "") -> None:
        super().__init__(port, host, holder, reason)
        self.port = port
        self.host = host
        self.holder = holder
        self.reason = reason
        self.service = ""
        """Who wanted the port, and with `pinned` how: set by whoever knows, for the message."""
        self.pinned = True

    def __str__(self) -> str:
        """What happened, who has the port, and what to do now."""
        subject = f"port {self.port} of {self.service}" if self.service else f"port {self.port}"
        other = f"give {self.service or 'the service'} another `port` in services.toml"
        if not self.pinned:
            other = f"choose another one with `dynaport release {self.service or 'SERVICE'}`"
        if self.holder is None:
            return f"{subject} on {self.host} cannot be had: {self.reason}. Mend that, or {other}."
        return f"{subject} {_held_by(self.holder)}, or {other}."


def _held_by(holder: Holder) -> str:
    process = f"pid {holder.pid} ({holder.command})"
    if holder.project and holder.service:
        folder = f" -C {holder.root}" if holder.root else ""
        where = "" if holder.root else f" in the folder of {holder.project}"
        return (
            f"is held by service {holder.service} of project {holder.project}, {process}. "
            f"End it with `dynaport{folder} stop {holder.service}`{where}"
        )
    if holder.listening:
        return f"is held by {process}. End it with `kill {holder.pid}`"
    return f"is in use by an outgoing connection of {process}. Try again when that has ended"


class HeldSocket:
    """A bound, listening, non-blocking socket that no program inherits unasked.

    Being non-blocking, and the backlog, belong to the socket and not to a process: whoever it is
    handed to shares both.
    """

    def __init__(self, host: str, port: int, listener: socket.socket) -> None:
        self.host = host
        self.port = port
        self.socket = listener

    def fileno(self) -> int:
        """The descriptor, -1 once it is closed."""
        return self.socket.fileno()

    def restore(self) -> None:
        """Put back what a program that had it may have changed; raises OSError."""
        self.socket.setblocking(False)
        self.socket.listen(BACKLOG)

    def close(self) -> None:
        """Let go of it; others that it was handed to keep listening. Safe to repeat."""
        self.socket.close()


def hold(host: str, port: int) -> HeldSocket:
    """Bind and listen on one address; raises PortTaken.

    `host` is an address, or a name whose first address is taken, IPv4 before IPv6; `::` serves
    IPv4 too. Somebody who listens on the other family's loopback address is in the way as well:
    clients that say `localhost` would reach them and not us.
    """
    family, address = place = _place(host, port)
    _expect_none(_also_localhost(place), port, host)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address != "::")
        listener.bind((address, port))
        held = HeldSocket(host, port, listener)
        held.restore()
    except OSError as error:
        listener.close()
        raise _taken(port, host, error) from None
    return held


def check_free(port: int, host: str = "127.0.0.1") -> None:
    """Raise PortTaken unless a program that binds by itself will get the port."""
    place = _place(host, port)
    _expect_none([place, *_also_localhost(place)], port, host)


async def wait_until_free(port: int, host: str = "127.0.0.1", deadline: float = 5.0) -> bool:
    """Wait until nobody has the port any more, at most `deadline` seconds; whether that is so.

    Connections that no process has any more, such as those in TIME_WAIT, do not count.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline
    pause = FIRST_PAUSE
    while not (is_free(port, host) or _is_abandoned(port)):
        left = end - loop.time()
        if left <= 0:
            return False
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE)
    return True


def _place(host: str, port: int) -> Address:
    try:
        return resolve(host)
    except OSError as error:
        reason = f"the host {host!r} has no address here ({error.strerror})"
        raise PortTaken(port, host, None, reason) from None


def _expect_none(places: list[Address], port: int, host: str) -> None:
    for place in places:
        if error := obstacle(place, port):
            raise _taken(port, host, error)


def _also_localhost(place: Address) -> list[Address]:
    """Where else nobody may listen, so that `localhost` leads to `place` alone."""
    if place[1] not in LOCALHOST:
        return []
    # BSD lets an address and the wildcard be bound side by side; on Linux one excludes the other.
    places = LOOPBACK if sys.platform == "linux" else (*LOOPBACK, *ANY)
    return [other for other in places if other != place]


def _taken(port: int, host: str, error: OSError) -> PortTaken:
    if error.errno != errno.EADDRINUSE:
        return PortTaken(port, host, None, _reason(error, port))
    holder = who_holds(port)
    return PortTaken(port, host, holder, "" if holder else why_unnamed(port))


def _reason(error: OSError, port: int) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"you may not bind port {port} (below 1024 that usually takes root)"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    return error.strerror or os.strerror(error.errno or 0)


def _is_abandoned(port: int) -> bool:
    """Whether all that the kernel still has on a port belongs to no process any more (Linux).

    In /proc/net/tcp the second column is the local address with the port in hexadecimal, the tenth
    the inode of the socket, 0 where no process has it (proc_net_tcp in the kernel's documentation).
    """
    if sys.platform != "linux":
        return False
    inodes = set()
    for name in ("tcp", "tcp6"):
        table = Path("/proc/net", name)
        rows = table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else []
        columns = (row.split() for row in rows)
        inodes |= {row[9] for row in columns if row[1].endswith(f":{port:04X}")}
    return inodes == {"0"}
