"""What becomes of one start of one service."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from dynaport_tui.engine.logs import ServiceLog
from dynaport_tui.engine.process import ReportChannel, Serves, Told
from dynaport_tui.engine.runner import Runner
from dynaport_tui.model.launch import Launch
from dynaport_tui.model.reports import Answered, Exited, Gone, ReadyReport, Spawned, Start
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


def notify(desk: FakeDesk, *messages: bytes) -> None:
    """What the service of the newest start sends as sd_notify(3) does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(desk.nursery.asked[-1]["env"]["NOTIFY_SOCKET"])
        for message in messages:
            sender.send(message)


async def test_a_service_that_says_it_is_ready_is_believed(desk: FakeDesk) -> None:
    service = runner(desk)
    service.start(start(desk))
    desk.hear("spawned", pid=4242)
    notify(desk, b"READY=1\nSTATUS=42 jobs\n")
    assert await desk.next(ReadyReport) == ReadyReport(service="users", run=1, why="42 jobs")
    service.close()


async def test_one_that_is_ready_at_once_is_so_when_its_pid_is_known(desk: FakeDesk) -> None:
    service = runner(desk)
    service.start(start(desk))
    # What came first is told first: the status shows that READY=1 was heard.
    notify(desk, b"READY=1", b"STATUS=42 jobs")
    await desk.came.wait()
    assert desk.sayings == ["42 jobs"]
    assert desk.reports == []
    desk.hear("spawned", pid=4242)
    assert [type(report) for report in desk.reports] == [Spawned, ReadyReport]
    service.close()


async def test_one_that_services_toml_asks_itself_is_not_believed_but_heard(
    desk: FakeDesk,
) -> None:
    service = runner(desk, health=ProbeSpec(kind="http", path="/healthz"))
    service.start(start(desk))
    notify(desk, b"READY=1\nSTATUS=42 jobs", b"STOPPING=1", b"WATCHDOG=1")
    await desk.came.wait()
    assert desk.sayings == ["42 jobs"]
    assert desk.reports == []
    service.close()


async def test_a_status_is_one_short_line_without_control_codes(desk: FakeDesk) -> None:
    service = runner(desk)
    service.start(start(desk))
    notify(desk, b"STATUS=\x1b[2J\x1b]0;mine\x07\x1b[31mred\xff " + b"x" * 1000)
    await desk.came.wait()
    (said,) = desk.sayings
    assert said.startswith("red\ufffd xxx")
    assert len(said) == 200
    service.close()


async def test_of_a_flood_of_statuses_the_first_and_the_last_are_passed_on(
    desk: FakeDesk,
) -> None:
    service = runner(desk)
    service.start(start(desk))
    notify(desk, b"STATUS=first", b"STATUS=second", b"STATUS=third", b"STATUS=last")
    async with asyncio.timeout(5):
        while len(desk.sayings) < 2:
            desk.came.clear()
            await desk.came.wait()
    assert desk.sayings == ["first", "last"]
    service.close()


async def test_each_start_finds_the_held_socket_as_it_was_first(desk: FakeDesk, port: int) -> None:
    service = runner(desk, "app")
    action = start(desk, "app")
    action = replace(action, launch=replace(action.launch, held=True, port=port))
    service.start(action)
    assert service.held is not None
    with socket.socket(fileno=os.dup(service.held.fileno())) as program:
        program.setblocking(True)
        program.shutdown(socket.SHUT_RD)  # on Linux it then listens no more
        desk.hear("failed", error="it ended")
        service.start(action)
        assert not os.get_blocking(program.fileno())
        socket.create_connection(("127.0.0.1", port)).close()
    service.close()
