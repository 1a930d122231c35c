"""TCP connections to services, and what a person reads when there is none."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket

_PATIENCE = 0.2
"""Seconds for a look whether it listens elsewhere."""


async def dial(host: str, port: int) -> socket.socket:
    """A connection to a service that listens on `host`, non-blocking; raises OSError."""
    address = target(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
        # In the ephemeral range the kernel may choose this very port as source: it meets itself.
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    except BaseException:
        connection.close()
        raise
    return connection


async def no_connection(error: OSError, host: str, port: int) -> str:
    """Why `dial` raised `error`."""
    if error.errno != errno.ECONNREFUSED:
        return f"no connection to port {port}: {error.strerror or error}"
    if target(host) == "127.0.0.1":
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                (await dial("::1", port)).close()
            return (
                f"connection refused on port {port}: it listens on ::1 (IPv6) alone,"
                " let it listen on 127.0.0.1"
            )
    return f"connection refused on port {port}"


def target(host: str) -> str:
    """Where to ask a service that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "localhost": "127.0.0.1", "::": "::1"}.get(
        host, host
    )
