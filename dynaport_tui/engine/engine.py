"""The engine as those who look at it know it: what they see, and what they may ask for."""

from __future__ import annotations

import asyncio
import os
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from ..model import outcome
from ..model.machine import State
from ..model.outcome import Verdict
from ..model.selection import UnknownService, select
from ..model.status import notes, project_state, service_status
from ..model.view import (
    ASKED_TO_RESTART,
    ActionError,
    ProjectStatus,
    Requests,
    Snapshot,
)
from . import early
from .facts import details
from .options import Options
from .supervisor import Supervisor

__all__ = ["Engine", "Options"]

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..model.view import (
        Details,
        Hits,
        LogLine,
        LogPage,
        LogQuery,
        ServiceStatus,
        Traceback,
        Verb,
    )
    from .bus import BusSubscription
    from .past import Past
    from .reading import LogReader
    from .tails import Tail


class Engine:
    """Runs one project, and is the EngineView of those who look."""

    def __init__(self, options: Options) -> None:
        self._supervisor = Supervisor(options, self._everything)
        self._fleet = self._supervisor.fleet
        self._planner = self._supervisor.planner

    @cached_property
    def _reader(self) -> LogReader:
        """Imported when somebody reads logs, long after the first start that would wait for it."""
        from .reading import LogReader

        return LogReader(lambda service: self._supervisor.hands[service].log)

    @cached_property
    def _past(self) -> Past:
        from .past import Past

        return Past()

    @property
    def socket_path(self) -> Path:
        """Where the control socket belongs."""
        return self._supervisor.socket_path

    @property
    def ended_why(self) -> str:
        """Why the run ends; empty while it goes on."""
        verdict = self._supervisor.ending.verdict
        return verdict.why if verdict else ""

    async def open(self) -> None:
        """Take the project over and begin the first starts; raises what Supervisor.open does."""
        try:
            await self._supervisor.open()
        except BaseException:
            early.over()
            raise

    async def run(self) -> int:
        """Until the end; the exit code."""
        return await self._supervisor.run()

    async def drawn(self) -> None:
        """Wait while an owner is busy with its first picture; at most a second."""
        await self._supervisor.drawn.wait()

    def snapshot(self) -> Snapshot:
        """Everything at this instant; somebody looks, so the figures are kept fresh."""
        self._supervisor.usage.looked()
        return self._everything()

    def _everything(self) -> Snapshot:
        project = self._planner.project
        return Snapshot(
            project=ProjectStatus(
                name=project.name,
                root=project.root,
                file=project.file,
                state=project_state(
                    self._fleet, stopping=self._supervisor.ending.verdict is not None
                ),
                engine_pid=os.getpid(),
                socket=str(self.socket_path),
                profiles=list(project.profiles),
                notes=notes(project),
                error=self._planner.error,
            ),
            services=[self._status(service) for service in self._fleet.records],
        )

    def _status(self, service: str) -> ServiceStatus:
        runner = self._supervisor.hands[service]
        status = service_status(
            self._fleet,
            self._fleet.records[service],
            self._supervisor.now,
            scheme=runner.scheme,
            port_why=self._planner.port_why(service),
            log_lines=runner.log.last,
            log_errors=runner.log.errors,
            packages=runner.packages_changed(),
        )
        return self._supervisor.usage.added_to(status)

    def subscribe(self) -> BusSubscription:
        """Snapshot and events from there on."""
        return self._supervisor.bus.subscribe()

    def logs(self, service: str, after: int = 0, limit: int = 1000) -> Sequence[LogLine]:
        """Kept lines; raises ActionError for a service that is not there."""
        return self._supervisor.hands[self._ids([service])[0]].log.lines(after=after, limit=limit)

    def tail(self) -> Tail:
        """What is kept of every log and what comes."""
        return self._supervisor.hands.tail()

    async def past(self, service: str, limit: int = 200) -> Sequence[LogLine]:
        """The last lines of the run before this one; raises ActionError."""
        return await self._past.lines(self._supervisor.hands[self._id(service)].log, limit)

    def env(self, service: str) -> Mapping[str, str]:
        """The service's whole environment, unmasked; raises ActionError."""
        launch = self._fleet.records[self._ids([service])[0]].launch
        return {**launch.env, **launch.peers}

    async def page(self, query: LogQuery) -> LogPage:
        """Some lines of one or several logs, merged and filtered; raises ActionError."""
        return await self._reader.page(self._query(query))

    async def hits(self, query: LogQuery) -> Hits:
        """Where the lines are that `page` would give; raises ActionError."""
        return await self._reader.hits(self._query(query))

    async def traceback(self, service: str | None = None) -> Traceback | None:
        """The newest kept traceback of one service or of all."""
        ids = self._ids([service]) if service else list(self._fleet.records)
        return await self._reader.traceback(ids, self._planner.project.root)

    def details(self, service: str) -> Details:
        """What there is to know of one service; raises ActionError."""
        return details(self._supervisor, self._id(service))

    def requests(self, service: str, after: int = 0) -> Requests:
        """The last requests that are numbered above `after`; raises ActionError."""
        found = self._id(service)
        runner, launch = self._supervisor.hands[found], self._fleet.records[found].launch
        if launch.kind == "command" or not runner.counted:
            return Requests(service=found, counted=False)
        return runner.requests.view(found, after)

    def _query(self, query: LogQuery) -> LogQuery:
        """The same about ids that are there."""
        ids = self._ids(query.services) if query.services else list(self._fleet.records)
        return msgspec.structs.replace(query, services=ids)

    async def act(self, verb: Verb, services: Sequence[str]) -> Snapshot:
        """Change what is wanted; raises ActionError."""
        if verb in ("start", "restart", "reload"):
            await self._supervisor.hands.look_again()
        if self._supervisor.ending.verdict is not None:
            raise ActionError("stopping", "the engine is stopping", "Run `dynaport up` again.")
        ids = self._ids(services) if services else list(self._fleet.records)
        match verb:
            case "start":
                self._fleet.want(self._to_start(services), "asked to start", self._supervisor.now)
            case "stop":
                self._fleet.unwant(ids, "asked to stop", self._supervisor.now)
            case "restart":
                self._planner.reread("services.toml changed")
                self._fleet.restart(ids, ASKED_TO_RESTART, self._supervisor.now)
            case "reload":
                self._supervisor.reloads.asked(ids)
            case "release":
                self._planner.release(ids if services else self._planner.unpinned())
        self._supervisor.turn()
        return self.snapshot()

    def _to_start(self, names: Sequence[str]) -> list[str]:
        """A one-shot that is DONE runs again only when it is named."""
        if names:
            return self._ids(names)
        return [s for s, r in self._fleet.records.items() if r.state is not State.DONE]

    def _id(self, name: str) -> str:
        """One service; a name that stands for several instances means the first."""
        return self._ids([name])[0]

    def _ids(self, names: Sequence[str]) -> list[str]:
        try:
            return select(names, {s: r.spec for s, r in self._fleet.records.items()})
        except UnknownService as error:
            raise ActionError("unknown-service", str(error)) from None

    async def down(self) -> None:
        """Begin the orderly stop."""
        self._supervisor.ending.end(Verdict(code=outcome.OK, why="asked to stop"))

    # ---- for `test`

    async def wait_ready(self) -> bool:
        """Wait until everything is ready; false when the run ends first."""
        return await asyncio.shield(self._supervisor.ending.ready)

    async def execute(self, argv: Sequence[str]) -> int:
        """Run a program beside the services, with our own standard streams and their addresses.

        Returns its exit code, 128 + n for signal n; raises OSError when it cannot be started.
        """
        return await self._supervisor.ending.execute(argv)
