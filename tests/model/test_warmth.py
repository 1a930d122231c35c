"""A service that fails with libraries imported beforehand is tried in a fresh interpreter once."""

from __future__ import annotations

from typing import Any

import pytest

from dynaport_tui.model.machine import State
from dynaport_tui.model.reports import Exited, ReadyReport, Spawned, Start, StartCold, Timer
from dynaport_tui.model.view import Exit
from tests.model.fleets import Story, service

WHY = "RuntimeError: too late  users.py:3"


def born(story: Story, warm: str) -> None:
    """The newest process was forked by a fork server in this state."""
    story.tell(Spawned(service="web", run=story.record("web").runs, pid=4242, warm=warm))


def breaks(story: Story, warm: str = "7/12", **how: Any) -> None:
    """The newest process fails before it is ready, and nothing of it is left."""
    born(story, warm)
    run, code = story.record("web").runs, how.pop("code", 1)
    exit_ = Exit(code=code, signal=how.pop("signal", None))
    told: dict[str, Any] = {"broken": True, "why": WHY, **how}
    story.now += 0.2
    story.tell(Exited(service="web", run=run, exit=exit_, **told))
    if run == story.record("web").run:
        story.gone("web")


def next_start(story: Story) -> Start:
    """The next one, when the pause before it is over."""
    story.heard.clear()
    if story.state("web") is State.BACKOFF:
        story.fired("web", Timer.BACKOFF)
    return story.last_start("web")


def remembered(story: Story) -> list[str]:
    return [action.why for action in story.heard if isinstance(action, StartCold)]


@pytest.fixture
def story() -> Story:
    return Story(service("web", kind="app"))


def test_a_warm_start_that_fails_is_followed_by_a_cold_one(story: Story) -> None:
    assert not story.last_start("web").cold
    breaks(story)
    text = f"{WHY} (exit 1 after 0.2 s); starts again in 0.1 s in a fresh interpreter, try 2 of 5"
    assert story.why("web") == text
    assert next_start(story).cold


def test_where_the_cold_start_works_that_is_remembered_with_the_error_of_the_warm_one(
    story: Story,
) -> None:
    breaks(story)
    next_start(story)
    born(story, "")
    assert remembered(story) == []
    story.ready("web")
    assert remembered(story) == [f"{WHY} (exit 1 after 0.2 s)"]
    story.heard.clear()
    story.unanswered("web", times=3)
    story.answered("web")
    assert remembered(story) == []


def test_where_the_cold_start_fails_too_the_next_one_is_warm_and_no_other_is_cold(
    story: Story,
) -> None:
    breaks(story)
    assert next_start(story).cold
    breaks(story, warm="")
    for _ in range(2):
        assert not next_start(story).cold
        breaks(story)
    assert not next_start(story).cold
    story.ready("web")
    assert remembered(story) == []


def test_another_state_of_the_fork_server_is_a_new_suspect(story: Story) -> None:
    breaks(story, warm="7/12")
    next_start(story)
    breaks(story, warm="")
    next_start(story)
    breaks(story, warm="7/13")
    assert next_start(story).cold


@pytest.mark.parametrize(
    "how",
    [
        {"again": False},
        {"broken": False},
        {"broken": False, "code": None, "signal": 15},
    ],
    ids=["hopeless", "no error", "told to end"],
)
def test_an_exit_that_libraries_have_no_part_in_is_followed_by_a_warm_start(
    story: Story, how: dict[str, Any]
) -> None:
    breaks(story, **how)
    story.heard.clear()
    story.change_file("web")
    assert not story.last_start("web").cold


def test_a_crash_is_suspicious_too(story: Story) -> None:
    breaks(story, broken=False, why=None, code=None, signal=11)
    assert next_start(story).cold


def test_what_was_ready_before_it_broke_did_not_fail_by_its_libraries(story: Story) -> None:
    born(story, "7/12")
    story.ready("web")
    story.exited("web", 1, why=WHY, broken=True)
    story.gone("web")
    assert not next_start(story).cold


def test_code_that_breaks_where_the_code_before_it_worked_is_just_broken(story: Story) -> None:
    born(story, "7/12")
    story.ready("web")
    story.change_file("web")
    assert not story.last_start("web").cold
    breaks(story)
    story.heard.clear()
    story.change_file("web")
    assert not story.last_start("web").cold


def test_a_candidate_that_fails_after_more_was_imported_is_tried_cold_at_the_next_save() -> None:
    story = Story(service("web", kind="app"))
    born(story, "7/12")
    story.ready("web")
    story.change_file("web")
    breaks(story, warm="7/14")
    story.heard.clear()
    story.change_file("web")
    start = story.last_start("web")
    assert (start.candidate, start.cold) == (True, True)
    born(story, "")
    story.tell(ReadyReport(service="web", run=start.run, why="its server is up"))
    assert remembered(story) == [f"{WHY} (exit 1 after 0.2 s)"]
