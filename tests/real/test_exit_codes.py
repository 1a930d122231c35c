"""How runs end: every exit code, and what a person reads then."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.project import Project
from tests.real.harness import DEADLINE, Dynaport, free_port, wait_until

TWO = {
    "services.toml": """
        [services.db]
        command = "echo up; exec sleep 600"
        health = { log = "up" }
        port = false
        [services.users]
        command = "echo up; exec sleep 600"
        health = { log = "up" }
        port = false
        depends_on = ["db"]
    """
}
"""Two services that are ready at once and stay."""

ONE_BREAKS = {
    "services.toml": """
        [services.steady]
        command = "echo up; exec sleep 600"
        health = { log = "up" }
        port = false
        [services.broken]
        command = ["python3", "broken.py"]
        port = false
        restart = "never"
        depends_on = ["steady"]
        [services.behind]
        command = "sleep 600"
        port = false
        depends_on = ["broken"]
    """,
    "broken.py": """
        def connect():
            raise ConnectionError("no database at /var/db")

        connect()
    """,
}
"""One that stays, one that fails for good, and one that waits for it."""

A_WEB_APP = {
    "services.toml": """
        [services.users]
        app = "users:app"
    """,
    "users.py": """
        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"alive"]
    """,
}

FIVE_MISTAKES = """
    [services.users]
    ap = "users:app"
    [services.orders]
    command = "sleep 600"
    port = "five thousand"
    restart = "sometimes"
    depends_on = ["usres"]
    stop_grace = "soon"
"""


def order_of(text: str, what: str) -> list[str]:
    """The services of the lines `dynaport | NAME is WHAT`, as they came."""
    return re.findall(rf"dynaport \| (\w+) is {what}", text)


# ---- 0


def test_0_when_every_service_is_done(project: Project, dynaport: Dynaport) -> None:
    project(
        {
            "services.toml": """
                [services.migrate]
                command = "echo migrated"
                task = true
                [services.seed]
                command = "echo seeded"
                task = true
                depends_on = ["migrate"]
            """
        }
    )
    out = dynaport.run("up", "--no-tui").expect(0).out
    assert out.index("| migrated") < out.index("| seeded")
    assert out.endswith("dynaport | ended: every service is done\n")


def test_0_when_everything_was_ready_and_no_more_was_asked_for(
    project: Project, dynaport: Dynaport
) -> None:
    project(TWO)
    out = dynaport.run("up", "--no-tui", "--exit-when-ready").expect(0).out
    assert order_of(out, "ready")[:2] == ["db", "users"]
    assert order_of(out, "stopped") == ["users", "db"]
    assert out.endswith("dynaport | ended: everything was ready\n")


def test_0_of_a_run_in_the_background_and_of_its_end(project: Project, dynaport: Dynaport) -> None:
    project(TWO)
    up = dynaport.run("up", "-d").expect(0)
    assert f"{project.name} runs in the background (engine pid " in up.out
    assert dynaport.run("down").expect(0).err == f"dynaport: {project.name} is down\n"
    dynaport.wait_until_nothing_is_left()


# ---- 1


def test_1_as_soon_as_a_service_failed_for_good(project: Project, dynaport: Dynaport) -> None:
    project(ONE_BREAKS)
    finished = dynaport.run("up", "--no-tui").expect(1)
    cause = "broken failed: ConnectionError: no database at /var/db  broken.py:2 (exit 1 after"
    *before, last = finished.out.splitlines()
    assert f"ended: {cause}" in last
    assert any(f"dynaport | {cause}" in line for line in before)
    assert order_of(finished.out, "stopped") == ["steady"]
    assert "behind" not in order_of(finished.out, "starting")
    assert finished.out.count('raise ConnectionError("no database') == 2, "at once, and at the end"


def test_keep_going_goes_on_when_a_service_failed(project: Project, dynaport: Dynaport) -> None:
    project(ONE_BREAKS)
    stream = dynaport.start("up", "--no-tui", "--keep-going", "--no-watch")
    stream.wait_for_line(r"behind waits for broken, which is broken: ConnectionError")
    assert dynaport.look()["project"]["state"] == "degraded"
    assert dynaport.service("steady")["state"] == "READY"
    stream.interrupt()
    finished = stream.wait().expect(130)
    assert "broken failed: ConnectionError" in finished.out.partition("steady is stopped")[2]


def test_1_when_nothing_is_left_that_could_keep_going(project: Project, dynaport: Dynaport) -> None:
    project(
        {
            "services.toml": """
                [services.broken]
                command = "echo no database >&2; exit 4"
                port = false
                restart = "never"
                [services.behind]
                command = "sleep 600"
                port = false
                depends_on = ["broken"]
                [services.task]
                command = "echo done"
                task = true
            """
        }
    )
    finished = dynaport.run("up", "--no-tui", "--keep-going", "--no-watch").expect(1)
    assert "ended: broken failed: “no database” (exit 4 after" in finished.out
    assert "task is done" in finished.out


# ---- 2


MISTYPED = {
    "upp": "there is no command 'upp'. Did you mean \"up\"?",
    "up --nowatch": "Did you mean '--no-watch'?",
    "up --timeout soon": "'soon': no duration; write seconds, or 500ms, 1m30s",
    "up --profile prod": 'there is no profile "prod"',
    "up user": "no service 'user': did you mean users?",
    "test user -- true": "no service 'user': did you mean users?",
    "test users": "say what to run: dynaport test [SERVICE]... -- CMD...",
    "stop": "name a service, or say --all",
    "-C nowhere ps": "nowhere is no folder",
    "-f no.toml ps": "no.toml does not exist",
}
"""A command line -> what is said of it."""


def test_2_for_a_mistyped_command(project: Project, dynaport: Dynaport) -> None:
    project(TWO)
    for command, running in {c: dynaport.start(*c.split()) for c in MISTYPED}.items():
        finished = running.wait(60).expect(2)
        assert MISTYPED[command] in finished.err
        assert finished.out == ""


@pytest.mark.parametrize("args", [["up", "--no-tui"], ["up", "-d"], ["test", "--", "true"]])
def test_2_for_a_broken_services_toml_with_all_that_is_wrong(
    project: Project, dynaport: Dynaport, args: list[str]
) -> None:
    project({"services.toml": FIVE_MISTAKES})
    finished = dynaport.run(*args).expect(2)
    lines = finished.err.splitlines()
    assert [re.findall(r"error: services.toml:(\d+): (\S+):", line) for line in lines] == [
        [("2", "services.users.ap")],
        [("5", "services.orders.port")],
        [("6", "services.orders.restart")],
        [("7", "services.orders.depends_on[0]")],
        [("8", "services.orders.stop_grace")],
    ]
    assert 'Write "app".' in lines[0]
    assert 'Did you mean "users"?' in lines[3]
    assert finished.out == ""


def test_2_without_a_services_toml_says_what_to_write(project: Project, dynaport: Dynaport) -> None:
    finished = dynaport.run("up", "--no-tui").expect(2)
    assert f"no services.toml in {project.folder} or above it" in finished.err
    example = finished.err[finished.err.index("[services") : finished.err.index("then run")]
    project({"services.toml": example, "app.py": A_WEB_APP["users.py"]})
    dynaport.run("check").expect(0)


# ---- 3


def test_3_names_what_is_not_ready_and_why(project: Project, dynaport: Dynaport) -> None:
    project(
        {
            "services.toml": """
                [services.slow]
                command = "exec sleep 600"
                port = false
                health = { log = "listening" }
                [services.behind]
                command = "sleep 600"
                port = false
                depends_on = ["slow"]
                [services.fine]
                command = "echo up; exec sleep 600"
                health = { log = "up" }
                port = false
            """
        }
    )
    finished = dynaport.run("up", "--no-tui", "--timeout", "500ms").expect(3)
    end = finished.out.splitlines()[-1]
    assert "ended: not ready within 0.5 s: " in end
    assert "slow: " in end
    assert "behind: waits for slow, which is not ready yet" in end
    assert "fine: " not in end
    dynaport.wait_until_nothing_is_left()


# ---- 4

HOLD = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.create_server((sys.argv[1], int(sys.argv[2])), family=family):
    print("holding", flush=True)
    sys.stdin.read()
"""

KINDS = {
    "held": 'app = "users:app"',
    "its own": 'command = ["python3", "-m", "http.server", "$PORT"]',
}


@contextmanager
def outsider(folder: Path, host: str, port: int) -> Iterator[int]:
    """A program that listens on the port; its pid."""
    argv = [sys.executable, "hold.py", host, str(port)]
    (folder / "hold.py").write_text(HOLD)
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, cwd=folder, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"holding\n"
        yield process.pid
        process.kill()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1"])
@pytest.mark.parametrize("kind", KINDS)
def test_4_names_the_outsider_that_has_a_pinned_port(
    project: Project, dynaport: Dynaport, kind: str, host: str
) -> None:
    port = free_port()
    text = f"[services.users]\nport = {port}\n{KINDS[kind]}\n"
    project({"services.toml": text, "users.py": A_WEB_APP["users.py"]})
    with outsider(project.folder, host, port) as pid:
        finished = dynaport.run("up", "--no-tui").expect(4)
    assert finished.out == "", "nothing was started"
    assert re.fullmatch(
        rf"error: port {port} of users is held by "
        rf"pid {pid} \(\S*python\S* hold.py {host} {port}\)\. "
        rf"End it with `kill {pid}`, or give users another `port` in services.toml\.\n",
        finished.err,
    )


def test_4_of_a_leased_port_names_a_remedy_that_works(project: Project, dynaport: Dynaport) -> None:
    project(A_WEB_APP)
    dynaport.run("up", "-d").expect(0)
    port = dynaport.service("users")["port"]
    dynaport.run("down").expect(0)
    with outsider(project.folder, "127.0.0.1", port) as pid:
        for args in (["up", "--no-tui"], ["up", "-d"], ["test", "--", "true"]):
            err = dynaport.run(*args).expect(4).err
            assert f"port {port} of users is held by pid {pid} (" in err
            assert "or choose another one with `dynaport release users`." in err
        released = dynaport.run("release", "users").expect(0).err
        assert released == f"dynaport: users gave port {port} up; its next start chooses another\n"
        dynaport.run("up", "-d").expect(0)
        assert dynaport.service("users")["port"] != port
        dynaport.wait_for_state("users", "READY")


def test_a_pinned_port_is_not_released_although_no_engine_runs(
    project: Project, dynaport: Dynaport
) -> None:
    port = free_port()
    project({"services.toml": f"[services.users]\ncommand = 'true'\nport = {port}\ntask = true\n"})
    dynaport.run("up", "--no-tui").expect(0)
    finished = dynaport.run("release", "users").expect(1)
    assert f"the port of users is pinned in {project.file}" in finished.err
    assert f"`port = {port}`" in finished.err
    assert "did you mean users?" in dynaport.run("release", "user").expect(2).err


# ---- 5


def test_5_of_every_command_that_needs_an_engine(project: Project, dynaport: Dynaport) -> None:
    project(TWO)
    commands = [
        "down", "ps", "ps --json", "logs -f", "start users", "stop users", "restart users",
        "reload users", "why users", "wait", "events", "env users", "exec users -- true",
        "url users", "open users",
    ]  # fmt: skip
    running = {command: dynaport.start(*command.split()) for command in commands}
    for command, started in running.items():
        finished = started.wait(60)
        said = (finished.code, finished.out, finished.err.splitlines()[0])
        assert said == (5, "", f"error: no engine runs for {project.file}"), command
        assert "`dynaport up` starts it" in finished.err


# ---- 130, 143


@pytest.mark.parametrize(
    ("number", "code", "why"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "asked to end by SIGTERM")],
)
def test_130_and_143_after_an_orderly_stop(
    project: Project, dynaport: Dynaport, number: signal.Signals, code: int, why: str
) -> None:
    project(TWO)
    stream = dynaport.start("up", "--no-tui")
    stream.wait_for_line("users is ready")
    stream.send(number)
    out = stream.wait().expect(code).out
    assert order_of(out, "stopping") == order_of(out, "stopped") == ["users", "db"]
    assert out.index("users is stopped") < out.index("db is stopping")
    assert out.endswith(f"dynaport | ended: {why}\n")
    dynaport.wait_until_nothing_is_left()


# ---- test


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_test_returns_the_code_of_its_command(
    project: Project, dynaport: Dynaport, script: str, code: int
) -> None:
    project(A_WEB_APP)
    finished = dynaport.run("test", "--", "sh", "-c", f"echo said; {script}").expect(code)
    assert (finished.out, finished.err) == ("said\n", "")


ASK = """
import os, pathlib, sys, urllib.request
print(urllib.request.urlopen(os.environ["USERS_URL"]).read().decode())
print(pathlib.Path.cwd().name)
"""


def test_tests_command_runs_where_we_are_and_finds_the_services(
    project: Project, dynaport: Dynaport
) -> None:
    project({**A_WEB_APP, "tests/ask.py": ASK})
    below = dynaport.at(project.folder / "tests")
    assert below.run("test", "--", sys.executable, "ask.py").expect(0).out == "alive\ntests\n"


def test_test_is_over_with_1_when_a_service_ends_before_it_is_ready(
    project: Project, dynaport: Dynaport
) -> None:
    project(
        {
            "services.toml": """
                [services.users]
                command = "echo started >> starts; echo no database >&2; exit 3"
                port = false
                restart = "always"
            """
        }
    )
    finished = dynaport.run("test", "--", "touch", "ran").expect(1)
    assert "error: touch was not run: users failed: “no database” (exit 3 after" in finished.err
    assert not (project.folder / "ran").exists()
    assert (project.folder / "starts").read_text() == "started\n", "one start was enough"


def test_test_is_over_with_3_at_its_deadline(project: Project, dynaport: Dynaport) -> None:
    project(
        {
            "services.toml": """
                [services.slow]
                command = "exec sleep 600"
                port = false
                health = { log = "listening" }
            """
        }
    )
    finished = dynaport.run("test", "--timeout", "0.3", "--", "touch", "ran").expect(3)
    assert "touch was not run: not ready within 0.3 s: slow: " in finished.err
    assert not (project.folder / "ran").exists()


def expect_127_and_126(dynaport: Dynaport) -> None:
    """What becomes of a command that is not there, and of one that is no program."""
    for program, code, why in (
        ("no-such-program", 127, "No such file"),
        ("./plain.txt", 126, "Permission denied"),
    ):
        finished = dynaport.run("test", "--", program).expect(code)
        assert f"error: {program} could not be run: {why}" in finished.err


def test_127_and_126_of_a_command_that_cannot_be_run(project: Project, dynaport: Dynaport) -> None:
    project({**TWO, "plain.txt": "no program"})
    expect_127_and_126(dynaport)


TIDIES_UP = """
import os, pathlib, signal, sys, urllib.request

def tidy_up(number, frame):
    answer = urllib.request.urlopen(os.environ["USERS_URL"]).read().decode()
    pathlib.Path("tidied").write_text(f"{signal.Signals(number).name}, users is {answer}")
    sys.exit(2)

signal.signal(signal.SIGINT, tidy_up)
signal.signal(signal.SIGTERM, tidy_up)
print("running", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_test_lets_its_command_tidy_up_before_the_services_stop(
    project: Project, dynaport: Dynaport, number: signal.Signals, code: int
) -> None:
    project({**A_WEB_APP, "tidies_up.py": TIDIES_UP})
    running = dynaport.start("test", "--", sys.executable, "tidies_up.py")
    running.wait_for_line("running")
    running.send(number)
    running.wait().expect(code)
    assert (project.folder / "tidied").read_text() == f"{number.name}, users is alive"
    dynaport.wait_until_nothing_is_left()


def test_a_second_interrupt_of_test_ends_a_command_that_takes_no_notice(
    project: Project, dynaport: Dynaport
) -> None:
    project(TWO)
    deaf = "trap 'echo heard' INT; echo running; while :; do sleep 0.05; done"
    running = dynaport.start("test", "--", "sh", "-c", deaf)
    running.wait_for_line("running")
    running.interrupt()
    running.wait_for_line("heard")

    def interrupted_again() -> bool:
        running.interrupt()
        return running.process.poll() is not None

    wait_until(interrupted_again, what="test has ended")
    running.wait().expect(130)
    dynaport.wait_until_nothing_is_left()


def test_test_beside_a_running_project_uses_it_and_leaves_it_running(
    project: Project, dynaport: Dynaport
) -> None:
    services = (
        A_WEB_APP["services.toml"]
        + """
        [services.migrate]
        command = "echo migrated >> migrations"
        task = true
    """
    )
    project({**A_WEB_APP, "services.toml": services, "ask.py": ASK, "tidies_up.py": TIDIES_UP})
    project({"plain.txt": "no program"})
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_until_ready()
    before = dynaport.pids()
    finished = dynaport.run("test", "--", sys.executable, "ask.py").expect(0)
    assert finished.out == f"alive\n{project.name}\n"
    assert "runs already: using it, and leaving it running" in finished.err
    dynaport.run("test", "--", "sh", "-c", "exit 7").expect(7)
    expect_127_and_126(dynaport)

    running = dynaport.start("test", "--", sys.executable, "tidies_up.py")
    running.wait_for_line("running")
    running.interrupt()
    running.wait().expect(130)
    assert (project.folder / "tidied").read_text() == "SIGINT, users is alive"
    assert dynaport.pids() == before
    assert (project.folder / "migrations").read_text() == "migrated\n"


def test_what_is_interrupted_before_it_is_ready_runs_no_command(
    project: Project, dynaport: Dynaport
) -> None:
    text = TWO["services.toml"].replace('"up" }', '"never said" }')
    project({"services.toml": text})
    running = dynaport.start("test", "--", "touch", "ran")
    dynaport.wait_for_state("db", "STARTING", deadline=DEADLINE)
    running.interrupt()
    finished = running.wait().expect(130)
    assert "error: touch was not run: interrupted" in finished.err
    assert not (project.folder / "ran").exists()
