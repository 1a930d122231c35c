"""What one process of a nursery is: the fork server until the fork, a service after it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .request import Request

AT_START = frozenset(sys.modules) | frozenset(sys.builtin_module_names)
"""What no file of a project can stand in front of: the interpreter has it before it looks there."""

_left: list[object] = []


def born(arguments: list[str]) -> Callable[[], None]:
    """Be what __main__ says; returns the service to run in a process for one.

    The fork server itself never comes back from here: it exits.
    """
    from . import farewell

    farewell.prepare()
    fd, what = int(arguments[0]), arguments[1]
    request = _cold(fd) if what == "cold" else _forked(what, fd, arguments[2:])
    from . import program

    return program.Program(request, sys.modules["__main__"]).run


def _forked(what: str, fd: int, state: list[str]) -> Request:
    from . import carry, newborn
    from .forkserver import ForkServer

    server = ForkServer(fd)
    if state:
        server.resume(carry.read(int(state[0])))
    else:
        server.greet()
    if what == "warm":
        newborn.own_environment()
        server.warm_up()
    request = server.serve()
    _left.append(server)  # what it holds is not taken apart in each of its children
    return request


def _cold(fd: int) -> Request:
    from . import carry
    from .request import Request
    from .slots import LISTEN, REPORT

    request = Request(**carry.read(fd))
    for name, number in (("listen", LISTEN), ("report", REPORT)):
        if name in request.fds:
            os.set_inheritable(number, False)
    return request
