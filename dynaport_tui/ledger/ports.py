"""What this machine's kernel says of its ports."""

from __future__ import annotations

import errno
import socket
import sys
from pathlib import Path

Address = tuple[socket.AddressFamily, str]

LOOPBACK: tuple[Address, ...] = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
ANY: tuple[Address, ...] = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))

HELD = frozenset({errno.EADDRINUSE, errno.EACCES, errno.EPERM})
ABSENT = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})
"""The machine has no such address, so nobody can be there."""

LINUX_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether `port` can be bound on IPv4 and IPv6, on loopback, on all addresses, and on `host`.

    A connection of an earlier server that only waits for its end (TIME_WAIT) does not count, as far
    as that server had set SO_REUSEADDR. Raises OSError when `host` is a name that has no address.
    """
    if sys.platform == "linux" and _binds_everywhere(port):
        return True
    places = dict.fromkeys((*LOOPBACK, *ANY, resolve(host)))
    return all(binds(place, port) for place in places)


def _binds_everywhere(port: int) -> bool:
    """One trial instead of four: on Linux such a socket meets whoever has any address."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            trial.bind(("::", port))
    except OSError:
        return False  # or there is no IPv6: the single trials will tell
    return True


def binds(place: Address, port: int) -> bool:
    """Whether `port` can be bound on one address; raises OSError when that cannot be tried."""
    error = obstacle(place, port)
    if error is not None and error.errno not in HELD:
        raise error
    return error is None


def obstacle(place: Address, port: int) -> OSError | None:
    """Why `port` cannot be bound on one address; an address that the machine lacks is none."""
    family, address = place
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            trial.bind((address, port))
    except OSError as error:
        return None if error.errno in ABSENT else error
    return None


def resolve(host: str) -> Address:
    """The one address that `host` stands for, IPv4 first; raises OSError for an unknown name."""
    if host in ("", "localhost", LOOPBACK[0][1]):
        return LOOPBACK[0]
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, str(address[0])


def outgoing_range() -> tuple[int, int]:
    """Where the kernel takes the ports of outgoing connections from; both ends included."""
    if sys.platform == "darwin":
        first = _sysctl("net.inet.ip.portrange.first")
        last = _sysctl("net.inet.ip.portrange.last")
        return (first, last) if first and last else (49152, 65535)
    try:
        with LINUX_RANGE.open("rb", buffering=0) as file:
            low, high = file.read(64).split()
        return int(low), int(high)
    except (OSError, ValueError):
        return 32768, 60999


def _sysctl(name: str) -> int | None:
    """An integer of the BSD kernel's; None when it has none of that name."""
    import ctypes

    value = ctypes.c_int()
    size = ctypes.c_size_t(ctypes.sizeof(value))
    libc = ctypes.CDLL(None)
    failed = libc.sysctlbyname(
        name.encode(), ctypes.byref(value), ctypes.byref(size), None, ctypes.c_size_t(0)
    )
    return None if failed else value.value
