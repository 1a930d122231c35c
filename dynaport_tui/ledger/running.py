"""The ports of what runs at this moment, as the engines of this user tell them."""

from __future__ import annotations

import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from .choice import computed_port
from .errors import LedgerError
from .folders import runtime_folder
from .lease import Lease

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE = 1.0
"""Seconds that an engine has for its answer; one that waits for the ledger itself gives none."""

MOST = 16
"""Engines that are asked at once."""

WHY = "kept from before the ledger was damaged"


def running() -> list[Lease]:
    """A lease for every port of every service under a running engine, but for this process's own.

    Takes a second at most for each 16 engines; who does not answer is left out.
    """
    sockets = [path for path in _sockets() if not _is_ours(path)]
    if not sockets:
        return []
    with ThreadPoolExecutor(MOST) as threads:
        return [lease for found in threads.map(_told_by, sockets) for lease in found]


def _sockets() -> list[Path]:
    try:
        return sorted(runtime_folder().glob("*/sock"))
    except LedgerError:
        return []


def _is_ours(path: Path) -> bool:
    try:
        return int((path.parent / "lock").read_text(encoding="ascii")) == os.getpid()
    except (OSError, ValueError):
        return False


def _told_by(path: Path) -> list[Lease]:
    with suppress(OSError, HTTPException, ValueError, LookupError, TypeError):
        return list(_leases(_asked(path)))
    return []


def _asked(path: Path) -> Any:
    connection = HTTPConnection("localhost", timeout=DEADLINE)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.sock.settimeout(DEADLINE)
        connection.sock.connect(str(path))
        connection.request("GET", "/v1/project")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _leases(answer: Any) -> Iterator[Lease]:
    project, root = answer["project"]["name"], os.path.realpath(answer["project"]["root"])
    for service in answer["services"]:
        ports = {"": service["port"], **service["ports"]}
        for slot, port in ports.items():
            if port is None:
                continue
            key = service["name"], str(service["instance"]), slot
            computed = computed_port(project, *key, (20000, 29999))
            yield Lease(
                root=root,
                project=project,
                service=key[0],
                instance=key[1],
                slot=slot,
                port=int(port),
                computed=computed,
                why=None if port == computed else WHY,
                since=time.time(),
            )
