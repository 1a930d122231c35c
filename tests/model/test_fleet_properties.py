"""Random histories with honest hands: what holds of a fleet whatever happens."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dynaport_tui.model.machine import RUNNING, State
from dynaport_tui.model.reports import (
    Answered,
    Arm,
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
    Unanswered,
)
from dynaport_tui.model.spec import ProbeSpec, RestartSpec, ServiceSpec
from dynaport_tui.model.view import Exit
from tests.model.fleets import Story, service, task

NAMES = ("db", "cache", "orders", "web")
"""Each may depend on those before it."""

EXITS = st.sampled_from([Exit(code=0), Exit(code=1), Exit(signal=15)])


@st.composite
def specs(draw: st.DrawFn, name: str) -> ServiceSpec:
    """A service that may depend on those before it."""
    needs = []
    for other in NAMES[: NAMES.index(name)]:
        if condition := draw(st.sampled_from(["", "", "ready", "started"])):
            needs.append(f"{other}:{condition}")
    keys: dict[str, Any] = {
        "env": draw(st.sampled_from([{}, {"A": "1"}])),
        "restart": RestartSpec(
            policy=draw(st.sampled_from(["always", "on-failure", "never"])),
            max=draw(st.integers(1, 3)),
            unhealthy=draw(st.booleans()),
        ),
    }
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return task(name, *needs, **keys)
    if kind > 1:
        mode = draw(st.sampled_from(["overlap", "overlap", "restart"]))
        keys |= {"kind": "app", "reload": mode}
    return service(name, *needs, health=ProbeSpec(kind="tcp", retries=1), **keys)


@st.composite
def files(draw: st.DrawFn) -> list[ServiceSpec]:
    """The services of a services.toml in any order; what is depended on is there."""
    found = {name: draw(specs(name)) for name in draw(st.sets(st.sampled_from(NAMES), min_size=1))}
    for name, spec in found.items():
        needs = {other: c for other, c in spec.depends_on.items() if other in found}
        found[name] = msgspec.structs.replace(spec, depends_on=needs)
    return draw(st.permutations(list(found.values())))


class Process:
    """A start as the hands see it."""

    def __init__(self, start: Start) -> None:
        self.service, self.run = start.service, start.run
        self.leads = True
        """Whether its leader lives."""
        self.signalled = False


class Histories(RuleBasedStateMachine):
    """A person, the disk and the hands, each doing what it may do at any time."""

    @initialize(file=files())
    def begin(self, file: list[ServiceSpec]) -> None:
        self.story = Story(*file)
        self.processes: dict[tuple[str, int], Process] = {}
        self.timers: list[Arm] = []
        self.carry_out()

    # ---- the hands

    def carry_out(self) -> None:
        """What the fleet asked for; nothing of it may be against the rules."""
        actions, self.story.heard = self.story.heard, []
        for action in actions:
            match action:
                case Start(candidate=True):
                    self.check_candidate(action)
                    self.processes[action.service, action.run] = Process(action)
                case Start():
                    self.check_start(action)
                    self.check_dependencies(action.service)
                    self.processes[action.service, action.run] = Process(action)
                case TakeOver():
                    assert action.old in self.story.record(action.service).draining
                case Signal():
                    process = self.processes.get((action.service, action.run))
                    if process is not None:
                        process.signalled = True
                case Arm():
                    self.timers.append(action)

    def check_start(self, action: Start) -> None:
        """Nothing that could serve is left of an earlier start."""
        record = self.story.record(action.service)
        others = {run for name, run in self.processes if name == action.service}
        assert not (others & {*record.living}) - {*record.draining}, "started beside another"

    def check_candidate(self, action: Start) -> None:
        """There is somebody to take over from, and services.toml allows two at once."""
        record = self.story.record(action.service)
        assert (action.service, record.run) in self.processes
        assert record.spec.reload == "overlap"
        assert record.spec.kind == "app"

    def check_dependencies(self, name: str) -> None:
        """Everything that the service needs is there, and is to stay."""
        records = self.story.fleet.records
        for other, condition in records[name].spec.depends_on.items():
            needed = records[other]
            enough = {
                "ready": {State.DONE} if needed.spec.task else {State.READY},
                "started": RUNNING | {State.DONE},
            }
            assert needed.state in enough[condition]
            assert needed.wanted or needed.state is State.DONE

    def tell(self, report: Report) -> None:
        """Hand in a report and carry out what follows."""
        self.story.tell(report)
        self.carry_out()

    def some(self, data: st.DataObject, *, leads: bool) -> Process:
        """One of the starts whose leader lives, or has ended."""
        found = [p for p in self.processes.values() if p.leads is leads]
        return data.draw(st.sampled_from(found))

    def any_leads(self) -> bool:
        """Whether a leader lives."""
        return any(p.leads for p in self.processes.values())

    def any_left(self) -> bool:
        """Whether a leader has ended and left something."""
        return any(not p.leads for p in self.processes.values())

    @precondition(any_leads)
    @rule(data=st.data())
    def spawned(self, data: st.DataObject) -> None:
        process = self.some(data, leads=True)
        self.tell(Spawned(service=process.service, run=process.run, pid=77))

    @precondition(any_leads)
    @rule(data=st.data())
    def ready(self, data: st.DataObject) -> None:
        process = self.some(data, leads=True)
        self.tell(ReadyReport(service=process.service, run=process.run, why="up"))

    @precondition(any_leads)
    @rule(data=st.data(), well=st.booleans())
    def probed(self, data: st.DataObject, well: bool) -> None:
        name = self.some(data, leads=True).service
        epoch = self.story.record(name).epoch
        kind = Answered if well else Unanswered
        self.tell(kind(service=name, epoch=epoch, why="probed"))

    @precondition(any_leads)
    @rule(data=st.data(), exit_=EXITS)
    def exited(self, data: st.DataObject, exit_: Exit) -> None:
        process = self.some(data, leads=True)
        process.leads = False
        self.tell(Exited(service=process.service, run=process.run, exit=exit_))

    @precondition(any_leads)
    @rule(data=st.data(), again=st.booleans())
    def not_started(self, data: st.DataObject, again: bool) -> None:
        process = self.some(data, leads=True)
        del self.processes[process.service, process.run]
        exit_ = Exit(error="no such program")
        self.tell(Exited(service=process.service, run=process.run, exit=exit_, again=again))

    @precondition(any_left)
    @rule(data=st.data())
    def gone(self, data: st.DataObject) -> None:
        process = self.some(data, leads=False)
        del self.processes[process.service, process.run]
        self.tell(Gone(service=process.service, run=process.run))

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def fired(self, data: st.DataObject) -> None:
        timer = data.draw(st.sampled_from(self.timers))
        self.timers.remove(timer)
        self.fire(timer)

    def fire(self, timer: Arm) -> None:
        """A timer goes off."""
        self.tell(Fired(service=timer.service, timer=timer.timer, epoch=timer.epoch, run=timer.run))

    # ---- the person and the disk

    def any_known(self) -> bool:
        """Whether a service can be named."""
        return bool(self.story.fleet.records)

    def known(self) -> list[str]:
        """The services that can be named."""
        return sorted(self.story.fleet.records)

    @precondition(any_known)
    @rule(data=st.data(), verb=st.sampled_from(["want", "unwant", "restart"]))
    def asked(self, data: st.DataObject, verb: str) -> None:
        names = data.draw(st.lists(st.sampled_from(self.known()), min_size=1, unique=True))
        getattr(self.story, verb)(*names)
        self.carry_out()

    @precondition(any_known)
    @rule(data=st.data())
    def source_saved(self, data: st.DataObject) -> None:
        self.story.change_file(data.draw(st.sampled_from(self.known())))
        self.carry_out()

    @rule(file=files(), want_new=st.booleans())
    def file_saved(self, file: list[ServiceSpec], want_new: bool) -> None:
        self.story.save(*file, want_new=want_new)
        self.carry_out()

    @rule(seconds=st.sampled_from([0.1, 5.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        self.story.now += seconds

    # ---- what always holds

    @precondition(any_known)
    @rule(data=st.data())
    def late_reports_change_nothing(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.known()))
        record = self.story.record(name)
        before = copy.deepcopy(record)
        epoch, run = record.epoch - 1, -1
        late: list[Report] = [
            Answered(service=name, epoch=epoch, why="late"),
            Unanswered(service=name, epoch=epoch, why="late"),
            Spawned(service=name, run=run, pid=1),
            ReadyReport(service=name, run=run, why="late"),
            Exited(service=name, run=run, exit=Exit(code=1)),
            Exited(service=name, run=run, exit=Exit(error="late")),
            Survivors(service=name, run=run, pids=(1,)),
            Gone(service=name, run=run),
            *(Fired(service=name, timer=timer, epoch=epoch, run=run) for timer in Timer),
        ]
        for report in late:
            self.story.tell(report)
        assert record == before
        assert self.story.heard == []

    @invariant()
    def what_is_active_is_alive(self) -> None:
        for name, record in self.story.fleet.records.items():
            assert record.alive == ((name, record.run) in self.processes)
            assert record.living or not record.active
            assert all((name, run) in self.processes for run in record.living)

    @invariant()
    def a_candidate_is_there_only_beside_one_that_serves(self) -> None:
        for record in self.story.fleet.records.values():
            if record.candidate is not None:
                assert record.state in (State.READY, State.UNHEALTHY)
                assert record.alive
                assert record.candidate.run != record.run

    @invariant()
    def what_was_taken_out_is_not_wanted(self) -> None:
        for record in self.story.fleet.records.values():
            assert not (record.removed and record.wanted)

    @invariant()
    def every_service_can_be_explained_in_one_line(self) -> None:
        for name in self.story.fleet.records:
            assert "\n" not in self.story.why(name)

    def teardown(self) -> None:
        """Every history ends in an orderly stop, also with processes that will not die."""
        if not hasattr(self, "story"):
            return
        self.story.shut_down()
        self.carry_out()
        for _ in range(20):
            self.end_something()
        assert self.story.settled(), self.story.states
        assert not any(record.active for record in self.story.fleet.records.values())
        assert self.story.did() == []

    def end_something(self) -> None:
        """The hands answer the signals; every third start that was signalled outlives KILL."""
        timers, self.timers = self.timers, []
        for process in [p for p in self.processes.values() if p.signalled]:
            if process.run % 3 == 0:
                continue
            if process.leads:
                exit_ = Exit(signal=15)
                self.tell(Exited(service=process.service, run=process.run, exit=exit_))
            self.processes.pop((process.service, process.run), None)
            self.tell(Gone(service=process.service, run=process.run))
        for timer in timers:
            self.fire(timer)


@pytest.mark.timeout(60)
def test_whatever_happens_the_rules_hold_and_the_end_is_orderly() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],  # to shorten a history takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
