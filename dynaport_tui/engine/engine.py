"""The engine as those who look at it know it: what they see, and what they may ask for."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..model import outcome
from ..model.machine import State
from ..model.outcome import Verdict
from ..model.selection import UnknownService, select
from ..model.status import notes, project_state, service_status
from ..model.view import (
    ActionError,
    ProjectStatus,
    Snapshot,
)
from .files import outside_env
from .options import Options
from .supervisor import Supervisor

__all__ = ["Engine", "Options"]

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model.view import LogLine, ServiceStatus, Verb
    from .bus import BusSubscription


class Engine(Supervisor):
    """Runs one project, and is the EngineView of those who look."""

    def snapshot(self) -> Snapshot:
        """Everything at this instant."""
        self._usage.looked()
        return Snapshot(
            project=ProjectStatus(
                name=self.project.name,
                root=self.project.root,
                file=self.project.file,
                state=project_state(self.fleet, stopping=self._verdict is not None),
                engine_pid=os.getpid(),
                socket=str(self.socket_path),
                profiles=list(self.project.profiles),
                notes=notes(self.project),
                error=self._error,
            ),
            services=[self._status(service) for service in self.fleet.records],
        )

    def _status(self, service: str) -> ServiceStatus:
        runner = self._hands[service]
        status = service_status(
            self.fleet,
            self.fleet.records[service],
            self._now,
            scheme=runner.scheme,
            port_why=self._ports.why(service),
            log_lines=runner.log.last,
        )
        return self._usage.added_to(status)

    def subscribe(self) -> BusSubscription:
        """Snapshot and events from there on."""
        return self._bus.subscribe()

    def logs(self, service: str, after: int = 0, limit: int = 1000) -> Sequence[LogLine]:
        """Kept lines; raises ActionError for a service that is not there."""
        return self._hands[self._ids([service])[0]].log.lines(after=after, limit=limit)

    def env(self, service: str) -> Mapping[str, str]:
        """The service's whole environment, unmasked; raises ActionError."""
        launch = self.fleet.records[self._ids([service])[0]].launch
        return {**launch.env, **launch.peers}

    async def act(self, verb: Verb, services: Sequence[str]) -> Snapshot:
        """Change what is wanted; raises ActionError."""
        if self._verdict is not None:
            raise ActionError("stopping", "the engine is stopping", "Run `dynaport up` again.")
        ids = self._ids(services) if services else list(self.fleet.records)
        match verb:
            case "start":
                self.fleet.want(self._to_start(services), "asked to start", self._now)
            case "stop":
                self.fleet.unwant(ids, "asked to stop", self._now)
            case "restart":
                self.reread("services.toml changed")
                self.fleet.restart(ids, "asked to restart", self._now)
            case "reload":
                self._reloads.asked(ids)
            case "release":
                self._release(ids if services else self._unpinned())
        self._turn()
        return self.snapshot()

    def _to_start(self, names: Sequence[str]) -> list[str]:
        """A one-shot that is DONE runs again only when it is named."""
        if names:
            return self._ids(names)
        return [s for s, r in self.fleet.records.items() if r.state is not State.DONE]

    def _ids(self, names: Sequence[str]) -> list[str]:
        try:
            return select(names, {s: r.spec for s, r in self.fleet.records.items()})
        except UnknownService as error:
            raise ActionError("unknown-service", str(error)) from None

    async def down(self) -> None:
        """Begin the orderly stop."""
        self._end(Verdict(code=outcome.OK, why="asked to stop"))

    # ---- for `test`

    async def wait_ready(self) -> bool:
        """Wait until everything is ready; false when the run ends first."""
        return await asyncio.shield(self._ready)

    async def execute(self, argv: Sequence[str]) -> int:
        """Run a program with our own standard streams and everybody's addresses.

        Returns its exit code, 128 + n for signal n, also where it was we who got the signal and
        passed it on; raises OSError when it cannot be started.
        """
        env = outside_env(self.project, self._ports.numbers)
        self._errand = self._hands.errand("test")
        streams = {"stdin": 0, "stdout": 1, "stderr": 2}
        code = await self._errand.run(argv, str(Path.cwd()), env, None, streams)
        if self._interruption is not None:
            self._end(self._interruption)
            return self._interruption.code
        return code if code >= 0 else 128 - code
