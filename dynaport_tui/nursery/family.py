"""Which living process belongs to which start, however far it has moved away from its leader."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from . import proctable

if TYPE_CHECKING:
    from collections.abc import Collection

    from .proctable import Process
    from .request import Request

KILL_ROUNDS = 50
"""A process that is being killed may be forking: so often is looked again."""


def comm_of(request: Request) -> str:
    """The name that a forked service gives itself; all that fork from it inherit it."""
    return f"dp{request.id}:{request.name}".encode()[:15].decode("utf-8", "ignore")


class Spawn:
    """One start and what is known of its processes."""

    def __init__(self, request: Request, pid: int) -> None:
        self.id = request.id
        self.pid = pid
        self.mark = request.mark
        self.comm = "" if request.kind == "exec" else comm_of(request)
        self.started = _started(pid)
        self.announced = False
        """Whether the engine knows that it lives."""
        self.exited = False
        self.seen: set[tuple[int, int]] = set()
        """Pid and start of every process once attributed to it."""


def _started(pid: int) -> int:
    process = proctable.read(pid) if proctable.LINUX else None
    return process.started if process else 0


def alive(spawns: Collection[Spawn]) -> dict[Spawn, list[Process]]:
    """The living processes of each of `spawns`, which are all of ours: each has one owner."""
    owners: dict[int, Spawn] = {}
    found: dict[Spawn, list[Process]] = {spawn: [] for spawn in spawns}
    for process in proctable.descendants(os.getpid()).values():
        owner = owners.get(process.parent) or _owner(process, spawns)
        if owner is None:
            continue
        owners[process.pid] = owner
        owner.seen.add((process.pid, process.started))
        if not process.dead:
            found[owner].append(process)
    return found


def _owner(process: Process, spawns: Collection[Spawn]) -> Spawn | None:
    """Whose leader it is, or was a child of before it was handed to us."""
    for spawn in spawns:
        leads = process.pid == spawn.pid and not spawn.exited
        if leads or spawn.pid in (process.group, process.session):
            return spawn
        if (process.pid, process.started) in spawn.seen:
            return spawn
        if spawn.comm and process.comm == spawn.comm:
            return spawn
    return _by_mark(process, spawns)


def _by_mark(process: Process, spawns: Collection[Spawn]) -> Spawn | None:
    """Starts of one service share their mark: the newest that is not younger than the process."""
    mark = proctable.mark_of(process.pid)
    if not mark:
        return None
    same = [spawn for spawn in spawns if spawn.mark == mark]
    older = [spawn for spawn in same if spawn.started <= process.started]
    return max(older or same, key=lambda spawn: spawn.started, default=None)


def living(spawn: Spawn, spawns: Collection[Spawn]) -> list[int]:
    """The pids of what is alive of one start; where there is no Linux, its group stands for it."""
    if proctable.LINUX:
        return [process.pid for process in alive(spawns)[spawn]]
    try:
        os.killpg(spawn.pid, 0)
    except (ProcessLookupError, PermissionError):
        return []
    return [spawn.pid]


def is_gone(spawn: Spawn, spawns: Collection[Spawn]) -> bool:
    """Whether nothing of it lives; one look alone can miss the child of a process just ending."""
    return not living(spawn, spawns) and not living(spawn, spawns)


def send_signal(spawn: Spawn, number: int, spawns: Collection[Spawn]) -> list[int]:
    """Signal all of one start and return whom it reached; SIGKILL again until none is new."""
    if not proctable.LINUX:
        return _send_to_group(spawn, number)
    reached: set[int] = set()
    for _ in range(KILL_ROUNDS if number == signal.SIGKILL else 1):
        new = [p for p in alive(spawns)[spawn] if p.pid not in reached]
        if not new:
            break
        if any(p.group == spawn.pid for p in new):
            _send_to_group(spawn, number)
        for process in new:
            if process.group != spawn.pid:
                send(process.pid, number)
        reached.update(p.pid for p in new)
    return sorted(reached)


def _send_to_group(spawn: Spawn, number: int) -> list[int]:
    try:
        os.killpg(spawn.pid, number)
    except (ProcessLookupError, PermissionError):
        return []
    return [spawn.pid]


def send(pid: int, number: int) -> None:
    """Signal one process that may have ended, or may have become another user's."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return
