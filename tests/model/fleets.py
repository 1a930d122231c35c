"""Fleets for tests: services in a few words, a clock to be moved, and what the hands heard."""

from __future__ import annotations

from typing import Any

import msgspec

from dynaport_tui.model.fleet import Fleet
from dynaport_tui.model.launch import Launch
from dynaport_tui.model.machine import State
from dynaport_tui.model.record import Record
from dynaport_tui.model.reports import (
    Action,
    Answered,
    Arm,
    Exited,
    Fired,
    Forget,
    Gone,
    ReadyReport,
    Report,
    Signal,
    Spawned,
    Start,
    StartCold,
    Survivors,
    TakeOver,
    Timer,
    Unanswered,
)
from dynaport_tui.model.spec import Condition, ProbeSpec, ProjectSpec, RestartSpec, ServiceSpec
from dynaport_tui.model.view import Exit

ROOT = "/home/ann/shop"


def service(name: str, *needs: str, **keys: Any) -> ServiceSpec:
    """A command that listens; `needs` are `db`, `migrate:completed` or `cache:started`."""
    depends: dict[str, Condition] = {}
    for need in needs:
        other, _, condition = need.partition(":")
        depends[other] = condition or "ready"  # type: ignore[assignment]
    fields: dict[str, Any] = {
        "id": name,
        "name": name.partition(".")[0],
        "kind": "command",
        "target": f"run-{name}",
        "cwd": ROOT,
        "depends_on": depends,
        "health": ProbeSpec(kind="tcp"),
    }
    return ServiceSpec(**{**fields, **keys})


def task(name: str, *needs: str, **keys: Any) -> ServiceSpec:
    """A one-shot, as services.toml makes it: never restarted unless it says so."""
    fields: dict[str, Any] = {"task": True, "listens": False, "health": ProbeSpec(kind="alive")}
    return service(name, *needs, **{**fields, "restart": RestartSpec(policy="never"), **keys})


def project(*specs: ServiceSpec, **keys: Any) -> ProjectSpec:
    """A project of these services."""
    fields: dict[str, Any] = {"name": "shop", "root": ROOT, "file": f"{ROOT}/services.toml"}
    return ProjectSpec(services={spec.id: spec for spec in specs}, **{**fields, **keys})


def launch(spec: ServiceSpec) -> Launch:
    """What would be executed for it; two specs with the same target and env make equal ones."""
    argv = (spec.target,) if isinstance(spec.target, str) else spec.target
    port = 5000 if spec.listens else None
    return Launch(
        kind=spec.kind,
        argv=argv,
        python="/usr/bin/python3",
        cwd=spec.cwd,
        env=spec.env,
        host=spec.host,
        port=port,
        ports=dict.fromkeys(spec.ports, 6000),
        held=spec.held,
        server=spec.server,
    )


def launches(of: ProjectSpec) -> dict[str, Launch]:
    """The launches of a whole project."""
    return {name: launch(spec) for name, spec in of.services.items()}


class Story:
    """A fleet, a clock, and the actions that were not yet looked at.

    Every step is followed by a reconciliation, and by a second one that must find nothing to do.
    """

    def __init__(self, *specs: ServiceSpec, want: bool = True) -> None:
        self.fleet = Fleet()
        self.now = 1000.0
        self.heard: list[Action] = []
        self.save(*specs, want_new=False)
        if want:
            self.want(*(spec.id for spec in specs))

    # ---- looking

    def record(self, name: str) -> Record:
        """What the fleet remembers of a service."""
        return self.fleet.records[name]

    def state(self, name: str) -> State:
        """What it does."""
        return self.record(name).state

    @property
    def states(self) -> dict[str, str]:
        """What all do."""
        return {name: record.state.value for name, record in self.fleet.records.items()}

    def why(self, name: str) -> str:
        """Its cause line."""
        return self.fleet.explain(name)

    def settled(self) -> bool:
        """Whether nothing is left to end."""
        return self.fleet.settled

    def did(self) -> list[str]:
        """What was done since the last look: `start db`, `TERM db`, `forget db`."""
        heard, self.heard = self.heard, []
        return [_word(action) for action in heard if not isinstance(action, Arm)]

    def armed(self) -> dict[Timer, float]:
        """The timers set since the last look, which this does not end."""
        return {a.timer: a.delay for a in self.heard if isinstance(a, Arm)}

    def last_start(self, name: str) -> Start:
        """The last order to start a service since the last look."""
        return [a for a in self.heard if isinstance(a, Start) and a.service == name][-1]

    # ---- wanting

    def save(self, *specs: ServiceSpec, want_new: bool = True) -> Any:
        """Save a services.toml with these services."""
        of = project(*specs)
        diff = self.fleet.apply(of, launches(of), self.now, want_new=want_new)
        self._reconcile()
        return diff

    def save_env(self, *specs: ServiceSpec) -> None:
        """Save an env file, after which the services are these."""
        of = project(*specs)
        self.fleet.apply(
            of, launches(of), self.now, want_new=True, because=".env changed", reloading=True
        )
        self._reconcile()

    def want(self, *names: str) -> None:
        """Ask to start."""
        self.fleet.want(names, "asked to start", self.now)
        self._reconcile()

    def unwant(self, *names: str) -> None:
        """Ask to stop."""
        self.fleet.unwant(names, "asked to stop", self.now)
        self._reconcile()

    def restart(self, *names: str) -> None:
        """Ask to restart."""
        self.fleet.restart(names, "asked to restart", self.now)
        self._reconcile()

    def change_file(self, name: str) -> bool:
        """Save a source file of a service."""
        followed = self.fleet.files_changed(name, "app.py changed", self.now)
        self._reconcile()
        return followed

    def shut_down(self) -> None:
        """Ask everything to end."""
        self.fleet.shut_down("interrupted", self.now)
        self._reconcile()

    # ---- reporting

    def tell(self, report: Report) -> None:
        """Hand in any report."""
        self.fleet.report(report, self.now)
        self._reconcile()

    def spawned(self, name: str, pid: int = 4242) -> None:
        """The process exists."""
        self.tell(Spawned(service=name, run=self.record(name).run, pid=pid))

    def ready(self, *names: str, why: str = "its server is up") -> None:
        """Services say that they serve."""
        for name in names:
            self.tell(ReadyReport(service=name, run=self.record(name).run, why=why))

    def answered(self, name: str, why: str = "answered GET /healthz in 3 ms") -> None:
        """A probe went well."""
        epoch = self.record(name).epoch
        self.tell(Answered(service=name, epoch=epoch, why=why, latency_ms=3.0))

    def unanswered(self, name: str, times: int = 1, why: str = "no answer within 2 s") -> None:
        """Probes went wrong."""
        for _ in range(times):
            self.tell(Unanswered(service=name, epoch=self.record(name).epoch, why=why))

    def exited(
        self, name: str, code: int | None = None, *, why: str | None = None, **how: Any
    ) -> None:
        """The process ended; what it left behind may live on."""
        again, broken = how.pop("again", True), how.pop("broken", False)
        exit_ = Exit(code=code, **how)
        run = self.record(name).run
        self.tell(Exited(service=name, run=run, exit=exit_, why=why, again=again, broken=broken))

    def gone(self, *names: str) -> None:
        """Nothing of them is alive any more."""
        for name in names:
            self.tell(Gone(service=name, run=self.record(name).run))

    def ended(self, name: str, code: int | None = None, **how: Any) -> None:
        """The process ended and left nothing behind."""
        self.exited(name, code, **how)
        self.gone(name)

    def survivors(self, name: str, *pids: int) -> None:
        """What the last signal found alive."""
        self.tell(Survivors(service=name, run=self.record(name).run, pids=pids))

    def fired(self, name: str, timer: Timer) -> None:
        """A timer of the present epoch and run goes off."""
        record = self.record(name)
        self.tell(Fired(service=name, timer=timer, epoch=record.epoch, run=record.run))

    def crash(self, name: str, times: int = 1) -> None:
        """It ends with 1 after 0.2 s, and its backoff passes, so many times."""
        for _ in range(times):
            self.now += 0.2
            self.ended(name, 1)
            if self.state(name) is State.BACKOFF:
                self.fired(name, Timer.BACKOFF)

    def _reconcile(self) -> None:
        self.heard += self.fleet.reconcile(self.now)
        again = self.fleet.reconcile(self.now)
        assert again == [], "a second reconciliation found something to do"


def _word(action: Action) -> str:
    match action:
        case TakeOver():
            return f"take over {action.service}"
        case Start():
            return f"start {action.service}"
        case StartCold():
            return f"start {action.service} cold from now on"
        case Signal():
            return f"{action.signal} {action.service}"
        case Forget():
            return f"forget {action.service}"
        case Arm():
            return f"arm {action.timer.value} {action.service}"


def changed(spec: ServiceSpec, **keys: Any) -> ServiceSpec:
    """The same service with other keys."""
    return msgspec.structs.replace(spec, **keys)
