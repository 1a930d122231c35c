"""What Linux tells of processes in /proc, as values; the functions that parse take plain text."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PROC = Path("/proc")
TICK = 1 / os.sysconf("SC_CLK_TCK")
"""Seconds of what /proc/PID/stat counts in."""
SCHEDULED = 2
"""CPUCLOCK_SCHED of Linux: which of the clocks of a process."""


class Stat(NamedTuple):
    """The part of /proc/PID/stat that is of use here."""

    pid: int
    command: str
    """The program's name, 15 characters at most."""
    state: str
    parent: int
    group: int
    children: float
    """Seconds of processor time of the children that it has waited for."""
    started: float
    """Seconds after the machine was booted, in steps of one tick."""

    @property
    def alive(self) -> bool:
        """Whether it runs, or could; a zombie has only not been waited for."""
        return self.state not in "ZX"


def stat_of(text: str) -> Stat:
    """Parse /proc/PID/stat, whose second field may hold blanks and parentheses (proc(5))."""
    pid, _, rest = text.partition(" (")
    command, _, rest = rest.rpartition(") ")
    fields = rest.split()
    return Stat(
        int(pid),
        command,
        fields[0],
        int(fields[1]),
        int(fields[2]),
        (int(fields[13]) + int(fields[14])) * TICK,
        int(fields[19]) * TICK,
    )


def megabytes(text: str, name: str) -> float:
    """A line such as `Pss:  1024 kB` of smaps_rollup or status in MB (10^6); 0 without it."""
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def descendants(stats: Iterable[Stat], roots: Iterable[int]) -> set[int]:
    """These processes and all below them."""
    below: dict[int, list[int]] = {}
    for stat in stats:
        below.setdefault(stat.parent, []).append(stat.pid)
    found: set[int] = set()
    todo = list(roots)
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo.extend(below.get(pid, ()))
    return found


def variable(block: bytes, name: str) -> str | None:
    """A variable in /proc/PID/environ."""
    wanted = name.encode() + b"="
    for entry in block.split(b"\0"):
        if entry.startswith(wanted):
            return entry[len(wanted) :].decode("utf-8", "replace")
    return None


def read(pid: int, name: str) -> str:
    """A file of /proc/PID; empty when the process is gone or somebody else's."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        return (PROC / str(pid) / name).read_text(encoding="utf-8", errors="replace")
    return ""


def processes() -> Iterator[Stat]:
    """All of the machine."""
    for entry in os.listdir(PROC):  # noqa: PTH208 - a Path of each entry costs more than the rest
        if entry.isdigit() and (stat := process(int(entry))):
            yield stat


def process(pid: int) -> Stat | None:
    """One of them, if there is one."""
    text = read(pid, "stat")
    return stat_of(text) if text else None


def alive(pid: int) -> bool:
    """Whether such a process runs."""
    found = process(pid)
    return found is not None and found.alive


def marked(name: str) -> Mapping[int, str]:
    """The processes that were started with this variable, with its value."""
    found = {}
    for stat in processes():
        with contextlib.suppress(OSError):
            block = (PROC / str(stat.pid) / "environ").read_bytes()
            value = variable(block, name)
            if value is not None and stat.alive:
                found[stat.pid] = value
    return found


def spent(pid: int) -> float:
    """Seconds of processor time, of threads that have ended too; 0 when it is gone.

    The clock of a process is computed from its id as clock_getcpuclockid(3) does.
    """
    with contextlib.suppress(OSError):
        return time.clock_gettime((~pid << 3) | SCHEDULED)
    return 0.0


def total(pid: int) -> float:
    """The same with that of the children that it has waited for."""
    found = process(pid)
    return spent(pid) + (found.children if found else 0.0)


def folder(pid: int) -> str:
    """Its working folder; empty when it is gone or somebody else's."""
    with contextlib.suppress(OSError):
        return str((PROC / str(pid) / "cwd").readlink())
    return ""


def proportional(pid: int) -> float:
    """MB, shared pages divided among those who share them."""
    return megabytes(read(pid, "smaps_rollup"), "Pss")


def arguments(pid: int) -> tuple[str, ...]:
    """Those it was started with, the program first; nothing when it is gone."""
    return tuple(read(pid, "cmdline").rstrip("\0").split("\0"))
