"""One inbox, one fleet, and hands that carry out what the fleet decides, until nothing is left."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from ..model.attitude import attitude
from ..model.dependencies import with_dependencies
from ..model.fleet import Fleet
from ..model.machine import RUNNING
from ..model.reports import Arm, Exited, Fired, Forget, Start
from ..model.selection import select
from ..model.view import (
    Ended,
    Exit,
    Notice,
    StateChanged,
)
from . import early
from .bus import Bus
from .ending import Ending
from .facts import Moments
from .files import socket_path
from .hands import Hands
from .leftovers import end_leftovers
from .lock import ProjectLock
from .orphans import adopt_orphans
from .owner import OwnerLine
from .planner import Planner
from .reloads import Reloads
from .usage_watch import UsageWatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from ..model.launch import Launch
    from ..model.record import Transition
    from ..model.reports import Action, Report
    from ..model.view import Event, Snapshot
    from .options import Options
    from .talk import Clerk

_FIRST_PICTURE = 1.0
"""Seconds that an owner is left alone with the machine to draw its first picture."""
_BUSY = 1.0
"""Seconds that services are left alone with it to start."""
_DRAIN = 2.0
"""Seconds that the last output has to arrive at the end."""


class Supervisor:
    """Runs one project to its end."""

    def __init__(self, options: Options, snapshot: Callable[[], Snapshot]) -> None:
        self.options = options
        self.socket_path = socket_path(options.file)
        self.fleet = Fleet()
        self.bus = Bus(snapshot)
        self.reloads = Reloads(self)
        self.moments = Moments()
        self.usage = UsageWatch(self._pids)
        self.planner = Planner(
            options,
            self.fleet,
            now=lambda: self.now,
            publish=self.bus.publish,
            reads=self.reloads.reads,
            applied=self._applied,
        )
        self.hands = Hands(
            options.file,
            post=self.post,
            publish=self.bus.publish,
            epoch=lambda service: self.fleet.records[service].epoch,
            loaded=self.reloads.loaded,
            launches=lambda: (record.launch for record in self.fleet.records.values()),
            clerk=self._clerk,
        )
        self.ending = Ending(self)
        self.drawn = asyncio.Event()
        """No owner is busy with its first picture: what nothing waits for may be imported now."""
        self._inbox: list[Report] = []
        self._scheduled = False
        self._tasks: list[asyncio.Task[None]] = []

    # ---- beginning

    async def open(self) -> None:
        """Read the file, take the lock, lease and bind the ports, begin the first starts.

        Raises ConfigError, UnknownService, PortTaken, LedgerError, NoFreePort and AlreadyRunning;
        then nothing is left behind.
        """
        self.loop = asyncio.get_running_loop()
        project = self.planner.read()
        names = select(self.options.services, project.services)
        async with AsyncExitStack() as undo:
            lock = ProjectLock(self.options.file)
            undo.callback(lock.release)
            if lock.inherited:
                await asyncio.to_thread(end_leftovers, self.socket_path)
            undo.callback(self.planner.close)
            undo.push_async_callback(self.hands.close)
            launches = self.planner.begin(project)
            adopt_orphans()
            await self._bind(launches, names)
            self._let_go = undo.pop_all()
        self.ending.begin()
        if self.options.owner is not None:
            drawn = self.drawn.set
            end, kill = self.ending.end, self.ending.kill
            OwnerLine(self.options.owner, end=end, kill=kill, drawn=drawn)
            self.loop.call_later(_FIRST_PICTURE, drawn)
        else:
            self.drawn.set()
        self.fleet.want(names, "asked to start", self.now)
        self.turn()

    async def _bind(self, launches: Mapping[str, Launch], names: Sequence[str]) -> None:
        """Hold every port before anything starts, so that a taken one is told before anything
        ran.
        """
        wanted = with_dependencies(self.fleet.records, names)
        self.hands.prepare(launches[service] for service in wanted)
        self._make_ready()
        await self.hands.bind({service: launches[service] for service in wanted})

    def _applied(self) -> None:
        """The files say something else."""
        self._make_ready()
        self.turn_soon()

    def _make_ready(self) -> None:
        """Have hands for the services that the project has now, and for no others."""
        for spec in self.planner.project.services.values():
            self.hands.add(spec, self.planner.project.log)
        self.hands.retire()

    # ---- running

    async def run(self) -> int:
        """Until the end; the exit code."""
        self._spawn(self._once_calm(self._settled))
        self._spawn(self._once_calm(self.usage.run))
        if self.options.watch:
            self._spawn(self._once_calm(self.reloads.run))
        verdict = await self.ending.over
        for task in self._tasks:
            task.cancel()
        try:
            async with self._let_go:
                await self.hands.end()
                await self.hands.drain(_DRAIN)
                self.bus.publish(Ended(at=time.time(), code=verdict.code, why=verdict.why))
                self.bus.close()
                await asyncio.wait(self._tasks, timeout=_DRAIN)
        finally:
            self.ending.close()
        return verdict.code

    async def _once_calm(self, work: Callable[[], Awaitable[None]]) -> None:
        """What services that start need not share the machine with."""
        await self.drawn.wait()
        await asyncio.wait({self.ending.ready}, timeout=_BUSY)
        await work()

    async def _settled(self) -> None:
        early.over()

    def _spawn(self, work: Any) -> None:
        task = self.loop.create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._broke)

    def _broke(self, task: asyncio.Task[None]) -> None:
        """A background task that breaks is a bug of ours, and said; the services run on."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._say_broken(error)

    def _say_broken(self, error: BaseException) -> None:
        self.loop.call_exception_handler({"message": "dynaport broke", "exception": error})
        self.bus.publish(Notice(at=time.time(), text=f"a part of dynaport broke: {error!r}"))

    def post(self, report: Report) -> None:
        """Hand in a report; it is taken in on the next turn of the loop."""
        self._inbox.append(report)
        self.turn_soon()

    def turn_soon(self) -> None:
        """Act on what was reported or is wanted now."""
        if not self._scheduled:
            self._scheduled = True
            self.loop.call_soon(self.turn)

    def turn(self) -> None:
        """Reports, then actions, then events, then the question whether that was all."""
        self._scheduled = False
        inbox, self._inbox = self._inbox, []
        for report in inbox:
            self.fleet.report(report, self.now)
        self.planner.give_up_released()
        for action in self.fleet.reconcile(self.now):
            self._try(action)
        changes = self.fleet.take_changes()
        for change in changes:
            self._changed(change)
        if changes:
            self._stand()
        for told in self.fleet.take_outcomes():
            if self.reloads.came_to(told):
                self.moments.overlapped(told, time.time() - (self.now - told.now))
        self.ending.judge()

    def _try(self, action: Action) -> None:
        """One that cannot be carried out is a bug of ours; it must not take the others with it."""
        try:
            self.perform(action)
        except Exception as error:  # whatever it is: it is said, and what is left is done
            self._say_broken(error)
            if isinstance(action, Start):
                exit_ = Exit(error=f"a part of dynaport broke: {error!r}")
                self.post(Exited(service=action.service, run=action.run, exit=exit_, again=False))

    def perform(self, action: Action) -> None:
        """Carry out what the fleet has decided."""
        if isinstance(action, Arm):
            fired = Fired(
                service=action.service, timer=action.timer, epoch=action.epoch, run=action.run
            )
            self.loop.call_later(action.delay, self.post, fired)
        else:
            if isinstance(action, Start) and action.candidate:
                self.reloads.begins(action.service)
            self.hands.perform(action)
            if isinstance(action, Forget):
                self.reloads.forget(action.service)
                self.moments.forget(action.service)

    def _changed(self, change: Transition) -> None:
        at = time.time() - (self.now - change.now)
        self.moments.add(change, at)
        self.bus.publish(
            StateChanged(
                at=at, service=change.service, old=change.old, new=change.new, why=change.why
            )
        )
        self.reloads.moved(change)
        self.usage.moved()

    def _stand(self) -> None:
        """See to the ports where nobody serves: what one service does may concern those behind."""
        records = self.fleet.records
        for record in records.values():
            self.hands[record.id].stand(attitude(records, record))

    def _clerk(self, service: str) -> Clerk:
        from .clerk import ServiceClerk  # nothing is down yet when the first process is started

        return ServiceClerk(self, self.fleet.records[service])

    def publish(self, event: Event) -> None:
        """Tell all who look."""
        self.bus.publish(event)

    # ---- small things

    @property
    def now(self) -> float:
        """Seconds on the loop's clock."""
        return self.loop.time()

    def _pids(self) -> dict[str, int]:
        return {
            s: r.pid
            for s, r in self.fleet.records.items()
            if r.pid is not None and r.state in RUNNING
        }
