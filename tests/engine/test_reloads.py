"""How a reload ends, and who is told."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dynaport_tui.engine.reloads import Reloads
from dynaport_tui.engine.stamps import stamp
from dynaport_tui.model.machine import State
from dynaport_tui.model.reports import Exited, ReadyReport, Start, Timer
from dynaport_tui.model.spec import ProjectSpec
from dynaport_tui.model.view import Event, Exit, Reloaded
from tests.model.fleets import Story, project, service


class Reloading:
    """Reloads over a fleet whose processes a test plays; what it needs of the engine."""

    def __init__(self, story: Story) -> None:
        self.story, self.fleet = story, story.fleet
        self.project: ProjectSpec = project(*(r.spec for r in story.fleet.records.values()))
        self.events: list[Event] = []
        self.planner = self.bus = self
        self.reloads = Reloads(self)
        story.fleet.take_changes()

    def reread(self, because: str, *, reloading: bool = False) -> None:
        raise AssertionError("no setting was saved")

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def turn_soon(self) -> None:
        pass

    def ask(self) -> None:
        """A person asks for the new code of `web`."""
        self.reloads.asked(["web"])
        self.turn()

    def turn(self) -> None:
        """Tell of the changes since the last one."""
        self.story.heard += self.fleet.reconcile(self.story.now)
        for change in self.fleet.take_changes():
            self.reloads.moved(change)

    @property
    def told(self) -> list[tuple[bool, str]]:
        """Whether each reload went well, and the cause."""
        return [(e.ok, e.why) for e in self.events if isinstance(e, Reloaded)]


@pytest.fixture
def web() -> Reloading:
    story = Story(service("web"))
    story.ready("web")
    return Reloading(story)


async def test_a_reload_ends_when_the_new_process_serves(web: Reloading) -> None:
    web.ask()
    web.story.ended("web")
    web.turn()
    assert web.told == []
    web.story.ready("web")
    web.turn()
    assert web.told == [(True, "its server is up")]


async def test_a_reload_that_was_stopped_is_not_told_later(web: Reloading) -> None:
    web.ask()
    web.story.unwant("web")
    web.story.ended("web")
    web.turn()
    assert web.story.state("web") is State.STOPPED
    web.story.want("web")
    web.story.ready("web")
    web.turn()
    assert web.told == []


async def test_a_reload_whose_old_process_does_not_die_has_failed(web: Reloading) -> None:
    web.ask()
    for timer in (Timer.GRACE, Timer.KILLED):
        web.story.fired("web", timer)
    web.turn()
    [(ok, why)] = web.told
    assert web.story.state("web") is State.FAILED
    assert not ok
    assert why == web.story.why("web")


class Overlapping(Reloading):
    """An app that serves while its new code loads."""

    def __init__(self, folder: Path) -> None:
        story = Story(service("web", kind="app", cwd=str(folder)))
        story.ready("web")
        super().__init__(story)
        self.module = folder / "web.py"
        self.save()

    def save(self) -> None:
        """Save the module that the app loads."""
        self.module.write_text(f"saved at {time.monotonic_ns()}")

    def load(self, run: int) -> None:
        """That process loads the module as it is now."""
        path = str(self.module.resolve())
        self.reloads.loaded("web", run, {path: stamp(path)})

    def fail(self) -> None:
        """The candidate cannot load."""
        candidate = self.story.record("web").candidate
        assert candidate is not None
        error = Exit(error="SyntaxError")
        self.story.tell(Exited(service="web", run=candidate.run, exit=error))
        self.turn()

    def turn(self) -> None:
        super().turn()
        for action in self.story.heard:
            if isinstance(action, Start) and action.candidate:
                self.reloads.begins(action.service)
        self.story.heard.clear()
        for outcome in self.fleet.take_outcomes():
            self.reloads.came_to(outcome)


@pytest.fixture
def shop(tmp_path: Path) -> Overlapping:
    return Overlapping(tmp_path)


async def test_new_code_that_fails_is_told(shop: Overlapping) -> None:
    shop.ask()
    shop.load(run=2)
    shop.fail()
    [(ok, why)] = shop.told
    assert not ok
    assert "SyntaxError" in why


async def test_a_failure_of_half_written_files_is_not_told_and_another_try_follows(
    shop: Overlapping,
) -> None:
    shop.ask()
    shop.load(run=2)
    shop.save()
    shop.fail()
    assert shop.told == []
    shop.turn()
    assert shop.story.record("web").candidate is not None
    shop.load(run=3)
    shop.fail()
    assert [ok for ok, _ in shop.told] == [False]


async def test_a_service_that_writes_its_own_files_is_not_tried_for_ever_in_silence(
    shop: Overlapping,
) -> None:
    shop.ask()
    for run in range(2, 12):
        if shop.told:
            break
        shop.load(run)
        shop.save()
        shop.fail()
        shop.turn()
    assert [ok for ok, _ in shop.told] == [False]


async def test_what_a_process_loads_that_only_finishes_counts_no_more(shop: Overlapping) -> None:
    shop.load(run=1)
    shop.ask()
    shop.load(run=2)
    shop.story.tell(ReadyReport(service="web", run=2, why="its server is up"))
    shop.turn()
    before = shop.reloads.files(shop.story.record("web"))
    shop.module = shop.module.with_name("late.py")
    shop.save()
    shop.load(run=1)
    assert shop.reloads.files(shop.story.record("web")) == before
    shop.load(run=2)
    assert shop.reloads.files(shop.story.record("web")) != before
