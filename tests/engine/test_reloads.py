"""How a reload ends, and who is told."""

from __future__ import annotations

import pytest

from dynaport_tui.engine.reloads import Reloads
from dynaport_tui.model.machine import State
from dynaport_tui.model.reports import Timer
from dynaport_tui.model.spec import ProjectSpec
from dynaport_tui.model.view import Event, Reloaded
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
