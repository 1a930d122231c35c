"""All services of a project: what is wanted, what is, and what to do about the difference.

Nothing here waits, reads a clock or touches a process. `now` is the engine's monotonic clock in
seconds; the hands carry out what `reconcile` returns and answer with reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from . import dependencies, wording
from .launch import Launch, differences
from .machine import RESTING, State, Trigger, advance
from .record import ProbeRecord, Record, Transition
from .reports import (
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
    Survivors,
    Timer,
    Unanswered,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from .spec import ProjectSpec, ServiceSpec

BACKOFF_FIRST = 0.1
BACKOFF_MAX = 30.0
LASTED = 10.0
"""Seconds after which a start counts as having worked, so that backoff begins anew."""
KILL_GRACE = 5.0
"""Seconds between KILL and giving up: a process in uninterruptible sleep needs them."""


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """What a new services.toml changed; service ids."""

    added: list[str] = []
    removed: list[str] = []
    changed: list[str] = []


def backoff(streak: int) -> float:
    """Seconds to wait after the `streak`-th start in a row that did not last (from 1)."""
    return float(min(BACKOFF_FIRST * 2 ** min(streak - 1, 20), BACKOFF_MAX))


class Fleet:
    """Intent and state of every service, and the only place that changes either."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self._changes: list[Transition] = []
        self._actions: list[Action] = []
        self._handlers: dict[type, Callable[..., None]] = {
            Spawned: self._spawned,
            ReadyReport: self._ready,
            Answered: self._answered,
            Unanswered: self._unanswered,
            Exited: self._exited,
            Gone: self._gone,
            Survivors: self._survivors,
            Fired: self._fired,
        }

    # ---- intent

    def apply(
        self,
        project: ProjectSpec,
        launches: Mapping[str, Launch],
        now: float,
        *,
        want_new: bool,
        because: str = "services.toml changed",
    ) -> Diff:
        """Take in a services.toml; what has another launch is restarted, nothing else is touched.

        `want_new` says whether services that were not there before are to be started; one that a
        wanted service depends on is started in any case. `because` begins the cause of a restart.
        """
        added, changed = [], []
        for service, spec in project.services.items():
            launch, record = launches[service], self.records.get(service)
            if record is None or record.removed:
                added.append(service)
            if record is None:
                self.records[service] = Record(spec=spec, launch=launch, since=now)
            elif self._take_in(record, spec, launch, now, because) and not record.removed:
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
        self, record: Record, spec: ServiceSpec, launch: Launch, now: float, because: str
    ) -> bool:
        same = record.spec == msgspec.structs.replace(spec, line=record.spec.line)
        before = record.started if record.running and record.started else record.launch
        differs = differences(before, launch)
        record.spec, record.launch = spec, launch
        if not differs:
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
        if record.active:
            record.cycle_for(why, in_order=False)
        else:
            self._clear(record, why, now)
        record.reloads += 1
        return True

    def kill(self) -> list[Action]:
        """Kill everything at once, without anybody's grace."""
        for record in self.records.values():
            record.wanted, record.cycle = False, None
        return [
            Signal(service=r.id, run=r.run, signal="KILL") for r in self.records.values() if r.alive
        ]

    # ---- reports

    def report(self, report: Report, now: float) -> None:
        """Take in what the hands saw; what speaks of an earlier start or epoch changes nothing."""
        record = self.records.get(report.service)
        if record is None or not self._current(record, report):
            return
        self._handlers[type(report)](record, report, now)

    def _current(self, record: Record, report: Report) -> bool:
        match report:
            case Answered() | Unanswered():
                return report.epoch == record.epoch
            case Fired(timer=Timer.DEADLINE | Timer.BACKOFF):
                return report.epoch == record.epoch
            case _:
                return report.run == record.run

    def _spawned(self, record: Record, report: Spawned, now: float) -> None:
        record.pid = report.pid

    def _ready(self, record: Record, report: ReadyReport, now: float) -> None:
        if record.state in (State.STARTING, State.UNHEALTHY):
            record.probe.ok, record.probe.why, record.probe.failures = True, report.why, 0
            self._move(record, Trigger.READY, report.why, now)

    def _answered(self, record: Record, report: Answered, now: float) -> None:
        record.probe = ProbeRecord(
            ok=True, latency_ms=report.latency_ms, checked=now, why=report.why
        )
        if record.state in (State.STARTING, State.UNHEALTHY):
            self._move(record, Trigger.READY, report.why, now)
        elif record.state is State.READY and record.wanted and not record.cycle:
            record.why = report.why

    def _unanswered(self, record: Record, report: Unanswered, now: float) -> None:
        probe = record.probe
        probe.failures += 1
        probe.ok, probe.latency_ms, probe.checked, probe.why = False, None, now, report.why
        health = record.spec.health
        if record.state is State.UNHEALTHY:
            record.why = self._still_unhealthy(record)
        elif record.state is State.READY and probe.failures >= health.retries:
            why = wording.unhealthy(report.why, probe.failures)
            self._move(record, Trigger.PROBE_LOST, why, now)
            if record.spec.restart.unhealthy:
                self._restart_unhealthy(record, why, now)

    def _still_unhealthy(self, record: Record) -> str:
        """One that never came up keeps saying so, with its remedy."""
        if record.history[-1].old is State.STARTING:
            return wording.deadline(record.spec, record.launch.port, record.probe.why)
        return wording.unhealthy(record.probe.why, record.probe.failures)

    def _restart_unhealthy(self, record: Record, why: str, now: float) -> None:
        self._count(record, now)
        if record.streak >= record.spec.restart.max:
            record.why = wording.lasted_no_time(why, record.streak)
            return
        record.cycle_for(why, in_order=False)
        record.restarts += 1

    def _exited(self, record: Record, report: Exited, now: float) -> None:
        record.exit, record.pid = report.exit, None
        if report.exit.error is not None:
            self._gone(record, Gone(service=record.id, run=record.run), now)
        if not record.running:
            return
        if record.alive:
            # A leader that ended by itself may leave servers behind: they end as in a stop.
            self._signal_stop(record)
        lasted = self._count(record, now)
        text = wording.exited(report.exit, lasted, report.why, tty=record.spec.tty)
        if report.left and not record.spec.task:
            text = wording.left_behind(text, report.left)
        self._decide_after_exit(record, report, text, now)

    def _count(self, record: Record, now: float) -> float:
        """Seconds that a start lasted, after counting it where it did not last."""
        lasted = now - record.started_at
        record.streak = 0 if lasted >= LASTED else record.streak + 1
        return lasted

    def _decide_after_exit(self, record: Record, report: Exited, text: str, now: float) -> None:
        exit_ = report.exit
        if record.cycle or not record.wanted:
            self._move(record, Trigger.EXIT_AGAIN, text, now)
            self._clear(record, text, now)
        elif record.spec.task and exit_.code == 0:
            self._move(record, Trigger.EXIT_DONE, text, now)
        elif report.broken and record.edited:
            self._move(record, Trigger.EXIT_FOR_GOOD, wording.until_saved(text), now)
        elif self._again(record, report):
            delay = backoff(max(record.streak, 1))
            record.restarts += 1
            why = wording.backing_off(text, delay, record.streak, record.spec.restart.max)
            self._move(record, Trigger.EXIT_AGAIN, why, now)
            self._arm(record, Timer.BACKOFF, delay)
        else:
            why = wording.failed(text, record.spec, report, record.streak)
            self._move(record, Trigger.EXIT_FOR_GOOD, why, now)

    def _again(self, record: Record, report: Exited) -> bool:
        restart = record.spec.restart
        if not report.again or record.streak >= restart.max:
            return False
        if restart.policy == "on-failure":
            return report.exit.code != 0
        return restart.policy == "always"

    def _gone(self, record: Record, report: Gone, now: float) -> None:
        record.alive, record.stuck, record.survivors = False, False, ()
        if record.state is State.STOPPING:
            self._move(record, Trigger.GONE, record.why, now)

    def _survivors(self, record: Record, report: Survivors, now: float) -> None:
        record.survivors = report.pids

    def _fired(self, record: Record, report: Fired, now: float) -> None:
        match report.timer:
            case Timer.DEADLINE:
                if record.state is State.STARTING:
                    why = wording.deadline(record.spec, record.launch.port, record.probe.why)
                    self._move(record, Trigger.DEADLINE, why, now)
            case Timer.BACKOFF:
                self._clear(record, record.why, now)
            case Timer.GRACE if record.alive:
                self._actions.append(Signal(service=record.id, run=record.run, signal="KILL"))
                self._arm(record, Timer.KILLED, KILL_GRACE)
                if record.state is State.STOPPING:
                    record.why = wording.killed(record.why, record.spec, record.exit)
            case Timer.KILLED if record.alive:
                self._would_not_die(record, wording.would_not_die(record.survivors), now)

    def _would_not_die(self, record: Record, why: str, now: float) -> None:
        if record.state is State.BACKOFF:
            self._clear(record, why, now)
        if record.state is State.STOPPING:
            self._move(record, Trigger.WOULD_NOT_DIE, why, now)
        elif record.state is State.STOPPED:
            self._move(record, Trigger.EXIT_FOR_GOOD, why, now)
        record.stuck, record.why = True, why

    # ---- reconcile

    def reconcile(self, now: float) -> list[Action]:
        """What to do so that what is becomes what is wanted; called again at once, nothing."""
        moved = True
        while moved:  # a start may satisfy somebody who came before it
            moved = False
            for record in self.records.values():
                moved |= self._step(record, now)
        for record in [r for r in self.records.values() if r.removed and r.settled]:
            del self.records[record.id]
            self._actions.append(Forget(service=record.id))
        actions, self._actions = self._actions, []
        return actions

    def _step(self, record: Record, now: float) -> bool:
        """Begin to stop or to start a service, when that is its turn now."""
        epoch = record.epoch
        if record.running and (not record.wanted or record.cycle):
            self._stop_in_order(record, now)
        elif record.wanted and record.state is State.STOPPED and not record.alive:
            self._start_in_order(record, now)
        return record.epoch != epoch

    def _stop_in_order(self, record: Record, now: float) -> None:
        if (not record.cycle or record.cycle_in_order) and dependencies.ending_dependents(
            self.records, record
        ):
            return
        why = record.cycle or record.why
        self._move(record, Trigger.STOP, why, now)
        self._signal_stop(record)

    def _signal_stop(self, record: Record) -> None:
        signal = record.spec.stop_signal
        self._actions.append(Signal(service=record.id, run=record.run, signal=signal))
        self._arm(record, Timer.GRACE, record.spec.stop_grace)

    def _start_in_order(self, record: Record, now: float) -> None:
        if dependencies.blockers(self.records, record):
            return
        why = f"starting: {record.cycle}" if record.cycle else "starting"
        self._move(record, Trigger.START, why, now)
        record.run += 1
        record.cycle, record.alive, record.exit, record.pid = None, True, None, None
        record.started, record.started_at = record.launch, now
        record.probe = ProbeRecord()
        self._actions.append(
            Start(
                service=record.id,
                run=record.run,
                epoch=record.epoch,
                launch=record.launch,
                fresh=record.fresh,
            )
        )
        if not record.spec.task:
            self._arm(record, Timer.DEADLINE, record.spec.health.start_deadline)

    # ---- moving

    def _move(self, record: Record, trigger: Trigger, why: str, now: float) -> None:
        old, record.state = record.state, advance(record.state, trigger)
        record.epoch += 1
        record.why, record.since = why, now
        record.edited &= record.state not in (State.READY, State.DONE)
        change = Transition(service=record.id, now=now, old=old, new=record.state, why=why)
        record.history.append(change)
        self._changes.append(change)

    def _clear(self, record: Record, why: str, now: float) -> None:
        if record.state in RESTING and not record.stuck:
            self._move(record, Trigger.CLEAR, why, now)

    def _arm(self, record: Record, timer: Timer, delay: float) -> None:
        self._actions.append(
            Arm(service=record.id, timer=timer, epoch=record.epoch, run=record.run, delay=delay)
        )

    def take_changes(self) -> list[Transition]:
        """The changes of state since the last call, oldest first."""
        changes, self._changes = self._changes, []
        return changes

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
