"""The process of a nursery, and our end of the socket to it: how both come about.

Imports next to nothing, since one may be started before everything else.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(__file__)), "nursery", "__main__.py")

AT_START = ("PYTHON", "LD_", "DYLD_", "OMP_", "MALLOC_", "OPENBLAS_", "MKL_")
"""Prefixes of variables that are read when an interpreter starts or a library is imported."""
AT_START_NAMES = frozenset({"TZ"})

How = Literal["warm", "bare"]
"""Whether it imports what Flask services need, or only executes programs."""


class Spawned(NamedTuple):
    """A nursery that has just been started."""

    process: subprocess.Popen[bytes]
    socket: socket.socket


def at_start(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The variables of `env` that a process forked from a running interpreter could no longer
    see.
    """
    return tuple(
        sorted(
            (name, value)
            for name, value in env.items()
            if name.startswith(AT_START) or name in AT_START_NAMES
        )
    )


def spawn(python: str, env: Mapping[str, str], how: How) -> Spawned:
    """Start one; raises OSError."""
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = subprocess.Popen(
                [python, PROGRAM, str(theirs.fileno()), how],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=_stderr(),
                stderr=_stderr(),
                cwd="/",
                env=dict(env),
                start_new_session=True,
            )
    except BaseException:
        ours.close()
        raise
    return Spawned(process, ours)


def _stderr() -> int | None:
    """Our own stderr where there is one; what nurseries write there are bugs of ours."""
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return subprocess.DEVNULL
