"""What the fleet is to run: services.toml, the env files and the leased ports, as they are now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..ledger.errors import LedgerError
from ..model.config import ConfigError
from ..model.fleet import Diff
from ..model.view import ActionError, PortMoved, ProjectChanged
from .changes import settings
from .files import plan, read_project
from .ports import Ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..model.fleet import Fleet
    from ..model.launch import Launch
    from ..model.spec import ProjectSpec
    from ..model.view import Event
    from .options import Options


class Planner:
    """Keeps the fleet's specs and launches as the files say; a mistake there changes nothing.

    `reads` is told of each file before it is read, so that no save after that is missed; `applied`
    is called whenever the fleet has taken something in.
    """

    def __init__(
        self,
        options: Options,
        fleet: Fleet,
        *,
        now: Callable[[], float],
        publish: Callable[[Event], None],
        reads: Callable[[Iterable[str]], None],
        applied: Callable[[], None],
    ) -> None:
        self.project: ProjectSpec
        self.error: str | None = None
        """What is wrong with the files on disk, while older ones are in force."""
        self._options, self._fleet, self._now = options, fleet, now
        self._publish, self._reads, self._applied = publish, reads, applied
        self._ports: Ports | None = None
        self._released: set[str] = set()

    def read(self) -> ProjectSpec:
        """The project as it is on disk now; raises ConfigError."""
        self._reads([str(self._options.file)])
        project = read_project(self._options.file, self._options.profiles)
        self._reads(settings(project) - {str(self._options.file)})
        return project

    def begin(self, project: ProjectSpec) -> dict[str, Launch]:
        """Open the ledger and take the project in; nothing of it is wanted yet.

        Raises ConfigError, LedgerError and NoFreePort.
        """
        self._ports = Ports()
        self.project = project
        launches = plan(project, self._ports.lease(project))
        self._fleet.apply(project, launches, self._now(), want_new=False)
        return launches

    def close(self) -> None:
        """Close the ledger."""
        if self._ports is not None:
            self._ports.close()

    # ---- the files

    def reread(self, because: str, *, reloading: bool = False) -> None:
        """Apply what services.toml and the env files say now, or say what is wrong and change
        nothing; `reloading`: only env files were saved.
        """
        broken, self.error = self.error, None
        diff = self._plan_anew(self.read, because, reloading=reloading)
        if broken is not None and diff == Diff():
            self._publish(ProjectChanged(at=time.time()))

    def _plan_anew(
        self, read: Callable[[], ProjectSpec], because: str, *, reloading: bool = False
    ) -> Diff | None:
        """What changed; None where it was refused, and published why."""
        assert self._ports is not None
        try:
            project = read()
            launches = plan(project, self._ports.lease(project))
        except (ConfigError, LedgerError) as error:
            self.error = str(error)
            self._publish(ProjectChanged(at=time.time(), error=self.error))
            return None
        diff = self._apply(project, launches, because, reloading)
        if diff != Diff():
            self._publish(
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
        before = {s: record.launch.port for s, record in self._fleet.records.items()}
        self.project = project
        diff = self._fleet.apply(
            project,
            launches,
            self._now(),
            want_new=not self._options.services,
            because=because,
            reloading=reloading,
        )
        self._applied()
        for service in before.keys() & launches.keys():
            self._moved(service, before[service], launches[service].port)
        return diff

    # ---- ports

    @property
    def ports(self) -> dict[str, dict[str, int]]:
        """Service id -> slot -> port, as last leased."""
        return {} if self._ports is None else self._ports.numbers

    def port_why(self, service: str, slot: str = "") -> str | None:
        """Why a service's port is not the computed one; None when it is, or is pinned."""
        return None if self._ports is None else self._ports.why(service, slot)

    def _moved(self, service: str, old: int | None, new: int | None) -> None:
        if old != new:
            why = self.port_why(service) or ("it had none" if old is None else f"it had {old}")
            self._publish(PortMoved(at=time.time(), service=service, port=new, why=why))

    def unpinned(self) -> list[str]:
        """The services whose ports may be released."""
        return [s for s, r in self._fleet.records.items() if r.spec.port is None]

    def release(self, ids: Sequence[str]) -> None:
        """Stop these, and give their ports up then; raises ActionError for a pinned one."""
        for service in ids:
            spec = self._fleet.records[service].spec
            if spec.port is not None:
                raise ActionError(
                    "pinned",
                    f"the port of {service} is pinned in {self.project.file}, line {spec.line}",
                    f"Change or take away `port = {spec.port}` there.",
                )
        self._released |= set(ids)
        self._fleet.unwant(ids, "its port was released", self._now())

    def give_up_released(self) -> None:
        """A port is given up once nothing uses it any more, and before the next start."""
        for service in tuple(self._released):
            record = self._fleet.records.get(service)
            if record is not None and not record.settled:
                continue
            self._released.discard(service)
            if record is not None and self._ports is not None:
                self._ports.release(self.project, record.spec)
                self._plan_anew(lambda: self.project, f"{service} has another port")
