"""What the engine answers for a service that is down, from what it knows of it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dynaport_tui.engine import clerk
from dynaport_tui.engine.clerk import ServiceClerk
from dynaport_tui.engine.facts import Moments
from dynaport_tui.engine.logs import ServiceLog
from dynaport_tui.engine.supervisor import Supervisor
from dynaport_tui.model.callers import Caller
from dynaport_tui.model.httphead import Head
from dynaport_tui.model.machine import State
from dynaport_tui.model.record import Transition
from dynaport_tui.model.spec import LogSpec
from tests.model.fleets import Story, project, service
from tests.project import Project

HERE = Caller("127.0.0.1", "127.0.0.1")
GET = Head("GET", "/", {"host": "localhost:5000"})
WEB = service("web", env={"API_TOKEN": "tok-5af1", "THEME": "dark"})


class Logs(dict[str, SimpleNamespace]):
    """What a clerk needs of the hands."""

    engine_id = "1-0"


class Scene:
    """A service that fails, in an engine of which only what a clerk needs is there."""

    def __init__(self, files: Project) -> None:
        self.files = files
        self.story = Story(WEB)
        self.log = ServiceLog("web", files.folder / "logs", LogSpec(), lambda _s, _n: None)
        self.moments = Moments()
        self.supervisor = cast("Supervisor", self)
        self.planner = SimpleNamespace(project=project(WEB, root=str(files.folder)))
        self.hands = Logs(web=SimpleNamespace(log=self.log))

    @property
    def fleet(self) -> Any:
        return self.story.fleet

    @property
    def now(self) -> float:
        return self.story.now

    def clerk(self) -> ServiceClerk:
        return ServiceClerk(self.supervisor, self.story.record("web"))

    def started(self, at: float) -> None:
        """It was started at that time on the wall."""
        change = Transition(
            service="web", now=0.0, old=State.STOPPED, new=State.STARTING, why="starting"
        )
        self.moments.add(change, at)

    async def prints(self, text: str) -> None:
        ours, theirs = os.pipe()
        attachment = self.log.attach("stderr", ours)
        os.write(theirs, text.encode())
        os.close(theirs)
        assert await attachment.drain(8)

    def raised(self, error: str) -> str:
        """A traceback of the project's file."""
        file = self.files.folder / "web.py"
        return (
            f'Traceback (most recent call last):\n  File "{file}", line 2, in f\n    b\n{error}\n'
        )


@pytest.fixture
async def scene(project: Project) -> AsyncIterator[Scene]:
    project({"web.py": "a\nb\nc\n"})
    found = Scene(project)
    found.story.crash("web", times=10)
    yield found
    found.log.close()
    await found.log.closed(2)


async def told(of: ServiceClerk, head: Head = GET, caller: Caller = HERE) -> Any:
    """The JSON of an answer."""
    async with asyncio.timeout(5):
        response = await of.answer(head, caller)
    return json.loads(response.partition(b"\r\n\r\n")[2])


def seen(response: bytes) -> Head:
    """A look of a page that shows this answer."""
    tag = response.partition(b"ETag: ")[2].partition(b"\r\n")[0].decode()
    return GET._replace(fields={**GET.fields, "x-dynaport-seen": tag})


async def test_it_tells_the_cause_line_the_traceback_and_the_log(scene: Scene) -> None:
    await scene.prints("up\n" + scene.raised("ValueError: no"))
    found = await told(scene.clerk())
    assert found["why"] == scene.story.why("web")
    assert (found["state"], found["file"], found["line"]) == ("FAILED", "web.py", 2)
    assert found["log"][0] == "up"
    assert found["log"][1:] == found["traceback"].split("\n")


async def test_a_page_shows_the_source_as_it_is_now(scene: Scene) -> None:
    await scene.prints(scene.raised("ValueError: no"))
    page = await scene.clerk().answer(
        GET._replace(fields={**GET.fields, "accept": "text/html"}), HERE
    )
    assert b'<span class="no">3</span><span class="text">c</span>' in page


async def test_the_traceback_of_an_earlier_start_is_not_its_cause(scene: Scene) -> None:
    scene.started(time.time() - 60)
    await scene.prints(scene.raised("ValueError: no"))
    assert (await told(scene.clerk()))["traceback"]
    scene.started(time.time() + 60)
    assert (await told(scene.clerk()))["traceback"] is None


async def test_what_it_prints_later_is_told_too(scene: Scene) -> None:
    clerk = scene.clerk()
    await scene.prints("one\n")
    assert (await told(clerk))["log"] == ["one"]
    await scene.prints("two\n")
    assert (await told(clerk))["log"] == ["one", "two"]


async def test_no_secret_of_its_environment_is_told(scene: Scene) -> None:
    await scene.prints("token tok-5af1\n" + scene.raised("ValueError: tok-5af1, dark"))
    scene.files({"web.py": "a = 'tok-5af1'\nb\n"})
    for accept in ("text/html", "*/*"):
        head = GET._replace(fields={**GET.fields, "accept": accept})
        response = await scene.clerk().answer(head, HERE)
        assert b"tok-5af1" not in response
        assert b"dark" in response


async def test_a_stranger_is_told_nothing_of_it(scene: Scene) -> None:
    await scene.prints("a line\n")
    evil = GET._replace(fields={"host": "evil.example"})
    for head, caller in ((evil, HERE), (GET, Caller("10.0.0.9", "10.0.0.1"))):
        assert set(await told(scene.clerk(), head, caller)) == {"state", "why", "retry_after"}


async def test_who_asked_in_the_outage_is_told_of_it_even_when_it_starts_by_now(
    scene: Scene,
) -> None:
    clerk, why = scene.clerk(), scene.story.why("web")
    scene.story.change_file("web")
    assert scene.story.state("web") is State.STARTING
    found = await told(clerk)
    assert (found["state"], found["why"]) == ("FAILED", why)


async def test_one_that_is_no_more_is_only_said_to_be_down(scene: Scene) -> None:
    clerk = scene.clerk()
    scene.story.save()
    scene.story.fleet.records.pop("web", None)
    assert (await told(clerk))["state"] == "FAILED"


async def test_a_page_that_knows_it_all_is_kept_waiting_for_news(scene: Scene) -> None:
    clerk = scene.clerk()
    first = await clerk.answer(GET, HERE)
    waiting = asyncio.create_task(clerk.answer(seen(first), HERE))
    await asyncio.sleep(0)
    assert not waiting.done()
    await scene.prints("more\n")
    clerk.stir()
    async with asyncio.timeout(5):
        assert b"more" in await waiting


async def test_nobody_is_kept_waiting_when_the_port_is_handed_back(scene: Scene) -> None:
    clerk = scene.clerk()
    head = seen(await clerk.answer(GET, HERE))
    waiting = asyncio.create_task(clerk.answer(head, HERE))
    await asyncio.sleep(0)
    clerk.close()
    async with asyncio.timeout(5):
        assert seen(await waiting) == head
        assert seen(await clerk.answer(head, HERE)) == head


async def test_a_page_that_waited_in_vain_is_answered_and_asks_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clerk, "PATIENCE", 0.01)
    of = scene.clerk()
    head = seen(await of.answer(GET, HERE))
    async with asyncio.timeout(5):
        response = await of.answer(head, HERE)
    assert seen(response) == head
    assert b"X-Dynaport-Look: 0.1" in response


async def test_more_pages_than_are_kept_waiting_look_now_and_then(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clerk, "WAITING", 1)
    of = scene.clerk()
    head = seen(await of.answer(GET, HERE))
    waiting = asyncio.create_task(of.answer(head, HERE))
    await asyncio.sleep(0)
    assert b"X-Dynaport-Look: 1\r\n" in await of.answer(head, HERE)
    of.close()
    await waiting
