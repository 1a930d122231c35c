"""New code takes over from old code: a candidate loads beside the process that serves, and that one
finishes what it has when the candidate is ready.

A service has at most one serving process and one candidate, and MOST_DRAINING that finish. Its
state is that of the serving one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import wording
from .dependencies import with_dependencies
from .lifecycle import KILL_GRACE, Lifecycle
from .machine import State, Trigger
from .record import Candidate, Outcome, ProbeRecord
from .reports import (
    Exited,
    Fired,
    Gone,
    ReadyReport,
    Report,
    Signal,
    Spawned,
    Start,
    Survivors,
    TakeOver,
    Timer,
    Unheard,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .record import Record

MOST_DRAINING = 4
"""Processes that may still finish their requests; beyond that the oldest is killed."""


def possible(record: Record) -> bool:
    """Whether a second process of the service may load beside the one that serves.

    Both have the held socket; what binds further ports by itself, or shall have other ones, would
    find them taken. It must be able to tell when it could take over.
    """
    old, new = record.started, record.launch
    if old is None or record.spec.reload != "overlap" or record.spec.task:
        return False
    same = (old.host, old.port, old.held) == (new.host, new.port, new.held)
    serves = record.state in (State.READY, State.UNHEALTHY) and record.alive
    tells = record.spec.kind != "command" and (record.overheard or not new.foreign)
    return serves and tells and same and new.held and not (old.ports or new.ports)


def interrupted(records: Mapping[str, Record], record: Record) -> bool:
    """Whether something that the service depends on is stopped first to be restarted."""
    needed = with_dependencies(records, [record.id])
    return any(
        records[other].cycle and not possible(records[other])
        for other in needed
        if other != record.id
    )


class Overlap(Lifecycle):
    """Candidates and draining processes, beside the present one of each service."""

    def __init__(self) -> None:
        super().__init__()
        self._outcomes: list[Outcome] = []

    def take_outcomes(self) -> list[Outcome]:
        """What became of candidates since the last call, oldest first."""
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def report(self, report: Report, now: float) -> None:
        """Take in what the hands saw, of whichever process of a service."""
        record = self.records.get(report.service)
        run = getattr(report, "run", None)
        if record is None or run is None or run == record.run:
            super().report(report, now)
        elif record.candidate is not None and run == record.candidate.run:
            self._of_candidate(record, record.candidate, report, now)
        elif run in record.draining:
            self._of_draining(record, run, report, now)

    # ---- the candidate

    def _begin_candidate(self, record: Record, now: float) -> None:
        self._discard_candidate(record)
        record.runs += 1
        record.candidate = Candidate(
            run=record.runs,
            launch=record.launch,
            why=record.cycle or "asked to restart",
            started_at=now,
            reload=record.reloading,
            instead=record.warmth.take_error(),
        )
        record.cycle, record.reloading = None, False
        self._actions.append(
            Start(
                service=record.id,
                run=record.runs,
                epoch=record.epoch,
                launch=record.launch,
                fresh=record.fresh,
                candidate=True,
                cold=record.candidate.instead is not None,
            )
        )
        self._arm(record, Timer.CANDIDATE, record.spec.health.start_deadline, record.runs)

    def _discard_candidate(self, record: Record) -> None:
        if record.candidate is not None:
            run, record.candidate = record.candidate.run, None
            self._drain(record, run)
            self._signal_stop(record, run)

    def _of_candidate(
        self, record: Record, candidate: Candidate, report: Report, now: float
    ) -> None:
        match report:
            case Spawned():
                candidate.pid, candidate.warm = report.pid, report.warm
            case ReadyReport():
                self._take_over(record, candidate, report.why, now)
            case Unheard():
                self._restart_plainly(record, candidate)
            case Exited():
                lasted = now - candidate.started_at
                text = wording.exited(report.exit, lasted, report.why, tty=record.spec.tty)
                record.warmth.failed(candidate.warm, report, text)
                self._failed(record, candidate, text, now)
                if report.exit.error is not None:
                    self._drained(record, candidate.run, now)
                else:
                    self._signal_stop(record, candidate.run)
            case Gone():
                record.candidate = None
                self._ended_if_all_gone(record, now)
            case Fired(timer=Timer.CANDIDATE):
                text = wording.not_in_time(record.spec.health.start_deadline)
                self._failed(record, candidate, text, now)
                self._signal_stop(record, candidate.run)

    def _restart_plainly(self, record: Record, candidate: Candidate) -> None:
        """Start it after the one that serves has ended: nobody could tell when to change over."""
        record.overheard = False
        record.cycle_for(candidate.why, in_order=False)
        record.reloading = candidate.reload
        self._discard_candidate(record)

    def _failed(self, record: Record, candidate: Candidate, text: str, now: float) -> None:
        record.candidate = None
        self._drain(record, candidate.run)
        record.behind = wording.behind(text, reload=candidate.reload)
        self._tell(record, candidate, record.behind, now, ok=False)

    def _take_over(self, record: Record, candidate: Candidate, why: str, now: float) -> None:
        old = record.run
        self._drain(record, old)
        record.candidate, record.behind, record.exit = None, None, None
        record.run, record.pid = candidate.run, candidate.pid
        record.started, record.started_at = candidate.launch, candidate.started_at
        record.overheard = candidate.launch.foreign
        record.warm, record.instead = candidate.warm, candidate.instead
        record.alive, record.streak, record.edited = True, 0, False
        record.probe = ProbeRecord(ok=True, why=why, recent=record.probe.recent)
        record.reloads += candidate.reload
        if record.state is State.UNHEALTHY:
            self._move(record, Trigger.READY, why, now)
        else:
            record.epoch += 1
            record.why = why
            self._came_up(record)
        self._actions.append(TakeOver(service=record.id, run=record.run, old=old))
        self._arm(record, Timer.GRACE, record.spec.stop_grace, old)
        self._tell(record, candidate, why, now, ok=True)

    def _tell(
        self, record: Record, candidate: Candidate, why: str, now: float, *, ok: bool
    ) -> None:
        self._outcomes.append(
            Outcome(
                service=record.id,
                ok=ok,
                why=why,
                because=candidate.why,
                now=now,
                seconds=now - candidate.started_at,
            )
        )

    # ---- those that finish

    def _drain(self, record: Record, run: int) -> None:
        record.draining = [*record.draining, run]
        if len(record.draining) > MOST_DRAINING:
            oldest = record.draining[0]
            self._actions.append(Signal(service=record.id, run=oldest, signal="KILL"))

    def _drained(self, record: Record, run: int, now: float) -> None:
        record.draining = [other for other in record.draining if other != run]
        self._ended_if_all_gone(record, now)

    def _of_draining(self, record: Record, run: int, report: Report, now: float) -> None:
        match report:
            case Gone():
                self._drained(record, run, now)
            case Exited() if report.exit.error is not None:
                self._drained(record, run, now)
            case Exited():
                # What a leader leaves behind ends as in a stop; its grace is running.
                signal = record.spec.stop_signal
                self._actions.append(Signal(service=record.id, run=run, signal=signal))
            case Fired(timer=Timer.GRACE):
                self._actions.append(Signal(service=record.id, run=run, signal="KILL"))
                self._arm(record, Timer.KILLED, KILL_GRACE, run)
            case Survivors() if record.state is State.STOPPING:
                record.survivors = report.pids
            case Fired(timer=Timer.KILLED):
                self._left_alive(record, run, now)

    def _left_alive(self, record: Record, run: int, now: float) -> None:
        """It hangs in the kernel: nothing waits for it any more."""
        record.draining = [other for other in record.draining if other != run]
        if record.state is State.STOPPING and not record.alive:
            self._would_not_die(record, wording.would_not_die(record.survivors), now)

    # ---- the present one

    def _exited(self, record: Record, report: Exited, now: float) -> None:
        if record.candidate is not None and record.running:
            # Nobody serves any more: the new code is started as after any exit.
            record.cycle_for(record.candidate.why, in_order=False)
            record.reloading = record.candidate.reload
            self._discard_candidate(record)
        super()._exited(record, report, now)

    def _stop_all(self, record: Record) -> None:
        """Ask every process of the service to end."""
        for run in record.draining:
            self._signal_stop(record, run)
        self._discard_candidate(record)
        self._signal_stop(record)
