"""Everything that touches processes, sockets and logs, for all services of a project."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING

from ..model import wording
from ..model.reports import Forget, Signal, Start, StartCold, TakeOver
from ..model.view import LogAdvanced, Notice
from .binding import bind_all
from .errand import Errand
from .files import learned_file, log_folder, socket_path
from .learning import Learning
from .logs import ServiceLog
from .nurseries import Heard, Nurseries
from .runner import Runner
from .tails import Tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from ..model.launch import Launch
    from ..model.reports import Report
    from ..model.spec import LogSpec, ServiceSpec
    from ..model.view import Event
    from .nursery import Nursery
    from .packages import Since
    from .stamps import Stamp
    from .talk import Clerk

_WRITING = 2.0
"""Seconds that a slow disk has for the last lines of all logs."""


class Hands:
    """The runners and nurseries; the Desk that each runner works at."""

    def __init__(
        self,
        file: Path,
        *,
        post: Callable[[Report], None],
        publish: Callable[[Event], None],
        epoch: Callable[[str], int],
        loaded: Callable[[str, int, Mapping[str, Stamp | None]], None],
        launches: Callable[[], Iterable[Launch]],
        clerk: Callable[[str], Clerk],
    ) -> None:
        self.root = str(file.parent)
        self.runtime = socket_path(file).parent
        self.engine_id = f"{os.getpid()}-{time.monotonic_ns():x}"
        self.post, self.epoch, self.files_loaded = post, epoch, loaded
        self.clerk = clerk
        self._publish = publish
        self._log_folder = log_folder(file)
        self._runners: dict[str, Runner] = {}
        self._tails: set[Tail] = set()
        self._ending: set[asyncio.Task[None]] = set()
        """Those that wait for the last lines of a log that nobody sees any more."""
        self._learning = Learning(learned_file(file), lambda text: self._tell(text))
        self._nurseries = Nurseries(self._nursery_lost, launches, self._learning)

    def __getitem__(self, service: str) -> Runner:
        """The runner of a service."""
        return self._runners[service]

    def add(self, spec: ServiceSpec, log: LogSpec) -> None:
        """Make ready for a service, or take in what changed of it."""
        if spec.id in self._runners:
            self._runners[spec.id].respec(spec)
            self._runners[spec.id].log.respec(log)
            return
        lines = ServiceLog(
            spec.id,
            self._log_folder,
            log,
            lambda service, last: self._publish(LogAdvanced(service=service, last=last)),
            notice=lambda text: self.said(spec.id, text),
        )
        self._runners[spec.id] = Runner(spec, lines, self)
        for tail in self._tails:
            tail.add(lines)

    def tail(self) -> Tail:
        """All logs, for one view."""
        tail = Tail(self._tails.discard)
        for runner in self._runners.values():
            tail.add(runner.log)
        self._tails.add(tail)
        return tail

    def prepare(self, launches: Iterable[Launch]) -> None:
        """Start the nurseries that these will need."""
        self._nurseries.prepare(launches)

    async def look_again(self) -> None:
        """See that what is started from now on finds all libraries as their files are now."""
        await self._nurseries.look_again()

    def retire(self) -> None:
        """End the nurseries that nobody needs any more."""
        self._nurseries.retire()

    async def bind(self, launches: Mapping[str, Launch]) -> None:
        """Hold all ports before anything starts; raises PortTaken."""
        await bind_all(self._runners, launches, self.root)

    def perform(self, action: Start | TakeOver | Signal | Forget | StartCold) -> None:
        """Carry out what the fleet decided."""
        match action:
            case Start():
                self._runners[action.service].start(action)
            case Signal():
                self._runners[action.service].signal(action.run, action.signal)
            case TakeOver():
                self._runners[action.service].take_over(action)
            case Forget():
                self._forget(self._runners.pop(action.service))
            case StartCold():
                self._nurseries.remember_cold(action.launch, action.why)
                self.said(action.service, wording.cold_from_now_on(action.service, action.why))

    def _forget(self, runner: Runner) -> None:
        runner.close()
        for tail in self._tails:
            tail.drop(runner.log.service)
        task = asyncio.get_running_loop().create_task(runner.log.closed(_WRITING))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def errand(self, name: str) -> Errand:
        """A program to be run once."""
        nursery = self._nurseries.any()
        return Errand(nursery, self._nurseries, mark=f"{self.engine_id}/{name}", name=name)

    async def drain(self, seconds: float) -> None:
        """Wait at most `seconds` for the last output of what has ended, then close the logs."""
        logs = [runner.log for runner in self._runners.values()]
        await asyncio.gather(*(log.drain(seconds) for log in logs))
        for log in logs:
            log.close()
        await asyncio.gather(*self._ending, *(log.closed(_WRITING) for log in logs))

    async def end(self) -> None:
        """End every process that is left, at once."""
        await self._nurseries.close()

    async def close(self) -> None:
        """End every process, and let go of sockets and files; safe to repeat.

        What was logged can still be read: whoever shows it may be slower than the end.
        """
        with contextlib.ExitStack() as last:  # what is held is let go, whatever could not be ended
            last.callback(self._learning.close)
            for runner in self._runners.values():
                last.callback(runner.close)
            await self.end()

    # ---- Desk

    def nursery_for(self, launch: Launch) -> Nursery:
        """Where a launch is born."""
        return self._nurseries.for_launch(launch)

    def starts_cold(self, launch: Launch) -> bool:
        """Whether it comes up in a fresh interpreter alone, as far as is known."""
        return self._nurseries.starts_cold(launch)

    def since_now(self, launch: Launch) -> Since:
        """What is installed for the interpreter of a launch, from now on."""
        return self._nurseries.since_now(launch)

    def route(self, nursery: Nursery, heard: Heard) -> int:
        """A new spawn number of that nursery whose events go to `heard`."""
        return self._nurseries.route(nursery, heard)

    def unroute(self, spawn: int) -> None:
        """No more events of that spawn."""
        self._nurseries.unroute(spawn)

    def imported(
        self, nursery: Nursery, service: str, modules: Sequence[str], sets: Sequence[str]
    ) -> None:
        """The service imported what its nursery did not have, and gave variables other values."""
        if late := self._nurseries.learn(nursery, service, modules, sets):
            self.said(service, wording.set_too_late(service, late))

    def said(self, service: str, text: str) -> None:
        """The service has something to say to people."""
        self._publish(Notice(at=time.time(), service=service, text=text))

    def _nursery_lost(self, nursery: Nursery) -> None:
        if not nursery.unsuitable:  # the services that asked for it say so
            who = f"the fork server of {nursery.python} (pid {nursery.pid})"
            self._tell(f"{who} died; its services ended")

    def _tell(self, text: str) -> None:
        self._publish(Notice(at=time.time(), text=text))
