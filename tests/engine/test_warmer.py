"""What the engine has a nursery import, and try, as it learns what services need."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from dynaport_tui.engine import warmer as module
from dynaport_tui.engine.nursery import Nursery
from dynaport_tui.engine.packages import Installed
from dynaport_tui.engine.warmer import Warmer, today
from dynaport_tui.model.learned import MANY, Memory, heard
from tests.fakes import FakeNursery

ENVIRONMENT = {"HOME": "/home/u", "LEVEL": "low"}
DEADLINE = 5.0


class Bench:
    """A warmer between a nursery that does nothing and a memory."""

    def __init__(self, folder: Path, *services: str, **imports: list[str]) -> None:
        self.nursery, self.memory = FakeNursery(), Memory()
        self.nursery.env = dict(ENVIRONMENT)
        self.changes = 0
        for service, modules in imports.items():
            heard(self.memory, service, modules, [], today())
        self.installed = Installed(sys.executable, [str(folder)])
        self.services = dict.fromkeys(services, ENVIRONMENT)

    def begin(self) -> Warmer:
        nursery = cast("Nursery", self.nursery)
        services = self.services
        return Warmer(nursery, self.memory, self.installed, services, services, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    async def asked(self, op: str, key: str) -> dict[str, Any]:
        """The newest frame of a kind that has this key, as soon as there is one."""
        async with asyncio.timeout(DEADLINE):
            while not (found := [f for f in self.nursery.asked if f["op"] == op and key in f]):
                self.nursery.hears.clear()
                await self.nursery.hears.wait()
        return found[-1]


def tried(*modules: str, done: bool = True, **fields: Any) -> dict[str, Any]:
    """What a nursery says after a trial."""
    verdict = {"ms": 1.0, "reads": [], "why": None, "fails": False, **fields}
    verdicts = [{"module": name, **verdict} for name in modules]
    return {"event": "tried", "verdicts": verdicts, "done": done}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CALM", 0.001)


async def test_what_a_service_imports_is_tried_and_then_imported(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "users")
    warmer = bench.begin()
    warmer.learn("users", ["sqlalchemy", "grpc"], [])
    assert (await bench.asked("try", "modules"))["modules"] == ["sqlalchemy", "grpc"]
    warmer.heard(tried("sqlalchemy", done=False))
    warmer.heard(tried("grpc", why="starts a thread"))
    frame = await bench.asked("preload", "needs")
    assert frame["needs"] == {"users": ["sqlalchemy"]}
    assert bench.memory.verdicts["grpc"].why == "starts a thread"
    warmer.close()


async def test_after_a_library_that_is_left_alone_the_others_are_tried_without_it(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, "users", users=["bad", "good"])
    warmer = bench.begin()
    assert (await bench.asked("try", "modules"))["modules"] == ["bad", "good"]
    warmer.heard(tried("bad", why="prints"))
    last = bench.nursery.asked[-1]
    assert (last["op"], last["modules"], last["without"]) == ("try", ["good"], {"bad": "prints"})
    warmer.close()


async def test_a_nursery_is_asked_at_once_for_what_its_services_need(tmp_path: Path) -> None:
    first = Bench(tmp_path, "users", users=["lib"])
    warmer = first.begin()
    warmer.heard(tried("lib"))
    warmer.close()
    second = Bench(tmp_path, "users", "orders")
    second.memory = first.memory
    second.begin().close()
    assert second.nursery.asked[0]["needs"] == {"users": ["lib"]}


async def test_many_services_wait_until_what_they_share_was_tried(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(MANY)]
    bench = Bench(tmp_path, *names, "other", **{name: ["lib"] for name in names})
    warmer = bench.begin()
    hold, question = bench.nursery.asked
    assert hold["hold"] == names
    assert (question["modules"], question["urgent"]) == (["lib"], True)
    warmer.heard(tried("lib"))
    needs, free = bench.nursery.asked[2:]
    assert needs["needs"] == {name: ["lib"] for name in names}
    assert free["free"] == names
    warmer.close()


async def test_nobody_waits_for_ever_for_a_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELD", 0.01)
    names = [f"s{number}" for number in range(MANY)]
    bench = Bench(tmp_path, *names, **{name: ["lib"] for name in names})
    warmer = bench.begin()
    assert (await bench.asked("preload", "free"))["free"] == names
    warmer.close()


async def test_few_services_do_not_wait(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "users", "orders", users=["lib"], orders=["lib"])
    bench.begin().close()
    assert bench.nursery.asked == []


async def test_a_service_fits_as_long_as_it_has_the_values_that_were_read(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "users", users=["lib"])
    warmer = bench.begin()
    warmer.heard(tried("lib", reads=["LEVEL"]))
    assert warmer.fits({"users": ENVIRONMENT})
    assert not warmer.fits({"users": {**ENVIRONMENT, "LEVEL": "high"}})
    assert warmer.fits({"users": {**ENVIRONMENT, "HOME": "/elsewhere"}})
    warmer.heard({"event": "imported", "reads": {"lib": ["HOME"]}})
    assert not warmer.fits({"users": {**ENVIRONMENT, "HOME": "/elsewhere"}})
    assert bench.memory.verdicts["lib"].reads == ["HOME", "LEVEL"]
    warmer.close()


async def test_a_service_that_sets_what_was_read_fits_no_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "users", users=["lib"])
    warmer = bench.begin()
    warmer.heard(tried("lib", reads=["LEVEL"]))
    assert warmer.learn("users", [], ["LEVEL", "OTHER"]) == ["LEVEL"]
    assert warmer.learn("users", [], ["LEVEL", "OTHER"]) == []
    assert not warmer.fits({"users": ENVIRONMENT})
    warmer.close()


async def test_no_service_fits_after_packages_changed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "users", users=["lib"])
    warmer = bench.begin()
    warmer.heard(tried("lib"))
    assert warmer.fits({"users": ENVIRONMENT})
    (tmp_path / "lib-2.0.dist-info").mkdir()
    assert not warmer.fits({"users": ENVIRONMENT})
    warmer.close()
    bench.begin().close()
    assert bench.memory.verdicts == {}


async def test_an_interpreter_tells_where_its_packages_are(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "users")
    bench.installed = Installed(sys.executable)
    warmer = bench.begin()
    warmer.heard({"event": "hello", "sites": [str(tmp_path)]})
    assert bench.memory.sites == [str(tmp_path)]
    assert bench.memory.packages
    assert warmer.fits({"users": ENVIRONMENT})
    warmer.close()
