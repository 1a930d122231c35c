"""What stands around a program that serves: a supervisor, or Werkzeug's reloader."""

from __future__ import annotations

import os
from contextlib import suppress


def supervised_port() -> int | None:
    """Where the supervisor of this process wants it to listen; None without one."""
    port = os.environ.get("PORT", "")
    return int(port) if "DYNAPORT_SERVICE" in os.environ and port.isdecimal() else None


def in_reloader_child() -> bool:
    """Whether this is the process that Werkzeug's reloader starts again and again."""
    return os.environ.get("WERKZEUG_RUN_MAIN") == "true"


def handed_down() -> int | None:
    """The port of the socket that the reloader's parent has bound."""
    import socket

    with suppress(KeyError, ValueError, OSError):
        fd = os.dup(int(os.environ["WERKZEUG_SERVER_FD"]))
        with socket.socket(fileno=fd) as sock:
            return int(sock.getsockname()[1])
    return None
