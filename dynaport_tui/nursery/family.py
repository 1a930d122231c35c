"""Which living process belongs to which start, however far it has moved away from its leader."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

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

    def __init__(self, number: int, pid: int, mark: str, comm: str) -> None:
        self.id = number
        self.pid = pid
        self.mark = mark
        self.comm = comm
        """Empty where it executes a program, which has a name of its own."""
        process = proctable.read(pid) if proctable.LINUX else None
        self.started = process.started if process else 0
        self.exited = False
        self.warm = ""
        """Stands for what had been imported when it was forked; empty for an executed program."""
        self.seen: set[tuple[int, int]] = set()
        """Pid and start of every process once attributed to it."""

    @classmethod
    def of(cls, request: Request, pid: int) -> Spawn:
        """The start that was asked for, when it has its process."""
        comm = "" if request.kind == "exec" else comm_of(request)
        return cls(request.id, pid, request.mark, comm)

    def carried(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {**vars(self), "seen": sorted(self.seen)}

    @classmethod
    def resumed(cls, carried: dict[str, Any]) -> Spawn:
        """The one that `carried` was taken of."""
        spawn = cls(carried["id"], carried["pid"], carried["mark"], carried["comm"])
        spawn.started, spawn.exited = carried["started"], carried["exited"]
        spawn.warm = carried["warm"]
        spawn.seen = {(pid, started) for pid, started in carried["seen"]}
        return spawn


def alive(spawns: Collection[Spawn]) -> dict[Spawn, list[Process]]:
    """The living processes of each of `spawns`, which are all of ours: each has one owner."""
    leaders = {spawn.pid: spawn for spawn in spawns}
    owners: dict[int, Spawn] = {}
    found: dict[Spawn, list[Process]] = {spawn: [] for spawn in spawns}
    for process in proctable.descendants(os.getpid()).values():
        owner = owners.get(process.parent) or _leader(process, leaders) or _owner(process, spawns)
        if owner is None:
            continue
        owners[process.pid] = owner
        owner.seen.add((process.pid, process.started))
        if not process.dead:
            found[owner].append(process)
    return found


class Census:
    """Who is alive, looked at once for questions that come together: a look reads all of /proc."""

    def __init__(self, spawns: Collection[Spawn]) -> None:
        self.spawns = spawns
        self._found: dict[Spawn, list[Process]] | None = None

    def of(self, spawn: Spawn) -> list[Process]:
        """The processes of one of them."""
        if self._found is None:
            self._found = alive(self.spawns)
        return self._found.get(spawn, [])

    def again(self) -> None:
        """Much may have changed."""
        self._found = None


def _leader(process: Process, leaders: dict[int, Spawn]) -> Spawn | None:
    """Whose leader it is, or in whose group or session."""
    spawn = leaders.get(process.pid)
    if spawn is not None and not spawn.exited:
        return spawn
    return leaders.get(process.group) or leaders.get(process.session)


def _owner(process: Process, spawns: Collection[Spawn]) -> Spawn | None:
    """Whose child it was before it was handed to us."""
    for spawn in spawns:
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


def gone(spawns: Collection[Spawn]) -> list[Spawn]:
    """Those whose leader ended and of which nothing is left; takes all of ours.

    Looks twice, since one look can miss the child of a process that is just ending.
    """
    ended = [spawn for spawn in spawns if spawn.exited]
    for _ in range(2):
        if ended:
            found = _living(spawns)
            ended = [spawn for spawn in ended if not found[spawn]]
    return ended


def _living(spawns: Collection[Spawn]) -> dict[Spawn, list[int]]:
    """Where there is no /proc, the group stands for all of a start."""
    if proctable.LINUX:
        return {spawn: [p.pid for p in found] for spawn, found in alive(spawns).items()}
    return {spawn: _send_to_group(spawn, 0) for spawn in spawns}


def send_signal(spawn: Spawn, number: int, census: Census) -> list[int]:
    """Signal all of one start and return whom it reached; SIGKILL again until none is new."""
    if not proctable.LINUX:
        return _send_to_group(spawn, number)
    reached: set[int] = set()
    for _ in range(KILL_ROUNDS if number == signal.SIGKILL else 1):
        new = [p for p in census.of(spawn) if p.pid not in reached]
        if not new:
            break
        if number == signal.SIGKILL:
            census.again()
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
