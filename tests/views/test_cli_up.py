"""`up` and `test`, as far as they can be tried without a process."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import pytest

from dynaport_tui.cli import foreground
from dynaport_tui.cli.follow import follow
from dynaport_tui.cli.here import Here
from dynaport_tui.control.client import Client
from dynaport_tui.engine.engine import Engine, Options
from dynaport_tui.headless import Stream
from dynaport_tui.model.machine import State
from tests.fakes import FakeEngine, ServedEngine, status
from tests.project import Project
from tests.views.conftest import Command


class Quiet:
    """A view that shows nothing until the engine ends."""

    gone = None

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.hurried = False

    def end_soon(self) -> None:
        """Remember it."""
        self.hurried = True

    async def run(self) -> None:
        """Until the end."""
        async for _ in self._engine.subscribe():
            pass


class Broken(Quiet):
    """A view with a bug."""

    async def run(self) -> None:
        """Not for long."""
        raise ZeroDivisionError("a bug")


def run(engine: FakeEngine, view: type[Quiet] | None = None, **options: Any) -> int:
    """The foreground with fakes in both places."""

    def attach(_: Engine) -> Stream:
        assert view is not None
        return cast(Stream, view(engine))

    return foreground.run(cast(Engine, engine), attach if view else None, **options)


@pytest.fixture
def engine(private: Path) -> FakeEngine:
    made = FakeEngine(status("users"))
    made.socket_path = private / "sock"
    return made


def test_the_exit_code_is_the_engines_and_the_socket_is_open_meanwhile(
    engine: FakeEngine,
) -> None:
    seen: list[str] = []

    def listening(_: Engine) -> None:
        threading.Thread(target=look).start()

    def look() -> None:
        client = Client(engine.socket_path)
        seen.append(client.snapshot().project.name)
        client.down()

    assert run(engine, Quiet, listening=listening) == 0
    assert seen == ["shop"]
    assert not engine.socket_path.exists()


def test_an_engine_without_a_socket_runs_on_and_says_so(
    engine: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.socket_path = engine.socket_path.with_name("x" * 120)

    async def work(_: Engine) -> int:
        return 4

    assert run(engine, Quiet, work=work) == 4
    assert "error: no control socket at " in capsys.readouterr().err


def test_a_view_with_a_bug_stops_the_engine_and_the_bug_is_not_swallowed(
    engine: FakeEngine,
) -> None:
    with pytest.raises(ZeroDivisionError):
        run(engine, Broken)
    assert engine.downs == 1


def test_the_code_of_what_runs_beside_wins_and_the_engine_is_stopped(engine: FakeEngine) -> None:
    async def work(running: Engine) -> int:
        assert await running.wait_ready()
        return await running.execute(["pytest"])

    assert run(engine, work=work) == 7
    assert engine.downs == 1


def test_a_second_up_starts_what_was_asked_for_and_follows(
    served: ServedEngine, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    def go_on() -> None:
        served.watched()
        served.do(lambda: served.engine.say("users", "hello"))
        served.do(lambda: served.engine.move("users", State.FAILED, "exit 1"))
        served.do(lambda: served.engine.end(1, "users failed: exit 1"))

    thread = threading.Thread(target=go_on)
    thread.start()
    options = Options(file=project.file, services=("orders",))
    code = follow(Here(str(project.file)), 4242, options, "text")
    thread.join()

    out, err = capsys.readouterr()
    assert code == 1
    assert served.engine.acts == [("start", ["orders.1", "orders.2"])]
    assert err.startswith("dynaport: runs already (engine pid 4242): following it")
    assert "| hello" in out
    assert out.endswith("dynaport | ended: users failed: exit 1\n")


def test_a_second_up_says_that_its_profile_does_not_count(
    served: ServedEngine, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    def end() -> None:
        served.watched()
        served.do(lambda: served.engine.end(0, "asked to stop"))

    thread = threading.Thread(target=end)
    thread.start()
    options = Options(file=project.file, profiles=("prod",))
    follow(Here(str(project.file)), None, options, "text")
    thread.join()

    assert "--profile is left out: it runs with profiles none" in capsys.readouterr().err


@pytest.mark.parametrize("args", [["test"], ["test", "users"], ["test", "--"]])
def test_a_test_without_a_command_is_a_usage_error(run: Command, args: list[str]) -> None:
    said = run(*args)

    assert said.code == 2
    assert "say what to run" in said.err
