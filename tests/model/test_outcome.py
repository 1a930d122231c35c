"""All ends of a run, and what does not end one."""

from __future__ import annotations

import pytest

from dynaport_tui.model.outcome import (
    DEADLINE,
    NO_ENGINE,
    NO_PORT,
    OK,
    SERVICE_FAILED,
    USAGE,
    Aim,
    Verdict,
    all_ready,
    overdue,
    unready,
    verdict,
)
from dynaport_tui.model.reports import Timer
from dynaport_tui.model.spec import RestartSpec
from tests.model.fleets import Story, service, task

NEVER = RestartSpec(policy="never")


def judge(story: Story, *, was_ready: bool = False, **aim: bool) -> Verdict | None:
    """The verdict of a run with that aim."""
    return verdict(story.fleet, Aim(**aim), was_ready=was_ready)


def code(story: Story, *, was_ready: bool = False, **aim: bool) -> int | None:
    """Its exit code, None while the run goes on."""
    found = judge(story, was_ready=was_ready, **aim)
    return None if found is None else found.code


def failed() -> Story:
    """`web` is FAILED, `db` is READY."""
    story = Story(service("web", restart=NEVER), service("db"))
    story.ready("web", "db")
    story.now += 0.2
    story.ended("web", 1)
    return story


def test_the_codes_are_those_that_scripts_rely_on() -> None:
    assert (OK, SERVICE_FAILED, USAGE, DEADLINE, NO_PORT, NO_ENGINE) == (0, 1, 2, 3, 4, 5)


class TestGoesOn:
    def test_while_somebody_looks_at_it(self) -> None:
        done = Story(task("migrate"))
        done.ready("migrate")
        done.ended("migrate", 0)
        assert (code(done), code(done, attended=True)) == (OK, None)
        assert (code(failed()), code(failed(), attended=True)) == (SERVICE_FAILED, None)
        assert code(failed(), attended=True, watch=False) is None

    def test_while_services_start_run_or_try_again(self) -> None:
        story = Story(service("web"), service("db"))
        assert code(story) is None
        story.ready("web")
        assert code(story) is None
        story.ended("web", 1)
        assert code(story) is None

    def test_while_a_service_is_unhealthy(self) -> None:
        story = Story(service("web"))
        story.fired("web", Timer.DEADLINE)
        assert code(story) is None

    def test_when_a_person_stopped_everything(self) -> None:
        story = Story(service("web"))
        story.unwant("web")
        story.ended("web", 0)
        assert code(story) is None

    def test_when_a_person_stopped_all_but_what_is_done(self) -> None:
        story = Story(task("migrate"), service("web"))
        story.ended("migrate", 0)
        story.unwant("web")
        story.ended("web", 0)
        assert code(story) is None

    def test_when_a_person_stopped_what_had_failed(self) -> None:
        story = failed()
        story.unwant("web")
        assert code(story) is None


class TestDone:
    def test_it_ends_well_when_every_service_is_done(self) -> None:
        story = Story(task("migrate"), task("seed", "migrate"))
        story.ended("migrate", 0)
        assert code(story) is None
        story.ended("seed", 0)
        assert judge(story) == Verdict(code=OK, why="every service is done")

    def test_services_that_were_not_asked_for_do_not_count(self) -> None:
        story = Story(task("migrate"), service("web"), want=False)
        story.want("migrate")
        story.ended("migrate", 0)
        assert code(story) == OK


class TestFailed:
    def test_it_ends_as_soon_as_one_is_failed_for_good_and_says_which_and_why(self) -> None:
        found = judge(failed())
        assert found is not None
        assert (found.code, found.why) == (1, "web failed: exit 1 after 0.2 s")
        assert found.short == "ending, because web failed"

    def test_unless_the_others_are_to_keep_going(self) -> None:
        assert code(failed(), keep_going=True) is None
        assert code(failed(), keep_going=True, watch=False) is None

    def test_with_keep_going_it_ends_when_nothing_can_go_on_and_no_save_can_help(self) -> None:
        story = Story(service("db", restart=NEVER), service("web", "db"), task("migrate"))
        story.ended("db", 1)
        assert code(story, keep_going=True, watch=False) is None
        story.ended("migrate", 0)
        assert code(story, keep_going=True, watch=False) == SERVICE_FAILED
        assert code(story, keep_going=True) is None

    def test_a_failed_one_shot_is_a_failed_service(self) -> None:
        story = Story(task("migrate"), service("web", "migrate"))
        story.ended("migrate", 3)
        assert code(story) == SERVICE_FAILED


class TestExitWhenReady:
    def test_it_ends_well_when_all_are_ready_and_the_one_shots_done(self) -> None:
        story = Story(task("migrate"), service("web"))
        story.ready("web")
        story.ready("migrate")
        assert code(story, exit_when_ready=True) is None
        story.ended("migrate", 0)
        assert code(story, exit_when_ready=True) == OK

    def test_a_failed_one_ends_it_too(self) -> None:
        assert code(failed(), exit_when_ready=True) == SERVICE_FAILED


class TestErrand:
    @pytest.mark.parametrize("restart", [NEVER, RestartSpec(policy="always")])
    def test_one_that_ends_before_all_was_ready_ends_it_at_once(self, restart: RestartSpec) -> None:
        story = Story(service("web", restart=restart), service("db"))
        story.ended("web", 1)
        assert code(story, errand=True) == SERVICE_FAILED

    def test_it_promises_no_start_that_will_not_come(self) -> None:
        story = Story(service("web"), service("db"))
        story.ended("web", 1)
        assert "starts again" in story.why("web")
        ended = judge(story, errand=True)
        assert ended is not None
        assert ended.why.startswith("web failed: exit 1 after")
        assert "starts again" not in ended.why

    def test_a_one_shot_that_is_done_does_not(self) -> None:
        story = Story(task("migrate"), service("web"))
        story.ended("migrate", 0)
        assert code(story, errand=True) is None

    def test_afterwards_the_program_alone_says_when_it_is_over(self) -> None:
        story = Story(task("migrate"))
        story.ended("migrate", 0)
        assert code(story, errand=True, was_ready=True) is None
        assert code(failed(), errand=True, was_ready=True) is None


class TestReadiness:
    def test_what_is_not_ready_is_named_with_its_cause(self) -> None:
        story = Story(service("db"), service("web", "db"), task("migrate"))
        story.ready("migrate")
        assert unready(story.fleet) == ["db", "web", "migrate"]
        found = overdue(story.fleet, 2.5)
        assert found.code == DEADLINE
        assert found.why.startswith(
            "not ready within 2.5 s: db: starting; web: waits for db, which"
        )
        assert found.short == "not everything was ready within 2.5 s"

    def test_what_is_not_wanted_need_not_be_ready(self) -> None:
        story = Story(service("db"), service("web"), want=False)
        story.want("db")
        story.ready("db")
        assert all_ready(story.fleet)
