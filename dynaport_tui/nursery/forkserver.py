"""The nursery's loop: takes spawns and signals from the engine, reports how processes end.

One thread, and every fork from it: the parent-death signal is bound to the thread that forked.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, NoReturn

from . import child, family, hooks, prctl, preload, suitable, sweep
from .family import Spawn
from .request import Request, parse
from .wire import Channel, Closed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .wire import Frame

FIRST_LOOK, LONGEST_LOOK = 0.02, 0.1
"""Seconds between looks for survivors of a leader that has ended."""


class ForkServer:
    """One nursery; `serve` returns only in processes that are to run a service."""

    def __init__(self, fd: int, left_out: Iterable[str] = ()) -> None:
        self._channel = Channel(fd)
        self._left_out = frozenset(left_out)
        self._spawns: dict[int, Spawn] = {}
        self._births: dict[int, Spawn] = {}
        """By the pipe on which a failed start would be told."""
        self._waiting: deque[tuple[Request, list[int]]] = deque()
        self._look, self._look_at = FIRST_LOOK, 0.0
        self._own_signals()
        self._poll = select.poll()
        self._poll.register(self._channel, select.POLLIN)
        self._poll.register(self._wakeup, select.POLLIN)
        prctl.adopt_orphans()

    def _own_signals(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self._wakeup, write = os.pipe()
        os.set_blocking(self._wakeup, False)
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self, names: Iterable[str]) -> Request:
        """Import `names`, then start services for ever; returns in each forked service."""
        try:
            self._say("hello", pid=os.getpid(), version=_version(), preloaded=[])
            self._warm_up(names)
            while True:
                while self._waiting:
                    request = self._fork(*self._waiting.popleft())
                    if request is not None:
                        return request
                self._turn()
        except Closed:
            self._quit()

    def _warm_up(self, names: Iterable[str]) -> None:
        hooks.install()
        hooks.between = self._turn_while_importing
        loaded = preload.load(name for name in names if name not in self._left_out)
        hooks.between = None
        self._say("preloaded", modules=loaded)

    def _turn_while_importing(self) -> None:
        """No exception may pass through the module that is being imported: it might catch it."""
        try:
            self._turn(0)
        except Closed:
            self._quit()

    def _turn(self, timeout: float | None = None) -> None:
        """Do what there is to do; wait for it at most `timeout` seconds."""
        if timeout is None:
            timeout = self._until_look()
        writing = select.POLLOUT if self._channel.unsent else 0
        self._poll.modify(self._channel, select.POLLIN | writing)
        events = self._poll.poll(None if timeout is None else timeout * 1000)
        for fd, _event in events:
            if fd == self._channel.fileno():
                self._hear()
            elif fd in self._births:
                self._born(self._births[fd], fd)
            elif fd == self._wakeup:
                self._ended()
        if self._until_look() == 0:
            self._look_for_survivors()

    def _hear(self) -> None:
        self._channel.flush()
        for frame, fds in self._channel.receive():
            op = frame["op"]
            if op == "spawn":
                self._spawn(parse(frame), fds)
            elif op == "signal":
                self._signal(frame)
            elif op == "quit":
                self._quit()

    def _spawn(self, request: Request, fds: list[int]) -> None:
        if not request.executed and suitable.needs_fresh_interpreter(request):
            request = request._replace(cold=True)
        if request.executed:
            self._fork(request, fds)
        else:
            self._waiting.append((request, fds))

    def _fork(self, request: Request, fds: list[int]) -> Request | None:
        """None in the nursery; the request in a new process that does not execute a program."""
        status, theirs = os.pipe()
        parent = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            pid = os.fork()
        except OSError as error:
            self._say("failed", id=request.id, error=f"cannot fork: {error.strerror}")
            pid = -1
        if pid == 0:
            hooks.between = None
            self._channel.forget()
            return child.begin(request, fds, theirs, parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for fd in (*fds, theirs):
            os.close(fd)
        if pid < 0:
            os.close(status)
        else:
            self._note(Spawn(request, pid), status)
        return None

    def _note(self, spawn: Spawn, status: int) -> None:
        self._spawns[spawn.id] = spawn
        self._births[status] = spawn
        self._poll.register(status, select.POLLIN)

    def _born(self, spawn: Spawn, status: int) -> None:
        """The pipe was closed by a successful start, or holds the reason of a failed one."""
        why = os.read(status, 1 << 16).decode("utf-8", "replace")
        self._poll.unregister(status)
        os.close(status)
        del self._births[status]
        spawn.announced = True
        if why:
            del self._spawns[spawn.id]
            self._say("failed", id=spawn.id, error=why)
        else:
            self._say("spawned", id=spawn.id, pid=spawn.pid)

    def _ended(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup, 4096)
        leaders = {spawn.pid: spawn for spawn in self._spawns.values() if not spawn.exited}
        for pid, status in sweep.collect():
            spawn = leaders.get(pid)
            if spawn is not None:
                self._leader_ended(spawn, status)
        self._look, self._look_at = FIRST_LOOK, 0.0

    def _leader_ended(self, spawn: Spawn, status: int) -> None:
        for fd, born in list(self._births.items()):
            if born is spawn:
                self._born(spawn, fd)
        if spawn.id not in self._spawns:
            return
        spawn.exited = True
        killed = os.WIFSIGNALED(status)
        self._say(
            "exited",
            id=spawn.id,
            code=None if killed else os.WEXITSTATUS(status),
            signal=os.WTERMSIG(status) if killed else None,
        )

    def _until_look(self) -> float | None:
        if not any(spawn.exited for spawn in self._spawns.values()):
            return None
        return max(0.0, self._look_at - time.monotonic())

    def _look_for_survivors(self) -> None:
        for spawn in [spawn for spawn in self._spawns.values() if spawn.exited]:
            if family.is_gone(spawn, self._spawns.values()):
                del self._spawns[spawn.id]
                self._say("gone", id=spawn.id)
        self._look_at = time.monotonic() + self._look
        self._look = min(self._look * 1.5, LONGEST_LOOK)

    def _signal(self, frame: Frame) -> None:
        spawn = self._spawns.get(frame["id"])
        pids: list[int] = []
        if spawn is not None:
            pids = family.send_signal(spawn, frame["signal"], self._spawns.values())
        else:
            self._forget_waiting(frame)
        self._say("signalled", id=frame["id"], pids=pids)

    def _forget_waiting(self, frame: Frame) -> None:
        """A start that was asked for, and is not wanted any more, before we could fork it."""
        for request, fds in list(self._waiting):
            if request.id == frame["id"]:
                self._waiting.remove((request, fds))
                for fd in fds:
                    os.close(fd)
                self._say("failed", id=request.id, error="stopped before it was started")

    def _say(self, event: str, **fields: object) -> None:
        self._channel.send({"event": event, **fields})

    def _quit(self) -> NoReturn:
        sweep.end_everything(self._spawns.values())
        os._exit(0)


def _version() -> str:
    return ".".join(map(str, sys.version_info[:3]))
