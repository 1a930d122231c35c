"""What a fork server that died leaves behind: it becomes ours, and is ended."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection


def adopt_orphans() -> None:
    """Become the parent of what a dead nursery leaves behind (Linux; PR_SET_CHILD_SUBREAPER in
    prctl(2)).
    """
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def sweep_orphans(
    nurseries: Callable[[], Collection[int]], births: threading.Lock, rounds: int = 50
) -> None:
    """Kill every descendant of ours that is not below a nursery; blocks, call it in a thread.

    In rounds, because what is being killed may be forking; bounded by `rounds`. No nursery may be
    born while `births` is held, or it would be taken for an orphan.
    """
    import psutil

    for _ in range(rounds):
        with births:
            known = nurseries()
            orphans = [p for p in psutil.Process().children() if p.pid not in known]
            doomed = [c for p in orphans for c in (*_children(p), p)]
        if not orphans:
            return
        for process in doomed:
            _kill(process.pid)
        for process in orphans:
            _reap(process.pid)


def _children(process: Any) -> list[Any]:
    import psutil

    try:
        found: list[Any] = process.children(recursive=True)
    except psutil.Error:
        return []
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _reap(pid: int) -> None:
    """Collect an adopted child; a killed one ends soon, so the wait is short."""
    import time

    for _ in range(100):
        try:
            done, _status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return
        if done:
            return
        time.sleep(0.005)
