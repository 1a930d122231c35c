"""What one process of a nursery is: the fork server until the fork, a service after it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .request import Request

AT_START = frozenset(sys.modules) | frozenset(sys.builtin_module_names)
"""What no file of a project can stand in front of: the interpreter has it before it looks there."""


def born(arguments: list[str]) -> Callable[[], None]:
    """Serve as a nursery, or read a cold request; returns the service to run in a process for it.

    The fork server itself never comes back from here: it exits.
    """
    if arguments[0] == "cold":
        from . import cold

        request = cold.receive(int(arguments[1]))
    else:
        request = _serve(int(arguments[0]), warm=arguments[1] == "warm", left=arguments[2:])
    from . import program

    return program.Program(request, sys.modules["__main__"]).run


def _serve(fd: int, *, warm: bool, left: list[str]) -> Request:
    from . import preload
    from .forkserver import ForkServer

    server = ForkServer(fd, left)
    names = preload.WARM if warm else ()
    return server.serve(names)
