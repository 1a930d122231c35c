"""Histories of single services: what is reported, what follows, and what people are told."""

from __future__ import annotations

import pytest

from dynaport_tui.model.lifecycle import KILL_GRACE, backoff
from dynaport_tui.model.machine import State
from dynaport_tui.model.outcome import Aim, verdict
from dynaport_tui.model.reports import Answered, Exited, Fired, Gone, ReadyReport, Timer, Unanswered
from dynaport_tui.model.spec import ProbeSpec, RestartSpec
from dynaport_tui.model.view import Exit
from tests.model.fleets import Story, changed, service, task

ALWAYS = RestartSpec(policy="always")
NEVER = RestartSpec(policy="never")


def started(**keys: object) -> Story:
    """A story of one service that is READY."""
    story = Story(service("web", **keys))
    story.ready("web")
    story.did()
    return story


class TestStart:
    def test_nothing_starts_before_it_is_wanted(self) -> None:
        story = Story(service("web"), want=False)
        assert story.did() == []
        assert story.states == {"web": "STOPPED"}

    def test_a_wanted_service_starts_with_its_launch_and_a_deadline(self) -> None:
        story = Story(service("web", health=ProbeSpec(kind="tcp", start_deadline=7)))
        start = story.last_start("web")
        assert (start.run, start.epoch, start.fresh) == (1, story.record("web").epoch, False)
        assert start.launch == story.record("web").launch
        assert story.armed() == {Timer.DEADLINE: 7}
        assert story.states == {"web": "STARTING"}

    def test_a_one_shot_has_no_deadline(self) -> None:
        assert Story(task("migrate")).armed() == {}

    def test_wanting_it_again_while_it_runs_changes_nothing(self) -> None:
        story = started()
        story.want("web")
        assert story.did() == []
        assert story.states == {"web": "READY"}

    def test_the_pid_is_known_while_the_process_lives(self) -> None:
        story = started()
        story.spawned("web", 77)
        assert story.record("web").pid == 77
        story.exited("web", 1)
        assert story.record("web").pid is None

    def test_a_service_that_cannot_be_executed_fails_at_once(self) -> None:
        story = Story(service("web"))
        story.did()
        story.exited("web", error="no such program: web", again=False)
        assert story.states == {"web": "FAILED"}
        assert story.why("web") == "could not be started: no such program: web"
        assert story.did() == []
        assert not story.record("web").alive

    def test_a_port_that_is_taken_for_a_moment_is_tried_again(self) -> None:
        story = Story(service("web"))
        story.did()
        story.exited("web", error="port 5000 is held by pid 7")
        assert story.states == {"web": "BACKOFF"}
        story.fired("web", Timer.BACKOFF)
        assert story.did() == ["start web"]


class TestReadiness:
    def test_a_ready_report_makes_it_ready(self) -> None:
        story = Story(service("web"))
        story.ready("web", why="its server is up")
        assert (story.state("web"), story.why("web")) == (State.READY, "its server is up")

    def test_an_answered_probe_makes_it_ready_and_says_so(self) -> None:
        story = Story(service("web"))
        story.answered("web", "answered GET /healthz in 3 ms")
        assert story.state("web") is State.READY
        assert story.why("web") == "answered GET /healthz in 3 ms"
        assert story.record("web").probe.latency_ms == 3.0

    def test_a_service_that_is_late_becomes_unhealthy_and_keeps_running(self) -> None:
        story = Story(service("web", health=ProbeSpec(kind="http", path="/up", start_deadline=30)))
        story.did()
        story.unanswered("web", why="GET /up: 503 Service Unavailable")
        story.fired("web", Timer.DEADLINE)
        assert story.state("web") is State.UNHEALTHY
        assert story.why("web") == "not ready after 30 s: GET /up: 503 Service Unavailable"
        assert story.did() == []

    def test_a_command_that_listens_to_nothing_is_told_the_remedy(self) -> None:
        story = Story(service("worker"))
        story.unanswered("worker", why="nothing accepts on port 5000")
        story.fired("worker", Timer.DEADLINE)
        assert "say port = false if it needs none" in story.why("worker")

    def test_a_late_service_becomes_ready_when_it_answers_at_last(self) -> None:
        story = Story(service("web"))
        story.fired("web", Timer.DEADLINE)
        story.answered("web")
        assert story.state("web") is State.READY

    def test_the_deadline_means_nothing_to_a_ready_service(self) -> None:
        story = Story(service("web"))
        epoch = story.record("web").epoch
        story.ready("web")
        story.tell(Fired(service="web", timer=Timer.DEADLINE, epoch=epoch, run=1))
        assert story.state("web") is State.READY

    def test_fewer_lost_probes_than_retries_change_nothing(self) -> None:
        story = started(health=ProbeSpec(kind="tcp", retries=3))
        story.unanswered("web", 2)
        assert story.state("web") is State.READY
        story.answered("web")
        story.unanswered("web", 2)
        assert story.state("web") is State.READY

    def test_as_many_lost_probes_as_retries_make_it_unhealthy_without_a_restart(self) -> None:
        story = started(health=ProbeSpec(kind="tcp", retries=3))
        story.unanswered("web", 3, why="no answer within 2 s")
        assert story.state("web") is State.UNHEALTHY
        assert story.why("web") == "no answer within 2 s, 3 times in a row"
        story.unanswered("web")
        assert story.why("web") == "no answer within 2 s, 4 times in a row"
        assert story.did() == []

    def test_an_unhealthy_service_recovers_with_an_answer(self) -> None:
        story = started()
        story.unanswered("web", 3)
        story.answered("web")
        assert story.state("web") is State.READY
        assert story.record("web").probe.failures == 0


class TestUnhealthyRestart:
    UNHEALTHY = RestartSpec(unhealthy=True, max=2)

    def test_it_is_restarted_when_services_toml_says_so(self) -> None:
        story = started(restart=self.UNHEALTHY)
        story.now += 60
        story.unanswered("web", 3)
        assert story.did() == ["TERM web"]
        story.ended("web", signal=15)
        assert story.did() == ["start web"]
        assert story.record("web").restarts == 1

    def test_one_that_becomes_unhealthy_soon_after_each_start_is_left_so_after_max(self) -> None:
        story = started(restart=self.UNHEALTHY)
        story.unanswered("web", 3)
        story.ended("web", signal=15)
        story.ready("web")
        story.did()
        story.unanswered("web", 3)
        assert story.did() == []
        assert story.state("web") is State.UNHEALTHY
        assert story.why("web").endswith("3 times in a row; 2 starts in a row did not last")


class TestStop:
    def test_it_is_asked_with_its_signal_and_given_its_grace(self) -> None:
        story = started(stop_signal="INT", stop_grace=3)
        story.unwant("web")
        assert story.armed() == {Timer.GRACE: 3}
        assert story.did() == ["INT web"]
        assert (story.state("web"), story.why("web")) == (State.STOPPING, "asked to stop")

    def test_the_exit_of_the_leader_is_not_yet_the_stop(self) -> None:
        story = started()
        story.unwant("web")
        story.exited("web", 0)
        assert story.state("web") is State.STOPPING
        story.gone("web")
        assert (story.state("web"), story.why("web")) == (State.STOPPED, "asked to stop")

    @pytest.mark.parametrize("how", [{"code": 0}, {"code": 1}, {"signal": 15}])
    def test_however_it_ends_a_wanted_stop_is_no_crash(self, how: dict[str, int]) -> None:
        story = started(restart=ALWAYS)
        story.unwant("web")
        story.did()
        story.ended("web", **how)
        assert story.states == {"web": "STOPPED"}
        assert story.record("web").restarts == 0
        assert story.did() == []

    def test_one_that_ignores_the_signal_is_killed(self) -> None:
        story = started()
        story.unwant("web")
        story.did()
        story.fired("web", Timer.GRACE)
        assert story.armed() == {Timer.KILLED: KILL_GRACE}
        assert story.did() == ["KILL web"]
        story.ended("web", signal=9)
        assert story.states == {"web": "STOPPED"}

    def test_one_that_outlives_kill_is_failed_and_named(self) -> None:
        story = self.undying()
        assert story.state("web") is State.FAILED
        assert "pid 77 and pid 78 did not end" in story.why("web")

    def test_one_that_outlives_kill_is_not_started_before_its_exit(self) -> None:
        story = self.undying()
        story.want("web")
        assert (story.did(), story.state("web")) == ([], State.FAILED)
        story.ended("web", signal=9)
        assert (story.did(), story.state("web")) == ([], State.FAILED)
        story.want("web")
        assert story.did() == ["start web"]

    def test_stopping_one_that_would_not_die_keeps_naming_it(self) -> None:
        story = self.undying()
        story.unwant("web")
        assert "pid 77" in story.why("web")

    def test_one_that_outlives_kill_does_not_keep_the_engine(self) -> None:
        story = self.undying()
        story.shut_down()
        assert story.settled()

    def test_the_engine_can_end_even_when_nobody_knows_what_is_left(self) -> None:
        story = self.undying(survivors=())
        assert "a process did not end" in story.why("web")
        story.shut_down()
        assert story.settled()

    def test_a_start_during_the_stop_comes_after_it(self) -> None:
        story = started()
        story.unwant("web")
        story.want("web")
        assert story.did() == ["TERM web"]
        story.ended("web", 0)
        assert story.did() == ["start web"]

    def test_one_that_could_not_be_started_while_it_was_stopped_is_stopped(self) -> None:
        story = Story(service("web"))
        story.unwant("web")
        assert story.state("web") is State.STOPPING
        story.exited("web", error="no such program", again=False)
        assert story.states == {"web": "STOPPED"}
        assert story.settled()

    @pytest.mark.parametrize("rests", [State.BACKOFF, State.DONE, State.FAILED])
    def test_a_stop_clears_what_rests(self, rests: State) -> None:
        story = Story(task("web", restart=ALWAYS if rests is State.BACKOFF else NEVER))
        story.ended("web", 0 if rests is State.DONE else 1)
        assert story.state("web") is rests
        story.unwant("web")
        assert (story.state("web"), story.why("web")) == (State.STOPPED, "asked to stop")

    def test_killing_signals_all_that_may_be_alive_and_nothing_else(self) -> None:
        story = Story(service("a"), service("b"), service("c"))
        story.ended("b", 1)
        story.exited("c", 1)
        killed = {(a.service, getattr(a, "signal", "")) for a in story.fleet.kill()}
        assert killed == {("a", "KILL"), ("c", "KILL")}

    @staticmethod
    def undying(survivors: tuple[int, ...] = (77, 78)) -> Story:
        story = started()
        story.unwant("web")
        story.fired("web", Timer.GRACE)
        if survivors:
            story.survivors("web", *survivors)
        story.fired("web", Timer.KILLED)
        story.did()
        return story


class TestExit:
    def test_a_crash_is_followed_by_another_start_after_a_delay(self) -> None:
        story = started()
        story.now += 0.5
        story.exited("web", 1, why="KeyError: 'x'  app.py:3")
        assert story.state("web") is State.BACKOFF
        assert story.why("web") == (
            "KeyError: 'x'  app.py:3 (exit 1 after 0.5 s); starts again in 0.1 s, try 2 of 5"
        )
        assert story.armed()[Timer.BACKOFF] == 0.1
        story.gone("web")
        story.did()
        story.fired("web", Timer.BACKOFF)
        assert story.did() == ["start web"]
        assert (story.record("web").run, story.record("web").restarts) == (2, 1)

    def test_the_delay_doubles_up_to_half_a_minute(self) -> None:
        assert [backoff(n) for n in (1, 2, 3, 4)] == [0.1, 0.2, 0.4, 0.8]
        assert backoff(10) == 30.0
        assert backoff(10_000) == 30.0

    def test_it_is_failed_after_max_starts_in_a_row_that_did_not_last(self) -> None:
        story = Story(service("web", restart=RestartSpec(max=3)))
        story.crash("web", 3)
        assert story.did().count("start web") == 3
        assert story.state("web") is State.FAILED
        assert story.why("web") == "exit 1 after 0.2 s; 3 starts in a row did not last"

    def test_a_start_that_lasted_begins_the_count_anew(self) -> None:
        story = Story(service("web", restart=RestartSpec(max=3)))
        story.crash("web", 2)
        story.heard.clear()
        story.now += 10
        story.exited("web", 1)
        assert story.armed()[Timer.BACKOFF] == 0.1
        assert story.why("web") == "exit 1 after 10 s; starts again in 0.1 s"
        story.gone("web")
        story.fired("web", Timer.BACKOFF)
        story.crash("web", 3)
        assert story.state("web") is State.FAILED

    def test_being_asked_to_start_begins_the_count_anew(self) -> None:
        story = Story(service("web", restart=RestartSpec(max=2)))
        story.crash("web", 2)
        story.want("web")
        story.crash("web", 1)
        assert story.state("web") is State.STARTING

    @pytest.mark.parametrize(
        ("policy", "code", "state"),
        [
            ("always", 0, State.BACKOFF),
            ("always", 1, State.BACKOFF),
            ("on-failure", 0, State.FAILED),
            ("on-failure", 1, State.BACKOFF),
            ("never", 0, State.FAILED),
            ("never", 1, State.FAILED),
        ],
    )
    def test_the_policy_decides(self, policy: str, code: int, state: State) -> None:
        story = started(restart=RestartSpec(policy=policy))  # type: ignore[arg-type]
        story.ended("web", code)
        assert story.state("web") is state

    def test_a_death_by_signal_is_a_failure(self) -> None:
        story = started()
        story.ended("web", signal=11)
        assert story.state("web") is State.BACKOFF
        assert story.why("web").startswith("ended by SIGSEGV after ")

    @pytest.mark.parametrize("policy", ["on-failure", "never"])
    def test_a_service_that_ends_well_is_told_how_to_be_a_one_shot(self, policy: str) -> None:
        story = started(restart=RestartSpec(policy=policy))  # type: ignore[arg-type]
        story.ended("web", 0)
        assert story.why("web").endswith("if it is meant to end, say task = true")

    def test_a_one_shot_that_ends_well_is_done(self) -> None:
        story = Story(task("migrate"))
        story.now += 1.5
        story.ended("migrate", 0)
        assert story.state("migrate") is State.DONE
        assert story.why("migrate") == "exit 0 after 1.5 s"

    def test_a_one_shot_that_fails_is_failed(self) -> None:
        story = Story(task("migrate"))
        story.ended("migrate", 3)
        assert story.state("migrate") is State.FAILED

    def test_a_one_shot_is_tried_again_where_services_toml_says_so(self) -> None:
        story = Story(task("migrate", restart=RestartSpec(policy="on-failure")))
        story.ended("migrate", 3)
        assert story.state("migrate") is State.BACKOFF

    @pytest.mark.parametrize("before", ["starting", "unhealthy"])
    def test_it_may_end_before_it_was_ever_ready(self, before: str) -> None:
        story = Story(service("web"))
        if before == "unhealthy":
            story.fired("web", Timer.DEADLINE)
        story.ended("web", 1)
        assert story.state("web") is State.BACKOFF


class TestLeftovers:
    """A leader that ended by itself and left something alive, such as a shell its server."""

    def test_what_the_leader_left_is_asked_to_end(self) -> None:
        story = started(stop_signal="QUIT", stop_grace=4)
        story.exited("web", 1)
        assert story.armed()[Timer.GRACE] == 4
        assert story.did() == ["QUIT web"]

    def test_it_is_not_started_again_before_that_is_gone(self) -> None:
        story = started()
        story.exited("web", 1)
        story.did()
        story.fired("web", Timer.BACKOFF)
        story.want("web")
        assert story.did() == []
        story.gone("web")
        assert story.did() == ["start web"]

    def test_what_ignores_the_signal_is_killed(self) -> None:
        story = started()
        story.exited("web", 1)
        story.did()
        story.fired("web", Timer.GRACE)
        assert story.did() == ["KILL web"]

    @pytest.mark.parametrize("waits", [True, False])
    def test_what_outlives_kill_makes_it_failed_and_is_named(self, waits: bool) -> None:
        story = started()
        story.exited("web", 1)
        if not waits:
            story.fired("web", Timer.BACKOFF)
        story.fired("web", Timer.GRACE)
        story.survivors("web", 77)
        story.fired("web", Timer.KILLED)
        assert story.state("web") is State.FAILED
        assert story.why("web").startswith("pid 77 did not end")

    def test_what_is_left_of_a_done_one_shot_does_not_undo_it(self) -> None:
        story = Story(task("migrate"))
        story.exited("migrate", 0)
        story.fired("migrate", Timer.GRACE)
        story.gone("migrate")
        assert story.state("migrate") is State.DONE

    def test_the_end_waits_for_what_is_left(self) -> None:
        story = started(restart=NEVER)
        story.exited("web", 1)
        story.shut_down()
        assert not story.settled()
        story.gone("web")
        assert story.settled()
        assert story.state("web") is State.FAILED

    def test_a_timer_of_an_earlier_start_kills_nothing(self) -> None:
        story = started()
        story.ended("web", 1)
        story.fired("web", Timer.BACKOFF)
        story.did()
        story.tell(Fired(service="web", timer=Timer.GRACE, epoch=99, run=1))
        story.tell(Fired(service="web", timer=Timer.KILLED, epoch=99, run=1))
        assert story.did() == []


class TestRestart:
    def test_it_is_a_stop_and_then_a_start_with_the_cause_named(self) -> None:
        story = started()
        story.restart("web")
        assert story.did() == ["TERM web"]
        assert (story.state("web"), story.why("web")) == (State.STOPPING, "asked to restart")
        story.ended("web", 0)
        assert story.did() == ["start web"]
        assert story.why("web") == "starting: asked to restart"
        assert story.record("web").restarts == 0

    def test_one_that_was_stopped_is_started(self) -> None:
        story = started()
        story.unwant("web")
        story.ended("web", 0)
        story.did()
        story.restart("web")
        assert story.did() == ["start web"]

    def test_a_failed_one_is_started(self) -> None:
        story = started(restart=NEVER)
        story.ended("web", 1)
        story.did()
        story.restart("web")
        assert story.did() == ["start web"]

    def test_a_done_one_shot_runs_again(self) -> None:
        story = Story(task("migrate"))
        story.ended("migrate", 0)
        story.did()
        story.restart("migrate")
        assert story.did() == ["start migrate"]

    def test_a_crash_before_the_stop_began_is_the_stop(self) -> None:
        story = Story(service("db"), service("web", "db"))
        story.ready("db")
        story.ready("web")
        story.did()
        story.restart("db", "web")
        assert story.did() == ["TERM web"]
        story.ended("db", 1)
        assert story.did() == ["TERM db", "start db"]
        assert story.record("db").restarts == 0

    def test_one_whose_dependency_fails_waits_and_says_for_what(self) -> None:
        story = Story(service("db"), service("web", "db"))
        story.ready("db")
        story.ready("web")
        story.ended("db", 1)
        story.restart("web")
        story.ended("web", 0)
        story.did()
        assert story.state("web") is State.STOPPED
        assert story.why("web") == "waits for db, which is not ready yet"
        story.crash("db")
        assert story.state("web") is State.STOPPED


class TestFileChange:
    def test_it_restarts_what_runs_and_counts_a_reload(self) -> None:
        story = started()
        assert story.change_file("web")
        assert story.did() == ["TERM web"]
        assert story.why("web") == "app.py changed"
        story.ended("web", signal=15)
        assert story.last_start("web").fresh
        assert story.record("web").reloads == 1

    def test_it_revives_what_failed_with_the_count_begun_anew(self) -> None:
        story = Story(service("web", restart=RestartSpec(max=2)))
        story.crash("web", 2)
        assert story.state("web") is State.FAILED
        story.change_file("web")
        assert story.state("web") is State.STARTING
        story.crash("web")
        assert story.state("web") is State.STARTING

    def test_it_ends_a_backoff(self) -> None:
        story = started()
        story.ended("web", 1)
        story.did()
        story.change_file("web")
        assert story.did() == ["start web"]

    def test_code_that_cannot_be_loaded_waits_for_the_next_save(self) -> None:
        story = started()
        story.change_file("web")
        story.ended("web", 0)
        story.exited("web", 1, why="SyntaxError: invalid syntax  app.py:3", broken=True)
        assert story.state("web") is State.FAILED
        assert story.why("web").endswith(
            "(exit 1 after 0 ms); the next save, or `dynaport restart web`, tries again"
        )
        assert verdict(story.fleet, Aim(watch=True), was_ready=True) is None
        assert verdict(story.fleet, Aim(watch=False), was_ready=True) is not None
        story.gone("web")
        story.change_file("web")
        story.ready("web")
        assert not story.record("web").edited

    def test_code_that_no_other_try_can_load_is_not_tried_again(self) -> None:
        story = started()
        story.exited("web", 1, why="SyntaxError: …  app.py:3", broken=True, again=False)
        assert story.state("web") is State.FAILED
        story.gone("web")
        story.change_file("web")
        assert story.state("web") is State.STARTING

    def test_code_that_cannot_be_loaded_at_first_is_tried_as_any_other(self) -> None:
        story = started()
        story.exited("web", 1, why="no database", broken=True)
        assert story.state("web") is State.BACKOFF

    def test_during_a_stop_for_an_earlier_change_one_start_follows(self) -> None:
        story = started()
        story.change_file("web")
        story.change_file("web")
        story.ended("web", 0)
        assert story.did() == ["TERM web", "start web"]
        assert story.state("web") is State.STARTING

    def test_while_it_starts_it_is_begun_again(self) -> None:
        story = started()
        story.change_file("web")
        story.ended("web", 0)
        story.did()
        story.change_file("web")
        assert story.did() == ["TERM web"]

    def test_it_does_not_start_what_is_not_wanted(self) -> None:
        story = started()
        story.unwant("web")
        story.ended("web", 0)
        story.did()
        assert not story.change_file("web")
        assert story.did() == []
        story.want("web")
        assert story.last_start("web").fresh

    def test_nothing_follows_while_it_waits_for_a_dependency(self) -> None:
        story = Story(service("db"), service("web", "db"))
        assert not story.change_file("web")
        assert story.record("web").reloads == 0


class TestLateReports:
    """What speaks of an earlier start or state changes nothing."""

    def test_an_exit_of_an_earlier_start_is_not_the_present_one_s(self) -> None:
        story = started()
        story.restart("web")
        story.ended("web", 0)
        story.did()
        story.tell(Exited(service="web", run=1, exit=Exit(code=1)))
        story.tell(Gone(service="web", run=1))
        assert story.state("web") is State.STARTING
        assert story.record("web").alive

    def test_a_ready_report_of_an_earlier_start_does_not_count(self) -> None:
        story = started()
        story.restart("web")
        story.ended("web", 0)
        story.tell(ReadyReport(service="web", run=1, why="late"))
        assert story.state("web") is State.STARTING

    def test_a_probe_sent_before_the_last_change_of_state_does_not_count(self) -> None:
        story = Story(service("web", health=ProbeSpec(kind="tcp", retries=1)))
        before = story.record("web").epoch
        story.ready("web")
        story.tell(Unanswered(service="web", epoch=before, why="no answer"))
        assert story.state("web") is State.READY
        now = story.record("web").epoch
        story.unanswered("web")
        story.tell(Answered(service="web", epoch=now, why="late"))
        assert story.state("web") is State.UNHEALTHY

    def test_the_backoff_of_an_earlier_exit_does_not_end_this_one(self) -> None:
        story = started()
        story.ended("web", 1)
        epoch = story.record("web").epoch
        story.want("web")
        story.ended("web", 1)
        story.tell(Fired(service="web", timer=Timer.BACKOFF, epoch=epoch, run=1))
        assert story.state("web") is State.BACKOFF

    def test_a_report_of_an_unknown_service_is_dropped(self) -> None:
        story = started()
        story.tell(Gone(service="nobody", run=1))
        assert story.states == {"web": "READY"}

    def test_every_change_of_state_begins_a_new_epoch_and_is_told_once(self) -> None:
        story = Story(service("web"))
        story.ready("web")
        changes = story.fleet.take_changes()
        assert [(c.old.value, c.new.value) for c in changes] == [
            ("STOPPED", "STARTING"),
            ("STARTING", "READY"),
        ]
        assert story.record("web").epoch == 2
        assert story.fleet.take_changes() == []
        assert list(story.record("web").history) == changes


def test_a_spec_that_differs_in_nothing_that_is_executed_restarts_nothing() -> None:
    story = started()
    story.save(changed(story.record("web").spec, health=ProbeSpec(kind="http", path="/up")))
    assert story.did() == []
    assert story.record("web").spec.health.path == "/up"
