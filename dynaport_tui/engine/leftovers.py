"""What runs on although the engine that started it was killed and its nurseries with it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from signal import SIGKILL
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import psutil

PATIENCE = 3.0
"""Seconds; what has not ended then hangs in the kernel, and its port will be reported as taken."""
_PAUSE = 0.005


def end_leftovers(socket: Path) -> None:
    """Kill everything that an earlier engine with this control socket started.

    Call it only while no such engine can live, that is with the project's lock held. Blocks at most
    PATIENCE seconds; one look reads the environment of every process: tens of milliseconds.
    """
    end = time.monotonic() + PATIENCE
    while (left := _left(str(socket))) and time.monotonic() < end:
        for process in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, SIGKILL)
        time.sleep(_PAUSE)


def _left(socket: str) -> list[psutil.Process]:
    import psutil

    above = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in above and _started_by(process, socket)
    ]


def _started_by(process: psutil.Process, socket: str) -> bool:
    import psutil

    with suppress(psutil.Error):
        env = process.environ()
        return env.get("DYNAPORT_SOCKET") == socket and "DYNAPORT_MARK" in env
    return False  # it has ended, or belongs to another user
