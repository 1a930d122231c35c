"""A port that is kept from everybody else by listening on it."""

from __future__ import annotations

import socket

from .ports import HELD, is_free

BACKLOG = 128
"""Connections that wait until somebody accepts them."""


def hold(port: int) -> socket.socket | None:
    """A socket that listens on 127.0.0.1; None when another process has the port.

    Listening, not only bound: with SO_REUSEADDR, without which a server that just ended would be in
    the way for a minute, Linux lets two sockets have one port as long as neither listens. Raises
    OSError when it fails for another reason.
    """
    if not is_free(port):
        return None
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        held.listen(BACKLOG)
    except OSError as error:
        held.close()
        if error.errno in HELD:
            return None
        raise
    return held
