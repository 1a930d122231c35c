"""How a request reaches a fresh interpreter: as JSON in a file without a name."""

from __future__ import annotations

import json
import os

from .request import Request
from .slots import LISTEN, REPORT


def write(request: Request) -> int:
    """A descriptor, at its beginning, that holds the request."""
    fd = _nameless_file()
    data = json.dumps(request._asdict()).encode()
    while data:
        data = data[os.write(fd, data) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("dynaport-request")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def receive(fd: int) -> Request:
    """The request in `fd`, which is closed; our other descriptors become our own again."""
    with open(fd, "rb") as file:
        request = Request(**json.load(file))
    for name, number in (("listen", LISTEN), ("report", REPORT)):
        if name in request.fds:
            os.set_inheritable(number, False)
    return request
