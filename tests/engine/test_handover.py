"""One process serves after the other: what each is told, and when."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dynaport_tui.engine.logs import ServiceLog
from dynaport_tui.engine.probe import ProbeResult
from dynaport_tui.engine.runner import Runner
from dynaport_tui.model.launch import Launch
from dynaport_tui.model.reports import Overheard, ReadyReport, Start, TakeOver, Unheard
from dynaport_tui.model.spec import LogSpec, ProbeSpec, Server, ServiceSpec
from tests.fakes import FakeDesk


class Handover:
    """A runner with an old process that serves and a new one that loads."""

    def __init__(self, folder: Path) -> None:
        self.desk = FakeDesk(folder)
        self.desk.nursery.keeps_ears = True
        self.spec = ServiceSpec(
            id="users",
            name="users",
            kind="app",
            target="users:app",
            cwd=str(folder),
            health=ProbeSpec(kind="alive"),
        )
        log = ServiceLog("users", folder / "logs", LogSpec(), lambda _service, _last: None)
        self.runner = Runner(self.spec, log, self.desk)
        self.server: Server = "werkzeug"

    def start(self, run: int, *, candidate: bool) -> None:
        python, foreign = "/usr/bin/python3", self.server != "werkzeug"
        launch = Launch(
            kind="command" if foreign else "app",
            argv=(python, "-m", self.server, "users:app") if foreign else ("users:app",),
            python=python,
            cwd=self.spec.cwd,
            env={},
            server=self.server,
            workers=2,
        )
        self.runner.start(
            Start(
                service="users",
                run=run,
                epoch=1,
                launch=launch,
                fresh=candidate,
                candidate=candidate,
            )
        )
        self.desk.hear("spawned", pid=4000 + run)

    def take_over(self) -> None:
        self.runner.take_over(TakeOver(service="users", run=2, old=1))

    def says(self, run: int, **report: Any) -> None:
        """The process of a run tells the engine."""
        self.desk.nursery.ears[run].send(json.dumps(report).encode() + b"\n")

    async def hears(self, run: int) -> str:
        """The next word that it is told."""
        ear = self.desk.nursery.ears[run]
        ear.setblocking(False)
        async with asyncio.timeout(5):
            return (await asyncio.get_running_loop().sock_recv(ear, 100)).decode().strip()

    def heard_nothing(self, run: int) -> bool:
        ear = self.desk.nursery.ears[run]
        ear.setblocking(False)
        try:
            return not ear.recv(100)
        except BlockingIOError:
            return True

    @property
    def signals(self) -> list[Mapping[str, Any]]:
        return [asked for asked in self.desk.nursery.asked if asked["op"] == "signal"]


@pytest.fixture
async def handover(tmp_path: Path) -> AsyncIterator[Handover]:
    handover = Handover(tmp_path)
    handover.start(1, candidate=False)
    handover.says(1, report="ready", server="werkzeug", app=True)
    await handover.desk.next(ReadyReport)
    handover.start(2, candidate=True)
    yield handover
    handover.runner.close()
    handover.desk.nursery.close()


async def test_a_candidate_is_asked_to_wait_and_says_when_it_is_ready(handover: Handover) -> None:
    first, second = (a for a in handover.desk.nursery.asked if a["op"] == "spawn")
    assert (first["waits"], second["waits"]) == (False, True)
    assert (first["epoch"], second["epoch"]) == (1, 2)
    handover.desk.reports.clear()
    handover.says(2, report="ready", server="werkzeug", app=True)
    assert (await handover.desk.next(ReadyReport)).run == 2
    assert handover.heard_nothing(2)


async def test_it_may_accept_when_the_old_one_has_retired(handover: Handover) -> None:
    handover.take_over()
    assert await handover.hears(1) == "retire"
    assert handover.heard_nothing(2)
    handover.says(1, report="retired")
    assert await handover.hears(2) == "go"
    assert handover.signals == []


async def test_it_may_accept_when_the_old_one_has_ended(handover: Handover) -> None:
    handover.take_over()
    assert await handover.hears(1) == "retire"
    handover.desk.hear("exited", spawn=1, code=1, signal=None)
    assert await handover.hears(2) == "go"


async def test_an_old_one_that_hangs_is_asked_to_end_and_not_waited_for(
    handover: Handover,
) -> None:
    handover.take_over()
    assert await handover.hears(1) == "retire"
    assert await handover.hears(2) == "go"
    assert handover.signals[0] == {"op": "signal", "id": 1, "signal": signal.SIGTERM}


async def test_an_old_one_that_another_server_serves_is_asked_to_end(handover: Handover) -> None:
    handover.runner.close()
    handover.desk.nursery.close()
    other = Handover(Path(handover.desk.root))
    other.start(1, candidate=False)
    other.says(1, report="ready", server="bind", app=False)
    await other.desk.next(ReadyReport)
    other.start(2, candidate=True)
    other.take_over()
    waiting = asyncio.ensure_future(other.hears(2))
    await asyncio.sleep(0)  # the handover has its turn
    assert [(s["id"], s["signal"]) for s in other.signals] == [(1, signal.SIGTERM)]
    assert other.heard_nothing(1)
    other.desk.hear("exited", spawn=1, code=0, signal=None)
    assert await waiting == "go"
    other.runner.close()
    other.desk.nursery.close()


async def test_a_stop_signals_the_process_that_is_meant(handover: Handover) -> None:
    handover.runner.signal(2, "TERM")
    handover.runner.signal(3, "TERM")  # there is none
    assert [(s["id"], s["signal"]) for s in handover.signals] == [(2, signal.SIGTERM)]


async def test_an_answer_of_another_process_says_nothing_of_this_one(handover: Handover) -> None:
    handover.desk.reports.clear()
    run = handover.runner._runs[1]  # noqa: SLF001 -- whose probes these are
    run._questions.heard(ProbeResult(ok=True, why="answered", epoch="7"))  # noqa: SLF001
    assert handover.desk.reports == []
    run._questions.heard(ProbeResult(ok=True, why="answered", epoch="1"))  # noqa: SLF001
    assert handover.desk.reports != []


async def test_a_server_that_is_not_ours_is_ready_when_all_its_workers_are(tmp_path: Path) -> None:
    other = Handover(tmp_path)
    other.server = "gunicorn"
    other.start(1, candidate=False)
    asked = other.desk.nursery.asked[0]
    assert asked["argv"][2:] == ["gunicorn", "users:app"]
    assert "DYNAPORT_FRESH" not in asked["env"]
    other.says(1, report="worker", pid=7, scheme="http")
    other.says(1, report="worker", pid=7, scheme="http")
    other.says(1, report="error", why="not yet", again=True)
    assert not [r for r in other.desk.reports if isinstance(r, ReadyReport)]
    other.says(1, report="worker", pid=8, scheme="http")
    await other.desk.next(Overheard)
    await other.desk.next(ReadyReport)
    other.start(2, candidate=True)
    assert other.desk.nursery.asked[-1]["env"]["DYNAPORT_FRESH"] == "1"
    other.says(2, report="unhooked")
    assert (await other.desk.next(Unheard)).run == 2
    other.runner.close()
    other.desk.nursery.close()
