"""The engine that `up` starts belongs to its dashboard, until that lets it go."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, Running, wait_until

STAND_IN = (sys.executable, "-P", str(Path(__file__).with_name("stand_in.py")))
TERMINAL = {"TERM": "xterm-256color"}

ORDER = {
    "services.toml": """
        [services.db]
        command = ["python3", "works.py", "db"]
        health = { log = "up" }
        [services.users]
        command = ["python3", "works.py", "users"]
        health = { log = "up" }
        port = false
        depends_on = ["db"]
    """,
    "works.py": """
        import pathlib, signal, sys, time

        def stop(number, frame):
            with pathlib.Path("stopped").open("a") as file:
                file.write(sys.argv[1] + "\\n")
            sys.exit()

        signal.signal(signal.SIGTERM, stop)
        print("up", flush=True)
        while True:
            time.sleep(0.05)
    """,
}
"""Two services that write down in which order they are stopped."""

DEAF = """
    [services.deaf]
    command = "trap '' TERM; echo up; while :; do sleep 0.1; done"
    health = { log = "up" }
    stop_grace = 60
    port = false
"""

DONE = """
    [services.once]
    command = "true"
    task = true
    [services.broken]
    command = "exit 3"
    port = false
    restart = "never"
"""


@pytest.fixture
def dynaport(project: Project, private: Path) -> Iterator[Dynaport]:
    """The command, with a stand-in for the dashboard."""
    command = Dynaport(project.folder, private, STAND_IN)
    yield command
    if command.left():
        command.run("down")
    command.close()


def up(dynaport: Dynaport, *args: str) -> Running:
    """`up` in a terminal, as soon as its dashboard has something to show."""
    running = dynaport.start("up", *args, terminal=True, env=TERMINAL)
    running.wait_for_line("^note")
    return running


def stopped(project: Project) -> list[str]:
    """Who was stopped in order."""
    file = project.folder / "stopped"
    return file.read_text().split() if file.exists() else []


def test_the_first_picture_shows_real_data(project: Project, dynaport: Dynaport) -> None:
    project(ORDER)
    running = up(dynaport)
    line = running.wait_for_line("^first")
    dynaport.wait_until_ready()
    assert line == f"first db:{dynaport.service('db')['port']} users:None"
    assert running.wait_for_line("^owner") == "owner True"


def test_a_dashboard_that_is_killed_takes_the_services_with_it_in_order(
    project: Project, dynaport: Dynaport
) -> None:
    project(ORDER)
    running = up(dynaport)
    dynaport.wait_until_ready()
    running.send(signal.SIGKILL)
    dynaport.wait_until_nothing_is_left()
    assert stopped(project) == ["users", "db"]


def test_a_terminal_that_goes_away_stops_the_services_in_order(
    project: Project, dynaport: Dynaport
) -> None:
    project(ORDER)
    running = up(dynaport)
    dynaport.wait_until_ready()
    running.hang_up()
    dynaport.wait_until_nothing_is_left()
    assert stopped(project) == ["users", "db"]


def test_one_that_was_let_go_lives_on(project: Project, dynaport: Dynaport) -> None:
    project(ORDER)
    running = up(dynaport)
    dynaport.wait_until_ready()
    before = dynaport.pids()
    running.type("detach\n")
    out = running.wait().expect(0).out
    assert re.search(r"runs on in the background \(engine pid \d+\)", out)
    assert "`dynaport attach`" in out
    assert "`dynaport down`" in out
    assert dynaport.pids() == before
    dynaport.run("down").expect(0)
    assert stopped(project) == ["users", "db"]


def test_it_waits_for_an_orderly_stop(project: Project, dynaport: Dynaport) -> None:
    project(ORDER)
    running = up(dynaport)
    dynaport.wait_until_ready()
    running.type("stop\n")
    running.wait().expect(0)
    assert stopped(project) == ["users", "db"]
    dynaport.wait_until_nothing_is_left(0.5)


def test_one_that_ends_for_a_reason_of_its_own_stops_the_engine_too(
    project: Project, dynaport: Dynaport
) -> None:
    project(ORDER)
    running = up(dynaport)
    dynaport.wait_until_ready()
    running.type("raise\n")
    running.wait().expect(130)
    assert stopped(project) == ["users", "db"]


def test_a_kill_does_not_wait(project: Project, dynaport: Dynaport) -> None:
    project({"services.toml": DEAF})
    running = up(dynaport)
    dynaport.wait_until_ready()
    running.type("kill\n")
    running.wait(10).expect(130)
    dynaport.wait_until_nothing_is_left(1)


def test_ctrl_c_kills_while_an_orderly_stop_takes_its_time(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": DEAF})
    running = up(dynaport)
    dynaport.wait_until_ready()
    running.type("stop\n")
    running.wait_for_line("are being stopped; Ctrl-C kills what is left")
    running.interrupt()
    running.wait(10).expect(130)


def test_neither_a_failure_nor_that_all_is_done_ends_it(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": DONE})
    running = up(dynaport)
    dynaport.wait_for_state("once", "DONE")
    dynaport.wait_for_state("broken", "FAILED")
    project({"services.toml": DONE.split("[services.broken]")[0]})
    wait_until(lambda: len(dynaport.look()["services"]) == 1, what="the file is taken in")
    assert dynaport.look()["project"]["state"] == "ready"
    running.type("stop\n")
    running.wait().expect(0)


def test_a_deadline_that_passes_is_the_code_of_the_run(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": '[services.slow]\ncommand = "sleep 600"\nhealth = { log = "up" }\n'})
    running = up(dynaport, "--timeout", "0.5")
    wait_until(lambda: not dynaport_lives(dynaport), what="the engine has ended")
    running.type("gone\n")
    running.wait().expect(3)


def dynaport_lives(dynaport: Dynaport) -> bool:
    """Whether an engine runs, so that its pid was given back when not."""
    return any("--owner-line" in " ".join(process.cmdline()) for process in dynaport.left())


def test_an_engine_that_was_killed_is_started_again_and_belongs_to_us_as_well(
    project: Project, dynaport: Dynaport
) -> None:
    project(ORDER)
    running = up(dynaport)
    dynaport.wait_until_ready()
    old = dynaport.look()["project"]["engine_pid"]
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{old}").exists(), what="its pid is given back")
    running.type("again\n")
    running.wait_for_line("^did again")
    dynaport.wait_until_ready()
    assert dynaport.look()["project"]["engine_pid"] != old
    running.send(signal.SIGKILL)
    dynaport.wait_until_nothing_is_left()
    assert stopped(project) == ["users", "db"]


def test_why_it_cannot_be_started_again_is_told(project: Project, dynaport: Dynaport) -> None:
    project(ORDER)
    running = up(dynaport)
    dynaport.wait_until_ready()
    project({"services.toml": "[services.db]\ncomand = 'true'\n"})
    os.kill(dynaport.look()["project"]["engine_pid"], signal.SIGKILL)
    running.type("again\n")
    assert "comand" in running.wait_for_line("^refused:")
    running.type("gone\n")
    assert "the engine was killed" in running.wait().expect(1).out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[services.db]\ncomand = 'true'\n", 2),
        ('[services.db]\ncommand = "true"\nport = 20001\n', 4),
        ("", 2),
    ],
)
def test_what_cannot_begin_is_told_before_the_dashboard_opens(
    text: str, code: int, project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": text})
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 20001 if code == 4 else 0))
        taken.listen()
        in_stream = dynaport.run("up", "--no-tui").expect(code)
        running = dynaport.start("up", terminal=True, env=TERMINAL)
        out = running.wait().expect(code).out
    assert "first" not in out
    assert re.sub(r"\x1b\[\d*m", "", out) == in_stream.err


def test_a_second_up_asks_the_first_engine_and_leaves_it(
    project: Project, dynaport: Dynaport
) -> None:
    project(ORDER)
    dynaport.run("up", "-d", "db").expect(0)
    running = up(dynaport, "users")
    assert "runs already (engine pid" in running.out
    assert "owner False" in running.out
    dynaport.wait_for_state("users", "READY")
    running.type("leave\n")
    assert "keeps running; `dynaport down` stops it" in running.wait().expect(0).out
    assert dynaport.service("users")["state"] == "READY"


def test_attach_shows_what_runs(project: Project, dynaport: Dynaport) -> None:
    project(ORDER)
    assert "no engine runs" in dynaport.run("attach").expect(5).err
    dynaport.run("up", "-d").expect(0)
    running = dynaport.start("attach", terminal=True, env=TERMINAL)
    running.wait_for_line(r"^first db:\d+")
    dynaport.wait_until_ready()
    running.type("stop\n")
    assert re.search(r"shop-\w+ has stopped\r?\n", running.wait().expect(0).out)
    dynaport.wait_until_nothing_is_left()
    assert stopped(project) == ["users", "db"]


def test_attach_starts_an_engine_again_that_lives_by_itself(
    project: Project, dynaport: Dynaport
) -> None:
    project(ORDER)
    dynaport.run("up", "-d").expect(0)
    running = dynaport.start("attach", terminal=True, env=TERMINAL)
    running.wait_for_line("^note")
    os.kill(dynaport.look()["project"]["engine_pid"], signal.SIGKILL)
    running.type("again\n")
    running.wait_for_line("^did again")
    running.type("leave\n")
    running.wait().expect(0)
    dynaport.wait_until_ready()


def test_attach_without_a_terminal_shows_the_stream(project: Project, dynaport: Dynaport) -> None:
    project(ORDER)
    dynaport.run("up", "-d").expect(0)
    stream = dynaport.start("attach")
    stream.wait_for_line("showing the plain stream", stream="err")
    dynaport.run("down").expect(0)
    assert "ended: asked to stop" in stream.wait().expect(0).out
