"""New code beside old code: who serves, who finishes, and what a failed candidate leaves."""

from __future__ import annotations

from typing import Any

import pytest

from dynaport_tui.model.lifecycle import KILL_GRACE
from dynaport_tui.model.machine import State
from dynaport_tui.model.overlap import MOST_DRAINING
from dynaport_tui.model.reports import (
    Exited,
    Fired,
    Gone,
    Overheard,
    ReadyReport,
    Signal,
    Start,
    TakeOver,
    Timer,
    Unheard,
)
from dynaport_tui.model.spec import ProbeSpec, RestartSpec, ServiceSpec
from dynaport_tui.model.view import Exit
from tests.model.fleets import Story, service


def app(name: str, *needs: str, **keys: Any) -> ServiceSpec:
    """A service that our runner serves on a held socket."""
    return service(name, *needs, **{"kind": "app", "stop_grace": 7.0, **keys})


def serving(*specs: ServiceSpec) -> Story:
    """A story in which everything is READY."""
    story = Story(*(specs or (app("web"),)))
    for _ in specs or (1,):
        story.ready(*(name for name, state in story.states.items() if state == "STARTING"))
    story.heard.clear()
    return story


def ready(story: Story, run: int, name: str = "web") -> None:
    """A process says that it serves."""
    story.tell(ReadyReport(service=name, run=run, why="its server is up"))


def exits(story: Story, run: int, code: int = 1, why: str | None = None) -> None:
    """A process ends."""
    story.tell(Exited(service="web", run=run, exit=Exit(code=code), why=why))


def starts(story: Story) -> list[tuple[int, bool]]:
    """The runs that were started since the last look, and whether as candidates."""
    return [(a.run, a.candidate) for a in story.heard if isinstance(a, Start)]


def signals(story: Story) -> list[tuple[int, str]]:
    """Who was signalled since the last look, and how."""
    return [(a.run, a.signal) for a in story.heard if isinstance(a, Signal)]


class TestCandidate:
    def test_a_save_starts_a_second_process_while_the_first_one_serves(self) -> None:
        story = serving()
        assert story.change_file("web")
        assert starts(story) == [(2, True)]
        assert story.last_start("web").fresh
        assert story.armed() == {Timer.CANDIDATE: 30.0}
        assert signals(story) == []
        assert (story.state("web"), story.record("web").run) == (State.READY, 1)

    def test_when_it_is_ready_it_takes_over_and_the_old_one_has_its_grace(self) -> None:
        story = serving()
        epoch = story.record("web").epoch
        story.change_file("web")
        story.heard.clear()
        ready(story, 2)
        record = story.record("web")
        assert story.heard[0] == TakeOver(service="web", run=2, old=1)
        assert story.armed() == {Timer.GRACE: 7.0}
        assert (record.state, record.run, record.draining) == (State.READY, 2, [1])
        assert record.epoch > epoch  # no probe of the old process counts any more
        assert (record.reloads, record.why) == (1, "its server is up")
        [told] = story.fleet.take_outcomes()
        assert (told.ok, told.because) == (True, "app.py changed")

    def test_the_old_one_ends_in_its_own_time(self) -> None:
        story = serving()
        story.change_file("web")
        ready(story, 2)
        exits(story, 1, code=0)
        story.tell(Gone(service="web", run=1))
        record = story.record("web")
        assert (record.state, record.run, record.draining) == (State.READY, 2, [])
        assert record.exit is None

    def test_an_old_one_that_does_not_end_is_killed_after_its_grace(self) -> None:
        story = serving()
        story.change_file("web")
        ready(story, 2)
        story.heard.clear()
        story.tell(Fired(service="web", timer=Timer.GRACE, epoch=0, run=1))
        assert signals(story) == [(1, "KILL")]
        assert story.armed() == {Timer.KILLED: KILL_GRACE}
        story.tell(Fired(service="web", timer=Timer.KILLED, epoch=0, run=1))
        assert story.record("web").draining == []
        assert story.state("web") is State.READY

    def test_an_unhealthy_service_is_ready_again_with_its_new_process(self) -> None:
        story = serving()
        story.unanswered("web", 3)
        story.change_file("web")
        assert story.state("web") is State.UNHEALTHY
        ready(story, 2)
        assert (story.state("web"), story.record("web").run) == (State.READY, 2)

    def test_a_newer_save_replaces_the_candidate(self) -> None:
        story = serving()
        story.change_file("web")
        story.heard.clear()
        story.change_file("web")
        assert (starts(story), signals(story)) == ([(3, True)], [(2, "TERM")])
        ready(story, 2)  # too late
        assert story.record("web").run == 1
        ready(story, 3)
        assert story.record("web").run == 3
        assert story.record("web").reloads == 1

    def test_only_so_many_may_still_finish(self) -> None:
        story = serving()
        for run in range(2, MOST_DRAINING + 3):
            story.change_file("web")
            story.heard.clear()
            ready(story, run)
        assert signals(story) == [(1, "KILL")]

    def test_what_serves_may_end_before_the_candidate_is_ready(self) -> None:
        story = serving()
        story.change_file("web")
        story.heard.clear()
        exits(story, 1)
        story.tell(Gone(service="web", run=1))
        assert (2, "TERM") in signals(story)
        assert starts(story) == [(3, False)]
        assert story.state("web") is State.STARTING


class TestFailedCandidate:
    def broken(self) -> Story:
        story = serving()
        story.change_file("web")
        story.now += 0.08
        story.heard.clear()
        exits(story, 2, why="SyntaxError: invalid syntax  app.py:14")
        return story

    def test_the_old_code_serves_on_and_the_cause_line_says_why(self) -> None:
        story = self.broken()
        assert (story.state("web"), story.record("web").run) == (State.READY, 1)
        assert story.why("web") == (
            "SyntaxError: invalid syntax  app.py:14 (exit 1 after 80 ms); "
            "the old code keeps serving"
        )
        assert starts(story) == []
        [told] = story.fleet.take_outcomes()
        assert (told.ok, told.why) == (False, story.why("web"))
        assert story.record("web").reloads == 0

    def test_an_answered_probe_of_the_old_code_does_not_hide_it(self) -> None:
        story = self.broken()
        story.answered("web")
        assert "app.py:14" in story.why("web")

    def test_the_next_good_save_takes_over_and_nothing_is_said_of_it_any_more(self) -> None:
        story = self.broken()
        story.change_file("web")
        ready(story, 3)
        assert (story.record("web").run, story.why("web")) == (3, "its server is up")

    def test_one_that_is_not_ready_in_time_is_ended(self) -> None:
        story = serving()
        story.change_file("web")
        story.heard.clear()
        story.tell(Fired(service="web", timer=Timer.CANDIDATE, epoch=0, run=2))
        assert signals(story) == [(2, "TERM")]
        assert story.why("web") == (
            "the new process was not ready after 30 s; the old code keeps serving"
        )

    def test_one_that_could_not_be_started_is_no_exit_of_what_serves(self) -> None:
        story = serving()
        story.change_file("web")
        story.tell(Exited(service="web", run=2, exit=Exit(error="cannot fork")))
        assert story.state("web") is State.READY
        assert story.why("web").startswith("could not be started: cannot fork")
        assert story.record("web").draining == []

    def test_after_a_stop_and_a_start_nothing_is_behind(self) -> None:
        story = self.broken()
        story.tell(Gone(service="web", run=2))
        story.unwant("web")
        story.ended("web", 0)
        story.want("web")
        story.ready("web")
        assert story.record("web").behind is None


class TestStop:
    def test_a_stop_ends_all_processes_and_waits_for_all(self) -> None:
        story = serving()
        story.change_file("web")
        ready(story, 2)
        story.change_file("web")
        story.heard.clear()
        story.unwant("web")
        assert sorted(signals(story)) == [(1, "TERM"), (2, "TERM"), (3, "TERM")]
        for run in (2, 3):
            exits(story, run, code=0)
            story.tell(Gone(service="web", run=run))
        assert story.state("web") is State.STOPPING
        assert not story.settled()
        exits(story, 1, code=0)
        story.tell(Gone(service="web", run=1))
        assert story.state("web") is State.STOPPED
        assert story.settled()

    def test_killing_reaches_all_of_them(self) -> None:
        story = serving()
        story.change_file("web")
        ready(story, 2)
        story.change_file("web")
        assert sorted(a.run for a in story.fleet.kill() if isinstance(a, Signal)) == [1, 2, 3]


class TestWhoMayOverlap:
    @pytest.mark.parametrize(
        "keys",
        [
            {"reload": "restart"},
            {"kind": "command"},
            {"listens": False},
            {"task": True},
            {"server": "gunicorn"},
        ],
    )
    def test_others_are_stopped_first(self, keys: dict[str, Any]) -> None:
        story = serving(app("web", **keys))
        story.change_file("web")
        assert starts(story) == []
        assert (1, "TERM") in signals(story)

    def test_one_that_has_moved_is_stopped_first(self) -> None:
        story = serving()
        story.save(app("web", host="0.0.0.0", env={"A": "1"}))
        assert (starts(story), signals(story)) == ([], [(1, "TERM")])

    def test_one_that_binds_a_further_port_itself_is_stopped_first(self) -> None:
        story = serving(app("web", ports=("debug",)))
        story.change_file("web")
        assert (starts(story), signals(story)) == ([], [(1, "TERM")])

    def test_a_changed_setting_overlaps_as_a_saved_file_does(self) -> None:
        story = serving()
        story.save(app("web", env={"A": "1"}))
        assert starts(story) == [(2, True)]
        ready(story, 2)
        assert story.record("web").started == story.record("web").launch
        assert story.record("web").reloads == 0

    def test_a_restart_overlaps_and_says_which_process_serves_on(self) -> None:
        story = serving()
        story.restart("web")
        assert starts(story) == [(2, True)]
        exits(story, 2)
        assert story.why("web").endswith("; the old process keeps serving")

    def test_one_that_never_came_up_is_restarted_plainly(self) -> None:
        story = Story(app("web"))
        story.heard.clear()
        story.restart("web")
        assert (starts(story), signals(story)) == ([], [(1, "TERM")])

    def test_restarted_with_a_dependency_that_is_stopped_it_is_stopped_too(self) -> None:
        story = serving(service("db"), app("web", "db"))
        story.restart("web", "db")
        assert story.states == {"db": "READY", "web": "STOPPING"}

    def test_restarted_with_a_dependency_that_overlaps_both_overlap(self) -> None:
        story = serving(app("auth"), app("web", "auth"))
        story.restart("web", "auth")
        assert sorted(a.service for a in story.heard if isinstance(a, Start)) == ["auth", "web"]
        assert story.states == {"auth": "READY", "web": "READY"}

    def test_saved_code_does_not_wait_for_a_dependency_that_is_broken(self) -> None:
        story = serving(service("db", restart=RestartSpec(policy="never")), app("web", "db"))
        story.ended("db", 1)
        story.heard.clear()
        story.change_file("web")
        assert starts(story) == [(2, True)]

    def test_an_unhealthy_one_that_is_to_be_restarted_gets_a_new_process_beside_it(self) -> None:
        story = serving(
            app("web", health=ProbeSpec(kind="tcp", retries=1), restart=RestartSpec(unhealthy=True))
        )
        story.unanswered("web")
        assert starts(story) == [(2, True)]
        assert story.state("web") is State.UNHEALTHY


class TestServersThatAreNotOurs:
    """They overlap where their workers tell when they serve; a probe cannot tell who answers."""

    def overheard(self) -> Story:
        story = serving(app("web", server="gunicorn"))
        story.tell(Overheard(service="web", run=1))
        story.change_file("web")
        return story

    def test_one_that_told_by_itself_that_it_serves_overlaps_again_and_again(self) -> None:
        story = self.overheard()
        ready(story, 2)
        story.change_file("web")
        ready(story, 3)
        assert starts(story) == [(2, True), (3, True)]
        assert story.record("web").run == 3

    def test_one_whose_new_process_cannot_tell_is_stopped_first_after_all(self) -> None:
        story = self.overheard()
        story.tell(Unheard(service="web", run=2))
        assert set(signals(story)) == {(2, "TERM"), (1, "TERM")}
        exits(story, 2)
        exits(story, 1)
        for run in (2, 1):
            story.tell(Gone(service="web", run=run))
        assert starts(story)[-1] == (3, False)
        assert story.record("web").reloads == 1

    def test_a_new_process_must_tell_anew(self) -> None:
        story = self.overheard()
        exits(story, 1)
        for run in (2, 1):
            story.tell(Gone(service="web", run=run))
        story.ready("web")
        story.heard.clear()
        story.change_file("web")
        assert starts(story) == []
