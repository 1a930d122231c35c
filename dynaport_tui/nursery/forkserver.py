"""The nursery's loop: takes spawns and signals from the engine, reports how processes end.

One thread, and every fork from it: the parent-death signal is bound to the thread that forked.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from . import (
    carry,
    child,
    edits,
    family,
    hooks,
    newborn,
    prctl,
    preload,
    project,
    suitable,
    sweep,
)
from .family import Spawn
from .request import Request, parse
from .stock import Stock
from .survivors import Survivors
from .trial import Trials
from .waiting import Waiting, close
from .wire import Channel, Closed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .wire import Frame


QUIET = 0.25
"""Seconds without anything to do, after which there is time for what nobody waits for."""


class ForkServer:
    """One nursery; `serve` returns only in processes that are to run a service."""

    def __init__(self, fd: int) -> None:
        self._channel = Channel(fd)
        self._stock, self._trials = Stock(), Trials()
        self._expected = 0
        """Services that were announced and have not been prepared for."""
        self._orders: dict[str, Callable[[Frame], None]] = {
            "adopt": self._adopted,
            "signal": self._signal,
            "preload": self._stock.order,
            "try": self._trials.ask,
            "verify": lambda _: self._say("verified", edited=edits.edited()),
            "quit": lambda _: self._quit(),
        }
        self._spawns: dict[int, Spawn] = {}
        self._census = family.Census(self._spawns.values())
        self._births: dict[int, Spawn] = {}
        """By the pipe on which a failed start would be told."""
        self._waiting = Waiting()
        self._survivors = Survivors()
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

    def greet(self) -> None:
        """Tell the engine that it may ask, and where packages are installed."""
        version = ".".join(map(str, sys.version_info[:3]))
        self._say("hello", pid=os.getpid(), version=version, sites=project.sites())

    def warm_up(self) -> None:
        """Import what services need, looking after processes in between."""
        hooks.install()
        with self._importing():
            loaded = preload.load(self._stock.left_out)
            preload.rehearse(self._stock.left_out, max(len(self._waiting), self._expected))
        self._expected = 0
        self._say("preloaded", modules=loaded)

    def _adopted(self, frame: Frame) -> None:
        """It was started before anybody knew what for; now it is known."""
        newborn.environment(frame["env"])
        newborn.own_environment()
        self._expected = frame["starting"]

    @contextlib.contextmanager
    def _importing(self) -> Iterator[None]:
        hooks.between = lambda: self._turn(0)
        try:
            yield
        except preload.Threaded as found:
            self._begin_anew(without=found.library)
        finally:
            hooks.between = None

    def serve(self) -> Request:
        """Start services for ever; returns in each that was forked."""
        pause: float | None = QUIET
        while True:
            if self._expected:
                self._prepare()
            for request, fds in self._waiting.ready(self._stock):
                preload.settle()
                if self._fork(request, fds) is not None:
                    return request
            if self._stock.holds:
                self._trials.begin()
            if self._import_one():
                self._turn(0)
            elif self._turn(pause):
                pause = QUIET
            else:
                pause = 0 if self._at_leisure() else None

    def _prepare(self) -> None:
        """Many services were announced after all was imported."""
        expected, self._expected = self._expected, 0
        with self._importing():
            preload.rehearse(self._stock.left_out, expected)

    def _import_one(self) -> bool:
        """Whether there was a module to import for services that wait, or are to come."""
        with self._importing():
            return preload.needed(self._stock, self._waiting.names)

    def _at_leisure(self) -> bool:
        """Do what nobody waits for; whether there may be more of it."""
        with self._importing():
            if preload.at_leisure(self._stock):
                return True
        preload.settle()
        self._tell_of_imports()
        self._trials.begin()
        return False

    def _tell_of_imports(self) -> None:
        """Tell of the variables that were read."""
        if preload.untold:
            self._say("imported", reads=preload.untold)
            preload.untold.clear()

    def _begin_anew(self, without: str) -> NoReturn:
        """Only another program in this process is rid of a library; our children stay ours."""
        verdict = {"module": without, "ms": 0.0, "reads": [], "why": "starts a thread"}
        self._say("tried", verdicts=[verdict])
        self._stock.left_out.append(without)
        state: dict[str, Any] = {
            "stock": self._stock.carried(),
            "trials": self._trials.carried(),
            "channel": self._channel.carried(),
            "spawns": [spawn.carried() for spawn in self._spawns.values()],
            "births": [(fd, spawn.id) for fd, spawn in self._births.items()],
            "waiting": self._waiting.carried(),
        }
        fd, carried = self._channel.fileno(), carry.write(state)
        for number in [fd, carried, *self._inherited()]:
            os.set_inheritable(number, True)
        program = [sys.executable, child.MAIN, str(fd), "warm", str(carried)]
        os.execv(sys.executable, program)

    def resume(self, state: dict[str, Any]) -> None:
        """Go on where the program before us in this process gave up."""
        self._stock.order(state["stock"])
        self._trials.resume(state["trials"])
        self._channel.resume(state["channel"])
        for carried in state["spawns"]:
            self._spawns[carried["id"]] = Spawn.resumed(carried)
        for fd, number in state["births"]:
            self._await_birth(self._spawns[number], fd)
        self._waiting.resume(state["waiting"])
        for number in self._inherited():
            os.set_inheritable(number, False)
        self._ended()

    def _inherited(self) -> list[int]:
        """The descriptors that outlive an exec, beside the channel itself."""
        pending, waiting = self._channel.pending, self._waiting.files
        return [*pending, *self._births, *self._trials.files, *waiting]

    def _turn(self, timeout: float | None) -> bool:
        """Do what there is to do; wait for it at most `timeout` seconds. Whether it came."""
        look = self._survivors.due_in(self._spawns.values())
        if look is not None:
            timeout = look if timeout is None else min(timeout, look)
        writing = select.POLLOUT if self._channel.unsent else 0
        self._poll.modify(self._channel, select.POLLIN | writing)
        events = self._poll.poll(None if timeout is None else timeout * 1000)
        for fd, _event in events:
            if fd == self._channel.fileno():
                self._listen()
            elif fd in self._births:
                self._born(self._births[fd], fd)
            elif fd == self._wakeup:
                self._ended()
        if self._survivors.due_in(self._spawns.values()) == 0:
            for spawn in self._survivors.look(self._spawns.values()):
                del self._spawns[spawn.id]
                self._say("gone", id=spawn.id)
        return bool(events) or look is not None

    def _listen(self) -> None:
        try:
            self._channel.flush()
            frames = self._channel.receive()
        except Closed:
            self._quit()
        self._census.again()
        for frame, fds in frames:
            if frame["op"] == "spawn":
                self._spawn(parse(frame), fds)
                self._census.again()
            elif frame["op"] in self._orders:
                self._orders[frame["op"]](frame)

    def _spawn(self, request: Request, fds: list[int]) -> None:
        if len(fds) < len(request.fds):  # the system drops those for which there is no room here
            close(*fds)
            error = "the fork server has no file descriptor left"
            self._say("failed", id=request.id, error=error, again=True)
            return
        if not request.executed and suitable.needs_fresh_interpreter(request):
            request = request._replace(cold=True)
        if request.executed:
            self._fork(request, fds)
        else:
            self._waiting.add(request, fds)

    def _fork(self, request: Request, fds: list[int]) -> Request | None:
        """None in the nursery; the request in a new process that does not execute a program."""
        status = theirs = pid = -1
        parent = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, child.SIGNALS)
        try:
            status, theirs = os.pipe()
            pid = os.fork()
        except OSError as error:
            self._say("failed", id=request.id, error=f"cannot fork: {error.strerror}", again=True)
        if pid == 0:
            hooks.between = None
            self._channel.forget()
            return child.begin(request, fds, theirs, parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        close(*fds, theirs)
        if pid > 0:
            spawn = self._spawns[request.id] = Spawn.of(request, pid)
            spawn.warm = "" if request.executed else self._stock.state
            self._await_birth(spawn, status)
        else:
            close(status)
        return None

    def _await_birth(self, spawn: Spawn, status: int) -> None:
        self._births[status] = spawn
        self._poll.register(status, select.POLLIN)

    def _born(self, spawn: Spawn, status: int) -> None:
        """The pipe was closed by a successful start, or holds the reason of a failed one."""
        why = os.read(status, 1 << 16).decode("utf-8", "replace")
        self._poll.unregister(status)
        os.close(status)
        del self._births[status]
        if why:
            del self._spawns[spawn.id]
            self._say("failed", id=spawn.id, error=why)
        else:
            self._say("spawned", id=spawn.id, pid=spawn.pid, warm=spawn.warm)

    def _ended(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup, 4096)
        leaders = {spawn.pid: spawn for spawn in self._spawns.values() if not spawn.exited}
        for pid, status in sweep.collect():
            spawn = leaders.get(pid)
            if spawn is not None:
                self._leader_ended(spawn, status)
            verdicts = self._trials.ended(pid, status)
            if verdicts is not None:
                self._say("tried", verdicts=verdicts, done=True)
        self._survivors.look_soon()

    def _leader_ended(self, spawn: Spawn, status: int) -> None:
        for fd, born in list(self._births.items()):
            if born is spawn:
                self._born(spawn, fd)
        if spawn.id not in self._spawns:
            return
        spawn.exited = True
        self._survivors.look_now()
        killed = os.WIFSIGNALED(status)
        self._say(
            "exited",
            id=spawn.id,
            code=None if killed else os.WEXITSTATUS(status),
            signal=os.WTERMSIG(status) if killed else None,
        )

    def _signal(self, frame: Frame) -> None:
        spawn = self._spawns.get(frame["id"])
        pids: list[int] = []
        if spawn is not None:
            pids = family.send_signal(spawn, frame["signal"], self._census)
        elif self._waiting.forget(frame["id"]):
            self._say("failed", id=frame["id"], error="stopped before it was started")
        self._say("signalled", id=frame["id"], pids=pids)

    def _say(self, event: str, **fields: object) -> None:
        try:
            self._channel.send({"event": event, **fields})
        except Closed:
            self._quit()

    def _quit(self) -> NoReturn:
        sweep.end_everything(self._spawns.values())
        os._exit(0)
