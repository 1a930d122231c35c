"""What is seen of one service after the other, and the changes of state that follow at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import wording
from .machine import RESTING, State, Trigger, advance
from .record import ProbeRecord, Record, Transition
from .reports import (
    Action,
    Answered,
    Arm,
    Exited,
    Fired,
    Gone,
    Overheard,
    ReadyReport,
    Report,
    Signal,
    Spawned,
    StartCold,
    Survivors,
    Timer,
    Unanswered,
    Unheard,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BACKOFF_FIRST = 0.1
BACKOFF_MAX = 30.0
LASTED = 10.0
"""Seconds after which a start counts as having worked, so that backoff begins anew."""
KILL_GRACE = 5.0
"""Seconds between KILL and giving up; the kernel needs them for a process that waits for a disk."""


def backoff(streak: int) -> float:
    """Seconds to wait after the `streak`-th start in a row that did not last (from 1)."""
    return float(min(BACKOFF_FIRST * 2 ** min(streak - 1, 20), BACKOFF_MAX))


class Lifecycle:
    """The records, what reports make of them, and the actions that wait to be carried out."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self._changes: list[Transition] = []
        self._actions: list[Action] = []
        self._handlers: dict[type, Callable[..., None]] = {
            Spawned: self._spawned,
            ReadyReport: self._ready,
            Overheard: self._overheard,
            Unheard: self._unheard,
            Answered: self._answered,
            Unanswered: self._unanswered,
            Exited: self._exited,
            Gone: self._gone,
            Survivors: self._survivors,
            Fired: self._fired,
        }

    def take_changes(self) -> list[Transition]:
        """The changes of state since the last call, oldest first."""
        changes, self._changes = self._changes, []
        return changes

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
        record.pid, record.warm = report.pid, report.warm

    def _ready(self, record: Record, report: ReadyReport, now: float) -> None:
        if record.state in (State.STARTING, State.UNHEALTHY):
            record.probe.ok, record.probe.why, record.probe.failures = True, report.why, 0
            self._move(record, Trigger.READY, report.why, now)

    def _overheard(self, record: Record, report: Overheard, now: float) -> None:
        record.overheard = True

    def _unheard(self, record: Record, report: Unheard, now: float) -> None:
        record.overheard = False

    def _answered(self, record: Record, report: Answered, now: float) -> None:
        recent = record.probe.recent
        if report.latency_ms is not None:
            recent.append(report.latency_ms)
        record.probe = ProbeRecord(
            ok=True, latency_ms=report.latency_ms, checked=now, why=report.why, recent=recent
        )
        if record.state in (State.STARTING, State.UNHEALTHY):
            self._move(record, Trigger.READY, report.why, now)
        elif record.state is State.READY and record.wanted and not record.cycle:
            record.why = report.why

    def _unanswered(self, record: Record, report: Unanswered, now: float) -> None:
        probe = record.probe
        probe.failures += 1
        probe.ok, probe.latency_ms, probe.checked, probe.why = False, None, now, report.why
        if record.state is not State.STARTING:  # nobody expects an answer yet
            probe.recent.append(None)
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
        if record.state is State.STARTING:
            record.warmth.failed(record.warm, report, text)
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
        elif report.broken and (record.edited or not report.again):
            self._move(record, Trigger.EXIT_FOR_GOOD, wording.until_saved(text, record.id), now)
        elif self._again(record, report):
            delay = backoff(max(record.streak, 1))
            record.restarts += 1
            most, cold = record.spec.restart.max, record.warmth.error is not None
            why = wording.backing_off(text, delay, record.streak, most, cold=cold)
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
        self._ended_if_all_gone(record, now)

    def _ended_if_all_gone(self, record: Record, now: float) -> None:
        left = record.alive or record.candidate is not None or record.draining
        if record.state is State.STOPPING and not left:
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

    # ---- moving

    def _move(self, record: Record, trigger: Trigger, why: str, now: float) -> None:
        old, record.state = record.state, advance(record.state, trigger)
        record.epoch += 1
        record.why, record.since = why, now
        record.edited &= record.state not in (State.READY, State.DONE)
        record.behind = record.behind if record.running else None
        if record.state in (State.READY, State.DONE):
            self._came_up(record)
        change = Transition(service=record.id, now=now, old=old, new=record.state, why=why)
        record.history.append(change)
        self._changes.append(change)

    def _came_up(self, record: Record) -> None:
        record.warmth.came_up(record.warm)
        if record.instead is not None and record.started is not None:
            self._actions.append(
                StartCold(service=record.id, launch=record.started, why=record.instead)
            )
        record.instead = None

    def _clear(self, record: Record, why: str, now: float) -> None:
        if record.state in RESTING and not record.stuck:
            self._move(record, Trigger.CLEAR, why, now)

    def _arm(self, record: Record, timer: Timer, delay: float, run: int | None = None) -> None:
        run = record.run if run is None else run
        self._actions.append(
            Arm(service=record.id, timer=timer, epoch=record.epoch, run=run, delay=delay)
        )

    def _signal_stop(self, record: Record, run: int | None = None) -> None:
        run = record.run if run is None else run
        signal = record.spec.stop_signal
        self._actions.append(Signal(service=record.id, run=run, signal=signal))
        self._arm(record, Timer.GRACE, record.spec.stop_grace, run)
