"""Whether the connections of a service wait, are answered by the engine, or are refused."""

from __future__ import annotations

from dynaport_tui.model.attitude import Attitude, attitude
from dynaport_tui.model.machine import State
from dynaport_tui.model.outage import due, retry_after
from tests.model.fleets import Story, service, task


def of(story: Story, name: str) -> Attitude:
    return attitude(story.fleet.records, story.record(name))


def test_they_wait_while_it_starts_serves_and_is_restarted() -> None:
    story = Story(service("web"))
    assert (story.state("web"), of(story, "web")) == (State.STARTING, "wait")
    story.ready("web")
    assert of(story, "web") == "wait"
    story.restart("web")
    assert (story.state("web"), of(story, "web")) == (State.STOPPING, "wait")


def test_they_are_answered_while_it_fails_and_when_it_has_failed() -> None:
    story = Story(service("web"))
    story.ended("web", 1)
    assert (story.state("web"), of(story, "web")) == (State.BACKOFF, "answer")
    story.crash("web", times=10)
    assert (story.state("web"), of(story, "web")) == (State.FAILED, "answer")
    story.change_file("web")
    assert (story.state("web"), of(story, "web")) == (State.STARTING, "wait")


def test_they_are_refused_when_it_was_stopped_or_never_asked_for() -> None:
    story = Story(service("web"), service("db"), want=False)
    assert of(story, "web") == "refuse"
    story.want("web")
    story.ready("web")
    story.unwant("web")
    assert (story.state("web"), of(story, "web")) == (State.STOPPING, "wait")
    story.ended("web", 0)
    assert (story.state("web"), of(story, "web")) == (State.STOPPED, "refuse")


def test_one_that_failed_and_is_stopped_refuses() -> None:
    story = Story(service("web"))
    story.crash("web", times=10)
    story.unwant("web")
    assert of(story, "web") == "refuse"


def test_they_wait_for_one_that_waits_for_another_to_come() -> None:
    story = Story(service("db"), service("web", "db"))
    assert of(story, "web") == "wait"
    story.ended("db", 1)
    assert (story.state("db"), of(story, "web")) == (State.BACKOFF, "wait")


def test_they_are_answered_where_what_it_waits_for_will_not_come() -> None:
    story = Story(service("db"), service("web", "db"), service("shop", "web"))
    story.crash("db", times=10)
    assert [of(story, name) for name in ("db", "web", "shop")] == ["answer"] * 3
    story.change_file("db")
    assert [of(story, name) for name in ("db", "web", "shop")] == ["wait"] * 3


def test_they_are_answered_where_what_it_waits_for_was_stopped() -> None:
    story = Story(service("db"), service("web", "db"))
    story.unwant("db")
    story.ended("db", 0)
    assert (of(story, "db"), of(story, "web")) == ("refuse", "answer")


def test_they_wait_while_a_one_shot_that_it_needs_still_runs() -> None:
    story = Story(task("migrate"), service("web", "migrate:completed"))
    assert of(story, "web") == "wait"
    story.ended("migrate", 1)
    assert (story.state("migrate"), of(story, "web")) == (State.FAILED, "answer")


def test_who_asks_is_told_how_long_the_pause_still_is() -> None:
    story = Story(service("web"))
    story.crash("web", times=3)
    story.now += 0.2
    story.ended("web", 1)
    record = story.record("web")
    assert record.state is State.BACKOFF
    at = due(record)
    assert at is not None
    assert round(at - story.now, 3) == 0.8
    assert retry_after(at, story.now) == 1
    assert retry_after(at, at - 4.2) == 5
    assert retry_after(at, at + 9) == 1


def test_who_asks_for_one_that_only_a_person_starts_again_need_not_hurry() -> None:
    story = Story(service("web"))
    story.crash("web", times=10)
    assert due(story.record("web")) is None
    assert retry_after(None, story.now) == 5
