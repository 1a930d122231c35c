"""The end of everything below this process."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from . import family, proctable

if TYPE_CHECKING:
    from collections.abc import Collection

    from .family import Spawn

PATIENCE = 5.0
"""Seconds; what lives then cannot be killed: another user's process, or one stuck in the kernel."""
_PAUSE = 0.002


def end_everything(spawns: Collection[Spawn]) -> None:
    """Kill all descendants, in rounds until none is left: what is being killed may be forking."""
    for spawn in spawns:
        if not proctable.LINUX:
            family.send_signal(spawn, signal.SIGKILL, family.Census(spawns))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        collect()
        living = [p for p in proctable.descendants(os.getpid()).values() if not p.dead]
        if not living:
            return
        for process in living:
            family.send(process.pid, signal.SIGKILL)
        time.sleep(_PAUSE)


def collect() -> list[tuple[int, int]]:
    """Pid and wait status of every child that has ended, adopted orphans included."""
    ended: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if not pid:
            return ended
        ended.append((pid, status))
