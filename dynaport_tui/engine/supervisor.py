"""One inbox, one fleet, and hands that carry out what the fleet decides, until nothing is left."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from ..ledger.errors import LedgerError
from ..model import outcome
from ..model.config import ConfigError
from ..model.fleet import Diff, Fleet
from ..model.graph import closure
from ..model.machine import RUNNING, State
from ..model.outcome import Verdict
from ..model.reports import Arm, Exited, Fired, Forget, Start
from ..model.selection import select
from ..model.view import (
    ActionError,
    Ended,
    Exit,
    Notice,
    PortMoved,
    ProjectChanged,
    StateChanged,
)
from .bus import Bus
from .changes import settings
from .files import plan, read_project, socket_path
from .hands import Hands
from .leftovers import end_leftovers
from .lock import ProjectLock
from .nursery import adopt_orphans
from .ports import Ports
from .reloads import Reloads
from .signals import Signals
from .usage_watch import UsageWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..model.launch import Launch
    from ..model.record import Record, Transition
    from ..model.reports import Action, Report
    from ..model.spec import ProjectSpec
    from ..model.view import Event, Snapshot
    from .errand import Errand
    from .options import Options

_DRAIN = 2.0
"""Seconds that the last output has to arrive, or killed processes have to go, at the end."""
_ECHO = 0.2
"""Seconds in which another signal is no second one: who runs us forwards a Ctrl-C that the terminal
sent to us as well (timeout, npm, poetry)."""


class Supervisor(ABC):
    """Runs one project to its end."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.project: ProjectSpec
        self.socket_path = socket_path(options.file)
        self.fleet = Fleet()
        self.ended_why = ""
        self._inbox: list[Report] = []
        self._scheduled = False
        self._bus = Bus(self.snapshot)
        self._reloads = Reloads(self)
        self._usage = UsageWatch(self._pids)
        self._hands = Hands(
            options.file,
            post=self.post,
            publish=self.publish,
            epoch=lambda service: self.fleet.records[service].epoch,
            loaded=self._reloads.loaded,
            launches=lambda: (record.launch for record in self.fleet.records.values()),
        )
        self._verdict: Verdict | None = None
        self._interrupted_at: float | None = None
        self._interruption: Verdict | None = None
        self._errand: Errand | None = None
        self._was_ready = False
        self._error: str | None = None
        self._released: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """Everything at this instant, for those who subscribe."""

    # ---- beginning

    async def open(self) -> None:
        """Read the file, take the lock, lease and bind the ports, begin the first starts.

        Raises ConfigError, UnknownService, PortTaken, LedgerError, NoFreePort and AlreadyRunning;
        then nothing is left behind.
        """
        self._loop = asyncio.get_running_loop()
        self.project = self._read()
        names = select(self.options.services, self.project.services)
        async with AsyncExitStack() as undo:
            lock = ProjectLock(self.options.file)
            undo.callback(lock.release)
            if lock.inherited:
                await asyncio.to_thread(end_leftovers, self.socket_path)
            self._ports = Ports()
            undo.callback(self._ports.close)
            undo.push_async_callback(self._hands.close)
            launches = plan(self.project, self._ports.lease(self.project))
            adopt_orphans()
            await self._bind(launches, names)
            self._let_go = undo.pop_all()
        self._signals = Signals(self._interrupted)
        self._over: asyncio.Future[Verdict] = self._loop.create_future()
        self._ready: asyncio.Future[bool] = self._loop.create_future()
        self.fleet.apply(self.project, launches, self._now, want_new=False)
        self.fleet.want(names, "asked to start", self._now)
        self._turn()

    async def _bind(self, launches: Mapping[str, Launch], names: Sequence[str]) -> None:
        """Hold every port before anything starts, so that a taken one is told before anything
        ran.
        """
        depends = {s: list(spec.depends_on) for s, spec in self.project.services.items()}
        wanted = closure(names, depends)
        self._hands.prepare(launches[service] for service in launches if service in wanted)
        for spec in self.project.services.values():
            self._hands.add(spec, self.project.log)
        await self._hands.bind({s: launch for s, launch in launches.items() if s in wanted})

    # ---- running

    async def run(self) -> int:
        """Until the end; the exit code."""
        self._spawn(self._usage.run())
        if self.options.watch:
            self._spawn(self._reloads.run())
        if self.options.timeout is not None:
            self._loop.call_later(self.options.timeout, self._deadline, self.options.timeout)
        verdict = await self._over
        for task in self._tasks:
            task.cancel()
        try:
            async with self._let_go:
                await self._hands.end()
                await self._hands.drain(_DRAIN)
                self.publish(Ended(at=time.time(), code=verdict.code, why=verdict.why))
                self._bus.close()
        finally:
            self._signals.close()
        return verdict.code

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._broke)

    def _broke(self, task: asyncio.Task[None]) -> None:
        """A background task that breaks is a bug of ours, and said; the services run on."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._say_broken(error)

    def _say_broken(self, error: BaseException) -> None:
        self._loop.call_exception_handler({"message": "dynaport broke", "exception": error})
        self.publish(Notice(at=time.time(), text=f"a part of dynaport broke: {error!r}"))

    def post(self, report: Report) -> None:
        """Hand in a report; it is taken in on the next turn of the loop."""
        self._inbox.append(report)
        self.turn_soon()

    def turn_soon(self) -> None:
        """Act on what was reported or is wanted now."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Reports, then actions, then events, then the question whether that was all."""
        self._scheduled = False
        inbox, self._inbox = self._inbox, []
        for report in inbox:
            self.fleet.report(report, self._now)
        self._give_up_released()
        for action in self.fleet.reconcile(self._now):
            self._try(action)
        for change in self.fleet.take_changes():
            self._changed(change)
        self._judge()

    def _try(self, action: Action) -> None:
        """One that cannot be carried out is a bug of ours; it must not take the others with it."""
        try:
            self._perform(action)
        except Exception as error:  # whatever it is: it is said, and what is left is done
            self._say_broken(error)
            if isinstance(action, Start):
                exit_ = Exit(error=f"a part of dynaport broke: {error!r}")
                self.post(Exited(service=action.service, run=action.run, exit=exit_, again=False))

    def _perform(self, action: Action) -> None:
        if isinstance(action, Arm):
            fired = Fired(
                service=action.service, timer=action.timer, epoch=action.epoch, run=action.run
            )
            self._loop.call_later(action.delay, self.post, fired)
        else:
            self._hands.perform(action)
            if isinstance(action, Forget):
                self._reloads.forget(action.service)

    def _changed(self, change: Transition) -> None:
        at = time.time() - (self._now - change.now)
        self.publish(
            StateChanged(
                at=at, service=change.service, old=change.old, new=change.new, why=change.why
            )
        )
        record = self.fleet.records.get(change.service)
        if record is not None and self._is_down(record):
            self._hands[change.service].let_go()
        self._reloads.moved(change)
        self._usage.moved()

    def _is_down(self, record: Record) -> bool:
        """Whether clients are better refused than left to wait for somebody who does not come."""
        unwanted = record.state is State.STOPPED and not record.wanted
        return unwanted or record.state is State.FAILED

    def publish(self, event: Event) -> None:
        """Tell all who look."""
        self._bus.publish(event)

    # ---- ending

    def _judge(self) -> None:
        if self._verdict is not None:
            if self.fleet.settled and not self._over.done():
                self._over.set_result(self._verdict)
            return
        self._was_ready = self._was_ready or outcome.all_ready(self.fleet)
        if self._was_ready and not self._ready.done():
            self._ready.set_result(True)
        found = outcome.verdict(self.fleet, self.options.aim, was_ready=self._was_ready)
        if found is not None:
            self._end(found)

    def _end(self, verdict: Verdict) -> None:
        if self._verdict is None:
            self._verdict, self.ended_why = verdict, verdict.why
            if not self._ready.done():
                self._ready.set_result(False)
            self.fleet.shut_down(verdict.short or verdict.why, self._now)
            self._reloads.close()
            self.turn_soon()

    def _deadline(self, seconds: float) -> None:
        if not self._was_ready:
            self._end(outcome.overdue(self.fleet, seconds))

    def _interrupted(self, number: int, word: str) -> None:
        """The first signal stops in order, the second kills."""
        if self._interrupted_at is None:
            self._interrupted_at = self._now
            self._interruption = Verdict(code=128 + number, why=word)
            if self._errand is None:
                self._end(self._interruption)
            else:  # the services stay for what it has to tidy up
                self._errand.signal(number)
        elif self._now - self._interrupted_at >= _ECHO:
            self._end(Verdict(code=128 + number, why=word))
            self._kill()

    def _kill(self) -> None:
        self.publish(Notice(at=time.time(), text="killing what is left"))
        for action in self.fleet.kill():
            self._perform(action)
        self._loop.call_later(_DRAIN, self._abandon)

    def _abandon(self) -> None:
        """What did not even go when it was killed is left to the nurseries, which end now."""
        if self._verdict is not None and not self._over.done():
            self._over.set_result(self._verdict)

    # ---- the files

    def reread(self, because: str, *, reloading: bool = False) -> None:
        """Apply what services.toml and the env files say now, or say what is wrong and change
        nothing; `reloading`: only env files were saved.
        """
        broken, self._error = self._error, None
        diff = self._plan_anew(self._read, because, reloading=reloading)
        if broken is not None and diff == Diff():
            self.publish(ProjectChanged(at=time.time()))

    def _read(self) -> ProjectSpec:
        self._reloads.reads([self.options.file])
        project = read_project(self.options.file, self.options.profiles)
        self._reloads.reads(settings(project) - {self.options.file})
        return project

    def _plan_anew(
        self, read: Callable[[], ProjectSpec], because: str, *, reloading: bool = False
    ) -> Diff | None:
        """What changed; None where it was refused, and published why."""
        try:
            project = read()
            launches = plan(project, self._ports.lease(project))
        except (ConfigError, LedgerError) as error:
            self._error = str(error)
            self.publish(ProjectChanged(at=time.time(), error=self._error))
            return None
        diff = self._apply(project, launches, because, reloading)
        if diff != Diff():
            self.publish(
                ProjectChanged(
                    at=time.time(),
                    added=diff.added,
                    removed=diff.removed,
                    changed=diff.changed,
                    why=because,
                )
            )
        return diff

    def _apply(
        self,
        project: ProjectSpec,
        launches: Mapping[str, Launch],
        because: str,
        reloading: bool,
    ) -> Diff:
        before = {s: record.launch.port for s, record in self.fleet.records.items()}
        self.project = project
        diff = self.fleet.apply(
            project,
            launches,
            self._now,
            want_new=not self.options.services,
            because=because,
            reloading=reloading,
        )
        for spec in project.services.values():
            self._hands.add(spec, project.log)
        self._hands.retire()
        for service in before.keys() & launches.keys():
            self._moved(service, before[service], launches[service].port)
        self.turn_soon()
        return diff

    def _moved(self, service: str, old: int | None, new: int | None) -> None:
        if old != new:
            why = self._ports.why(service) or ("it had none" if old is None else f"it had {old}")
            self.publish(PortMoved(at=time.time(), service=service, port=new, why=why))

    # ---- releasing ports

    def _release(self, ids: Sequence[str]) -> None:
        for service in ids:
            spec = self.fleet.records[service].spec
            if spec.port is not None:
                raise ActionError(
                    "pinned",
                    f"the port of {service} is pinned in {self.project.file}, line {spec.line}",
                    f"Change or take away `port = {spec.port}` there.",
                )
        self._released |= set(ids)
        self.fleet.unwant(ids, "its port was released", self._now)

    def _unpinned(self) -> list[str]:
        return [s for s, r in self.fleet.records.items() if r.spec.port is None]

    def _give_up_released(self) -> None:
        """A port is given up once nothing uses it any more, and before the next start."""
        for service in tuple(self._released):
            record = self.fleet.records.get(service)
            if record is not None and not record.settled:
                continue
            self._released.discard(service)
            if record is not None:
                self._ports.release(self.project, record.spec)
                self._plan_anew(lambda: self.project, f"{service} has another port")

    # ---- small things

    @property
    def _now(self) -> float:
        return self._loop.time()

    def _pids(self) -> dict[str, int]:
        return {
            s: r.pid
            for s, r in self.fleet.records.items()
            if r.pid is not None and r.state in RUNNING
        }
