"""All services of a project: what is wanted, what is, and what to do about the difference.

Nothing here waits, reads a clock or touches a process. `now` is the engine's monotonic clock in
seconds; the hands carry out what `reconcile` returns and answer with reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from . import dependencies
from .launch import Launch, differences
from .machine import State, Trigger
from .overlap import Overlap, interrupted, possible
from .record import ProbeRecord, Record
from .reports import Action, Forget, Signal, Start, Timer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from .spec import ProjectSpec, ServiceSpec


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """What a new services.toml changed; service ids."""

    added: list[str] = []
    removed: list[str] = []
    changed: list[str] = []


class Fleet(Overlap):
    """Intent and state of every service, and the only place that changes either."""

    # ---- intent

    def apply(
        self,
        project: ProjectSpec,
        launches: Mapping[str, Launch],
        now: float,
        *,
        want_new: bool,
        because: str = "services.toml changed",
        reloading: bool = False,
    ) -> Diff:
        """Take in a services.toml; what has another launch is restarted, nothing else is touched.

        `want_new` says whether services that were not there before are to be started; one that a
        wanted service depends on is started in any case. `because` begins the cause of a restart.
        `reloading`: only files changed that services read, and those that are not reloaded become
        stale instead.
        """
        added, changed = [], []
        for service, spec in project.services.items():
            launch, record = launches[service], self.records.get(service)
            if record is None or record.removed:
                added.append(service)
            if record is None:
                self.records[service] = Record(spec=spec, launch=launch, since=now)
                continue
            because_of = None if reloading and not spec.reloaded else because
            if self._take_in(record, spec, launch, now, because_of) and not record.removed:
                changed.append(service)
        self._want_new(added, all_of_them=want_new)
        removed = [
            s for s, r in self.records.items() if s not in project.services and not r.removed
        ]
        for service in removed:
            self.records[service].removed = True
            self._unwant(self.records[service], "taken out of services.toml", now)
        self.records = self._in_order_of(project)
        return Diff(added=added, removed=removed, changed=changed)

    def _want_new(self, new: Sequence[str], *, all_of_them: bool) -> None:
        for service in new:
            record = self.records[service]
            record.removed, record.wanted = False, all_of_them
        wanted = [s for s, r in self.records.items() if r.wanted]
        needed = dependencies.with_dependencies(self.records, wanted)
        for service in new:
            self.records[service].wanted |= service in needed
        for record in self.records.values():
            record.cycle = record.cycle if record.wanted else None

    def _take_in(
        self, record: Record, spec: ServiceSpec, launch: Launch, now: float, because: str | None
    ) -> bool:
        same = record.spec == msgspec.structs.replace(spec, line=record.spec.line)
        differs = differences(record.launch, launch)
        record.spec, record.launch = spec, launch
        if not differs or because is None:
            return not same
        why = f"{because}: {', '.join(differs)}"
        record.streak = 0
        if record.running:
            record.cycle_for(why, in_order=True)
        else:
            self._clear(record, why, now)
        return True

    def _in_order_of(self, project: ProjectSpec) -> dict[str, Record]:
        ordered = {service: self.records[service] for service in project.services}
        return {**ordered, **{s: r for s, r in self.records.items() if r.removed}}

    def want(self, services: Collection[str], why: str, now: float) -> None:
        """These are to run, and all that they depend on; one that rests is started again.

        A one-shot that is DONE runs again only when it is named itself.
        """
        for service in dependencies.with_dependencies(self.records, services):
            record = self.records[service]
            if record.removed:
                continue
            if service in services or record.state is not State.DONE:
                self._clear(record, why, now)
            record.wanted = True
            record.streak = 0

    def unwant(self, services: Iterable[str], why: str, now: float) -> None:
        """These are to be stopped; what depends on them keeps running."""
        for service in services:
            self._unwant(self.records[service], why, now)

    def _unwant(self, record: Record, why: str, now: float) -> None:
        record.wanted, record.cycle = False, None
        self._clear(record, why, now)
        if not record.stuck:
            record.why = why

    def shut_down(self, why: str, now: float) -> None:
        """Everything is to end; what is DONE or FAILED keeps saying so."""
        for record in self.records.values():
            record.wanted, record.cycle = False, None
            if record.running or record.state is State.STOPPED:
                record.why = why
            elif record.state is State.BACKOFF:
                self._clear(record, record.why, now)

    def restart(self, services: Iterable[str], why: str, now: float) -> None:
        """These are stopped and started again, in order; from now on they are wanted."""
        for service in services:
            record = self.records[service]
            self.want([service], why, now)
            if record.running and record.wanted:
                record.cycle_for(why, in_order=True)

    def files_changed(self, service: str, why: str, now: float) -> bool:
        """The files of a service were saved: run the new code; false when nothing follows."""
        record = self.records[service]
        record.fresh = True
        if not record.wanted or record.stuck or record.state is State.STOPPED:
            return False
        record.streak, record.edited = 0, True
        if possible(record):
            record.reloading = True  # it counts when the new code serves
        else:
            record.reloads += 1
        if record.active:
            record.cycle_for(why, in_order=False)
        else:
            self._clear(record, why, now)
        return True

    def kill(self) -> list[Action]:
        """Kill everything at once, without anybody's grace."""
        for record in self.records.values():
            record.wanted, record.cycle = False, None
        return [
            Signal(service=record.id, run=run, signal="KILL")
            for record in self.records.values()
            for run in record.living
        ]

    # ---- reconcile

    def reconcile(self, now: float) -> list[Action]:
        """What to do so that what is becomes what is wanted; called again at once, nothing."""
        moved = True
        while moved:  # a start may satisfy somebody who came before it
            moved = False
            for record in self.records.values():
                moved |= self._step(record, now)
        # One that was taken out still shows the order in which those around it end.
        removed = [r for r in self.records.values() if r.removed and r.settled]
        for record in [r for r in removed if not dependencies.ending_dependents(self.records, r)]:
            del self.records[record.id]
            self._actions.append(Forget(service=record.id))
        actions, self._actions = self._actions, []
        return actions

    def _step(self, record: Record, now: float) -> bool:
        """Begin to stop or to start a service, when that is its turn now."""
        epoch = record.epoch
        if record.running and record.wanted and record.cycle and self._overlaps(record):
            self._begin_candidate(record, now)
            return True  # nobody needs to wait for its restart any more
        if record.running and (not record.wanted or record.cycle):
            self._stop_in_order(record, now)
        elif record.wanted and record.state is State.STOPPED and not record.alive:
            self._start_in_order(record, now)
        return record.epoch != epoch

    def _overlaps(self, record: Record) -> bool:
        if not possible(record):
            return False
        return not (record.cycle_in_order and interrupted(self.records, record))

    def _stop_in_order(self, record: Record, now: float) -> None:
        if (not record.cycle or record.cycle_in_order) and dependencies.ending_dependents(
            self.records, record
        ):
            return
        why = record.cycle or record.why
        self._move(record, Trigger.STOP, why, now)
        self._stop_all(record)

    def _start_in_order(self, record: Record, now: float) -> None:
        if dependencies.blockers(self.records, record):
            return
        why = f"starting: {record.cycle}" if record.cycle else "starting"
        self._move(record, Trigger.START, why, now)
        record.runs += 1
        record.run = record.runs
        record.reloads += record.reloading
        record.cycle, record.alive, record.exit, record.pid = None, True, None, None
        record.reloading = record.overheard = False
        record.started, record.started_at = record.launch, now
        record.warm, record.instead = "", record.warmth.take_error()
        record.probe = ProbeRecord(recent=record.probe.recent)
        self._actions.append(
            Start(
                service=record.id,
                run=record.run,
                epoch=record.epoch,
                launch=record.launch,
                fresh=record.fresh,
                cold=record.instead is not None,
            )
        )
        if not record.spec.task:
            self._arm(record, Timer.DEADLINE, record.spec.health.start_deadline)

    # ---- questions

    @property
    def settled(self) -> bool:
        """Whether nothing is left to end."""
        return all(r.settled or r.stuck for r in self.records.values())

    def waiting(self, record: Record) -> bool:
        """Whether a service is wanted but held back by a dependency."""
        return dependencies.waiting(self.records, record)

    def held_back(self, record: Record) -> bool:
        """Whether a service waits for one that is not to run."""
        return dependencies.held_back(self.records, record)

    def explain(self, service: str) -> str:
        """Why a service is as it is, in one line: its cause, or the chain of those before it."""
        return dependencies.explain(self.records, service)
