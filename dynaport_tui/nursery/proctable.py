"""Which processes there are below this one (Linux: proc(5))."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

LINUX = sys.platform == "linux"
_REREADS = 3
_STAT = 4096
"""Bytes; a line of /proc/PID/stat has a few hundred."""


class Process(NamedTuple):
    """One process as the kernel shows it."""

    pid: int
    parent: int
    group: int
    session: int
    dead: bool
    """A zombie: it only waits to be collected."""
    started: int
    """Clock ticks since boot; tells a process from a later one of the same pid."""
    comm: str


def read(pid: int) -> Process | None:
    """The process of that number, None where there is none."""
    data = _contents(f"/proc/{pid}/stat")
    head, _, tail = data.rpartition(b")")
    fields = tail.split(None, 20)
    if len(fields) < 20:
        return None
    return Process(
        pid=pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        dead=fields[0] in (b"Z", b"X"),
        started=int(fields[19]),
        comm=head.partition(b"(")[2].decode("utf-8", "replace"),
    )


def _contents(path: str) -> bytes:
    """What the kernel says there at once; empty where there is nothing. Half the price of `open`,
    which counts where all processes are read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, _STAT)
    except OSError:
        return b""
    finally:
        os.close(fd)


def descendants(root: int) -> dict[int, Process]:
    """Every process below `root`, parents before their children, by pid."""
    if not LINUX:
        return {}
    table = _everything()
    children: dict[int, list[Process]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process)
    found: dict[int, Process] = {}
    queue = children.get(root, [])
    while queue:
        process = queue.pop()
        if process.pid not in found:
            found[process.pid] = process
            queue.extend(children.get(process.pid, ()))
    return found


def _everything() -> dict[int, Process]:
    table: dict[int, Process] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            _note(table, int(name))
    for _ in range(_REREADS):  # a parent that ended meanwhile: its children have another one now
        lost = [p.pid for p in table.values() if p.parent and p.parent not in table]
        if not lost:
            break
        for pid in lost:
            _note(table, pid)
    return table


def _note(table: dict[int, Process], pid: int) -> None:
    process = read(pid)
    if process is None:
        table.pop(pid, None)
    else:
        table[pid] = process


def mark_of(pid: int) -> str | None:
    """DYNAPORT_MARK in the environment that the process shows to others."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            data = file.read()
    except OSError:
        return None
    for entry in data.split(b"\0"):
        if entry.startswith(b"DYNAPORT_MARK="):
            return os.fsdecode(entry.partition(b"=")[2])
    return None
