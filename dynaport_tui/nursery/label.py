"""What other programs see of a forked service: its name, its command line and its environment.

A fork keeps its parent's strings, so that `ps` and we ourselves would read the nursery's. Linux
shows the memory in which the kernel put them (arg_start and env_start in proc(5)); nothing else
reads it any more once the environment was replaced.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from . import family, prctl

if TYPE_CHECKING:
    from .request import Request

_ARG_START = 48
"""Number of the field in /proc/PID/stat; arg_end, env_start and env_end follow it."""


def show(request: Request) -> None:
    """Name this process after its service as far as there is room, its environment replaced."""
    prctl.set_comm(family.comm_of(request))
    if request.cold or sys.platform != "linux":
        return
    area = _area()
    if area is not None:
        args, args_end, env, env_end = area
        _write(args, args_end - args, _joined([sys.executable, *request.argv]))
        first = [f"{n}={v}" for n, v in request.env.items() if n.startswith("DYNAPORT_")]
        rest = [f"{n}={v}" for n, v in request.env.items() if not n.startswith("DYNAPORT_")]
        _write(env, env_end - env, _joined(sorted(first, key=len) + rest))


def _area() -> tuple[int, int, int, int] | None:
    """The four addresses, if they are what we take them for: then we read what the kernel does."""
    import ctypes

    try:
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        with open("/proc/self/cmdline", "rb") as file:
            shown = file.read()
    except OSError:
        return None
    args, args_end, env, env_end = (int(field) for field in fields[_ARG_START - 3 :][:4])
    if not 0 < args < args_end <= env < env_end:
        return None
    if ctypes.string_at(args, args_end - args) != shown:
        return None
    return args, args_end, env, env_end


def _joined(parts: list[str]) -> bytes:
    return b"".join(os.fsencode(part) + b"\0" for part in parts)


def _write(address: int, room: int, text: bytes) -> None:
    """Whole strings, then zeros: the kernel reads on where the last byte is none."""
    import ctypes

    if len(text) > room:
        text = text[: text.rfind(b"\0", 0, room) + 1] or text[: room - 1]
    ctypes.memmove(address, text.ljust(room, b"\0"), room)
