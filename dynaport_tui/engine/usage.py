"""CPU time and memory of each service with all its descendants, in one pass over the machine's
processes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import psutil


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one service uses, summed over its process tree."""

    cpu_percent: float | None
    """Of one core since the pass before; None in the first pass that sees the service."""
    rss_bytes: int
    """Pages that several processes share are counted in each."""


class Sampler:
    """Takes passes and remembers the last one. One thread at a time may use it; a pass takes about
    40 us a process.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = 0.0
        self._wall = 0.0
        self._cpu: dict[tuple[int, float], float] = {}
        """CPU seconds by pid and creation time, of the services' processes in the last pass."""

    def sample(self, pids: Mapping[str, int]) -> dict[str, Usage]:
        """The usage of each service, by its leader's pid; a leader that is gone is left out."""
        at = self._clock()
        before, self._cpu = self._cpu, {}
        elapsed = at - self._at
        self._at = at
        since, self._wall = self._wall, time.time()
        processes, children = _pass()
        result = {}
        for service, leader in pids.items():
            tree = [processes[pid] for pid in _tree(leader, children) if pid in processes]
            if tree and tree[0].pid == leader:
                result[service] = self._measure(tree, before, since, elapsed)
        return result

    def _measure(
        self,
        tree: Iterable[psutil.Process],
        before: Mapping[tuple[int, float], float],
        since: float,
        elapsed: float,
    ) -> Usage:
        spent, rss, known = 0.0, 0, False
        for process in tree:
            figures = _figures(process)
            if figures is None:
                continue
            key, cpu, memory = figures
            self._cpu[key] = cpu
            # A child born since the last pass has used all its time since then; an older one that
            # came to the tree only now has a past that is not this interval's.
            spent += cpu - before.get(key, 0.0 if key[1] >= since else cpu)
            known = known or key in before
            rss += memory
        percent = round(100 * spent / elapsed, 1) if known and elapsed > 0 else None
        return Usage(cpu_percent=percent, rss_bytes=rss)


def _pass() -> tuple[dict[int, psutil.Process], dict[int, list[int]]]:
    import psutil

    processes: dict[int, psutil.Process] = {}
    children: dict[int, list[int]] = {}
    for process in psutil.process_iter():
        try:
            parent = process.ppid()
        except psutil.Error:
            continue  # it ended during the pass
        processes[process.pid] = process
        children.setdefault(parent, []).append(process.pid)
    return processes, children


def _figures(process: psutil.Process) -> tuple[tuple[int, float], float, int] | None:
    import psutil

    try:
        with process.oneshot():
            times = process.cpu_times()
            return (
                (process.pid, process.create_time()),
                times.user + times.system,
                process.memory_info().rss,
            )
    except psutil.Error:
        return None  # it ended, or it is not ours to read


def _tree(leader: int, children: Mapping[int, list[int]]) -> list[int]:
    tree = [leader]
    for pid in tree:
        tree.extend(children.get(pid, ()))
    return tree
