"""Carries out the fleet's actions for one service and reports what becomes of them."""

from __future__ import annotations

import asyncio
import errno
import signal
from typing import TYPE_CHECKING

import msgspec

from ..model.reports import Exited, Start
from ..model.requests import RequestRecord
from ..model.view import Exit
from .notify import NotifySocket, Pace
from .nursery import NotPython
from .run import Run
from .sockets import HeldSocket, PortTaken, check_free, hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model.attitude import Attitude
    from ..model.launch import Launch
    from ..model.reports import TakeOver
    from ..model.spec import ServiceSpec
    from .desk import Desk
    from .logs import ServiceLog
    from .standin import StandIn


class Runner:
    """The hands of one service: at most one process serves, others load beside it or finish."""

    def __init__(self, spec: ServiceSpec, log: ServiceLog, desk: Desk) -> None:
        self.spec, self.log, self._desk = spec, log, desk
        self.held: HeldSocket | None = None
        self.scheme = "http"
        self.requests = RequestRecord()
        self.counted = True
        """Whether its server, as far as is known, is our own, which counts its requests."""
        self._current: Run | None = None
        self._runs: dict[int, Run] = {}
        """All that may still be alive; of these the current one serves."""
        self._handovers: set[asyncio.Task[None]] = set()
        self._stand_in: StandIn | None = None
        """Answers on the port while no process does."""
        self._held_up: set[int] = set()
        """Starts that wait until those who have been answered meanwhile are done."""
        self._notify: NotifySocket | None = None
        self._statuses = Pace(lambda text: desk.said(spec.id, text))

    # ---- the port

    def hold(self, launch: Launch) -> None:
        """Bind and listen, unless that is done already; raises PortTaken."""
        if not launch.held or launch.port is None:
            self.let_go()
            return
        if self.held is not None:
            if (self.held.host, self.held.port) == (launch.host, launch.port):
                self.held.restore()
                return
            self.let_go()
        self.held = hold(launch.host, launch.port)

    def stand(self, attitude: Attitude) -> None:
        """Do with the connections that nobody serves what is right for the present state."""
        match attitude:
            case "answer" if self._stand_in is not None:
                self._stand_in.stir()
            case "answer" if self.held is not None:
                self._answer(self.held)
            case "wait":
                self._hand_back(lambda: None)
            case "refuse":
                self.let_go()

    def _answer(self, held: HeldSocket) -> None:
        from .standin import StandIn  # nothing is down yet when the first process is started

        self._stand_in = StandIn(held, self._desk.clerk(self.spec.id))
        try:
            self._stand_in.open()
        except OSError:
            self.let_go()

    def _hand_back(self, then: Callable[[], None]) -> None:
        stand_in, self._stand_in = self._stand_in, None
        if stand_in is None:
            then()
        else:
            stand_in.hand_back(then)

    def let_go(self) -> None:
        """Stop listening: from now on connections are refused."""
        self._hand_back(lambda: None)
        if self.held is not None:
            self.held.close()
            self.held = None

    # ---- actions

    def start(self, action: Start) -> None:
        """Start a process, alone on its port; the reports say how that went."""
        self._held_up.add(action.run)
        self._hand_back(lambda: self._begin(action))

    def _begin(self, action: Start) -> None:
        if action.run not in self._held_up:
            return
        self._held_up.discard(action.run)
        try:
            self.prepare_port(action.launch)
            nursery = self._desk.nursery_for(action.launch)
            cold = action.cold or self._desk.starts_cold(action.launch)
            action = msgspec.structs.replace(action, cold=cold)
            run = self._runs[action.run] = Run(self, action, nursery, self._desk)
            run.packages = self._desk.since_now(action.launch)
            if not action.candidate:
                self._current = run
        except (PortTaken, NotPython, OSError) as error:
            exit_, again = Exit(error=_reason(error)), not isinstance(error, NotPython)
            self._desk.post(Exited(service=self.spec.id, run=action.run, exit=exit_, again=again))

    def take_over(self, action: TakeOver) -> None:
        """Let the old process retire, and then the new one accept."""
        new, old = self._runs.get(action.run), self._runs.get(action.old)
        if new is None:  # it ended in this very moment, and says so
            return
        self._current = new
        task = asyncio.get_running_loop().create_task(self._hand_over(old, new))
        self._handovers.add(task)
        task.add_done_callback(self._handovers.discard)

    async def _hand_over(self, old: Run | None, new: Run) -> None:
        if old is not None:
            await old.retire()
        new.open()

    def packages_changed(self) -> str:
        """Which packages its present process does not know yet; empty where it knows all."""
        run = self._current
        if run is None or run.packages is None or self.spec.kind == "command":
            return ""
        return run.packages.changes()

    def finished(self, run: int) -> None:
        """Nothing of that process is left."""
        self._runs.pop(run, None)

    def prepare_port(self, launch: Launch) -> None:
        """Hold the port, or see that it is free; raises PortTaken, which names the service."""
        try:
            self._prepare_port(launch)
        except PortTaken as error:
            error.service, error.pinned = self.spec.id, self.spec.port is not None
            raise

    def _prepare_port(self, launch: Launch) -> None:
        if launch.held:
            self.hold(launch)
        elif launch.port is not None:
            check_free(launch.port, launch.host)

    def signal(self, run: int, name: str) -> None:
        """Signal everything of one start."""
        if run in self._held_up:
            self._held_up.discard(run)
            exit_ = Exit(error="it was stopped before it began")
            self._desk.post(Exited(service=self.spec.id, run=run, exit=exit_, again=False))
        elif run in self._runs:
            self._runs[run].signal(getattr(signal, f"SIG{name}", signal.SIGTERM))

    def respec(self, spec: ServiceSpec) -> None:
        """Take in a spec that needs no restart: from now on it is asked as that one says."""
        same, self.spec = spec.health == self.spec.health, spec
        if not same and self._current is not None:
            self._current.probe_anew()

    @property
    def notify_path(self) -> str:
        """Where READY=1 is heard, made when it is first needed."""
        if self._notify is None:
            self._notify = NotifySocket(self._desk.runtime, self._notified)
        return self._notify.path

    def _notified(self, message: dict[str, str]) -> None:
        if self._current is None:
            return
        status = message.get("STATUS", "")
        if message.get("READY") == "1" and not self.spec.health.explicit:
            self._current.ready(status or "said READY=1")
        elif status:
            self._statuses.say(status)

    def close(self) -> None:
        """Let go of everything but the processes."""
        self._held_up.clear()
        if self._stand_in is not None:
            self._stand_in.end()
            self._stand_in = None
        for task in self._handovers:
            task.cancel()
        for run in self._runs.values():
            run.close()
        self.let_go()
        if self._notify is not None:
            self._notify.close()
            self._notify = None
        self._statuses.close()
        self.log.close()


def _reason(error: Exception) -> str:
    """What kept a process from being started, and what to do now."""
    if not isinstance(error, OSError):
        return str(error)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "dynaport has no file descriptor left; allow more with `ulimit -n` and run it again"
    what = error.strerror or str(error)
    return f"{what}: {error.filename}" if error.filename else what
