"""What becomes of one start of one service."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from dynaport_tui.engine.logs import ServiceLog
from dynaport_tui.engine.process import ReportChannel, Serves, Told
from dynaport_tui.engine.runner import Runner
from dynaport_tui.model.launch import Launch
from dynaport_tui.model.reports import Answered, Exited, Gone, Start
from dynaport_tui.model.spec import Kind, LogSpec, ProbeSpec, ServiceSpec
from tests.fakes import FakeDesk

ALIVE = ProbeSpec(kind="alive")


@pytest.fixture
async def desk(tmp_path: Path) -> FakeDesk:
    return FakeDesk(tmp_path)


def runner(desk: FakeDesk, kind: Kind = "command", health: ProbeSpec = ALIVE) -> Runner:
    log = ServiceLog("users", Path(desk.root) / "logs", LogSpec(), lambda _service, _last: None)
    return Runner(spec(desk, kind, health), log, desk)


def spec(desk: FakeDesk, kind: Kind, health: ProbeSpec) -> ServiceSpec:
    return ServiceSpec(
        id="users", name="users", kind=kind, target="run", cwd=desk.root, health=health
    )


def start(desk: FakeDesk, kind: Kind = "command") -> Start:
    launch = Launch(kind=kind, argv=("run",), python="/usr/bin/python3", cwd=desk.root, env={})
    return Start(service="users", run=1, epoch=1, launch=launch, fresh=False)


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@contextmanager
def only(more: int) -> Iterator[None]:
    """So many descriptors can be opened, and no further one."""
    spare = [os.dup(0) for _ in range(more + 1)]
    for fd in spare:
        os.close(fd)
    old, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare[-1], hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (old, hard))


@pytest.mark.parametrize("descriptors", range(8))
@pytest.mark.parametrize("kind", ["command", "script"])
async def test_a_start_without_descriptors_fails_says_why_and_leaves_none_open(
    desk: FakeDesk, kind: Kind, descriptors: int
) -> None:
    service = runner(desk, kind)
    before = open_files()
    with only(descriptors):
        service.start(start(desk, kind))
    if desk.nursery.asked:
        service.close()
    else:
        (report,) = desk.reports
        assert isinstance(report, Exited)
        assert "no file descriptor left" in str(report.exit.error)
        assert report.again
        assert not desk.routes
        service.close()
    assert open_files() == before


async def test_only_what_runs_in_python_of_ours_is_started_cold(desk: FakeDesk) -> None:
    kinds: tuple[Kind, ...] = ("command", "script")
    for kind in kinds:
        service = runner(desk, kind)
        action = start(desk, kind)
        service.start(replace(action, launch=replace(action.launch, warm=False)))
        service.close()
    assert [asked["cold"] for asked in desk.nursery.asked] == [False, True]


async def test_a_report_that_is_nonsense_is_passed_over() -> None:
    heard: list[Told] = []
    came = asyncio.Event()

    def hear(told: Told) -> None:
        heard.append(told)
        came.set()

    channel = ReportChannel(hear)
    nonsense = b'{"report": "files"}\n[]\n{"report": "error", "why": 5}\n\xff\n{"report": "new"}\n'
    channel.theirs.send(nonsense + b'{"report": "ready", "server": "x", "app": false}\n')
    async with asyncio.timeout(5):
        await came.wait()
    channel.close()
    assert heard == [Serves(app=False)]


async def test_a_script_that_listens_to_nothing_is_ready_after_a_second(desk: FakeDesk) -> None:
    service = runner(desk, "script")
    service.start(start(desk, "script"))
    desk.hear("spawned", pid=4242)
    assert await desk.next(Answered) == Answered(
        service="users", epoch=1, why="alive for one second"
    )
    service.close()


async def test_a_new_way_to_ask_is_of_no_concern_to_a_process_that_ended(desk: FakeDesk) -> None:
    service = runner(desk, "command")
    service.start(start(desk))
    desk.hear("spawned", pid=4242)
    desk.hear("exited", code=0, signal=None)
    desk.hear("gone")
    await desk.next(Gone)
    before = len(desk.reports)
    tasks = asyncio.all_tasks()
    service.respec(spec(desk, "command", ProbeSpec(kind="http", path="/")))
    assert asyncio.all_tasks() == tasks
    assert len(desk.reports) == before
    service.close()
