"""The plain stream: what a terminal, a file, a script or a build log is shown."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, wait_until

CLOCK = r"\d\d:\d\d:\d\d\.\d{3}"

COLOURFUL = {
    "services.toml": """
        [services.db]
        command = ["python3", "db.py"]
        task = true
        [services.orders-api]
        command = "echo ready to serve"
        task = true
        depends_on = ["db"]
    """,
    "db.py": r"""
        import os, sys
        out = sys.stdout.buffer
        given = os.environ.get("FORCE_COLOR", "-")
        out.write(b"\x1b[31mred\x1b[0m, FORCE_COLOR=%s\n" % given.encode())
        out.write(b"\x1b[2J\x1b[1;1Hhome\x07, \x1b]0;my title\x07caf\xe9\n")
        out.write(b" 10 %\r100 %\n")
        out.write("ärger\n".encode())
        out.write(b"no line feed")
    """,
}
"""Two that say something and end."""

BROKEN = {
    "services.toml": """
        [services.steady]
        command = "echo up; exec sleep 600"
        health = { log = "up" }
        port = false
        [services.broken]
        command = ["python3", "code/broken.py"]
        port = false
        restart = "never"
        depends_on = ["steady"]
    """,
    "code/broken.py": """
        print("::error file=users.py::made up")
        print("::add-mask::dynaport")
        print("%0A::warning::made up", flush=True)
        raise SystemExit(int("x"))
    """,
}
"""One that fails for good, and speaks like a build server's commands."""


def texts(out: str) -> list[str]:
    """The lines without the time."""
    lines = out.splitlines()
    assert all(re.match(rf"{CLOCK} ", line) for line in lines), out
    return [line.partition(" ")[2] for line in lines]


def test_every_line_has_a_time_a_name_of_the_same_width_and_plain_text(
    project: Project, dynaport: Dynaport
) -> None:
    project(COLOURFUL)
    out = dynaport.run("up", "--no-tui").expect(0).out
    lines = texts(out)
    name = re.compile(r"(db        |orders-api|dynaport  ) \| ")
    assert all(name.match(line) for line in lines), out
    assert lines[0] == f"dynaport   | {project.name}: 2 services, from {project.file}"
    assert "orders-api | ready to serve" in lines
    assert lines[-1] == "dynaport   | ended: every service is done"

    shown = [line.partition("| ")[2] for line in lines if line.startswith("db ")]
    home = "home, caf\N{REPLACEMENT CHARACTER}"
    assert shown == ["red, FORCE_COLOR=1", home, "100 %", "ärger", "no line feed"]


@pytest.mark.parametrize(
    ("env", "terminal", "coloured"),
    [
        ({}, False, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
    ],
    ids=["a pipe", "forced", "a terminal", "a dumb terminal", "NO_COLOR"],
)
def test_colours_are_for_those_who_can_see_them(
    project: Project, dynaport: Dynaport, env: dict[str, str], terminal: bool, coloured: bool
) -> None:
    project(COLOURFUL)
    stream = dynaport.start("up", "--no-tui", env=env, terminal=terminal)
    stream.wait_for_line("no line feed")
    out = stream.wait().expect(0).out
    assert ("\x1b" in out) == coloured
    if coloured:
        names = dict(re.findall(r"\x1b\[(\d+)m(db|orders-api|dynaport) *\x1b\[0m \| ", out))
        assert len(names) == 3, "every name has a colour of its own"
        assert "\x1b[31mred\x1b[0m, " in out
        assert "\x1b[2J" not in out
    given = "-" if "NO_COLOR" in env else "1"
    assert f"FORCE_COLOR={given}" in out


def test_without_a_terminal_up_says_in_one_line_that_it_falls_back(
    project: Project, dynaport: Dynaport
) -> None:
    project(COLOURFUL)
    fell_back = dynaport.run("up").expect(0)
    assert len(fell_back.err.splitlines()) == 1
    assert "showing the plain stream, as with --no-tui" in fell_back.err
    assert fell_back.out.endswith("ended: every service is done\n")
    assert dynaport.run("up", "--no-tui").expect(0).err == ""


def test_a_terminal_without_a_dashboard_gets_a_stream_that_goes_on_when_a_service_fails(
    project: Project, dynaport: Dynaport
) -> None:
    project(BROKEN)
    stream = dynaport.start("up", terminal=True, env={"TERM": "dumb"})
    stream.wait_for_line("a terminal of type dumb cannot show the dashboard: showing the plain")
    stream.wait_for_line("broken failed: ValueError: invalid literal")
    assert dynaport.look()["project"]["state"] == "degraded"
    assert dynaport.service("steady")["state"] == "READY"
    stream.interrupt()
    stream.wait().expect(130)


# ---- readers

SAYS_WHEN_IT_STOPS = """
    import pathlib, signal, sys, time

    def stop(number, frame):
        with pathlib.Path("stopped").open("a") as file:
            file.write(sys.argv[1] + "\\n")
        sys.exit()

    signal.signal(signal.SIGTERM, stop)
    print("up", flush=True)
    while True:
        print("working", flush=True)
        time.sleep(0.05)
"""


def test_a_reader_that_has_seen_enough_begins_an_orderly_stop(
    project: Project, dynaport: Dynaport
) -> None:
    project(
        {
            "services.toml": """
                [services.db]
                command = ["python3", "works.py", "db"]
                health = { log = "up" }
                port = false
                [services.users]
                command = ["python3", "works.py", "users"]
                health = { log = "up" }
                port = false
                depends_on = ["db"]
            """,
            "works.py": SAYS_WHEN_IT_STOPS,
        }
    )
    read, write = os.pipe()
    stream = dynaport.start("up", "--no-tui", stdout=write)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as reader:
        assert any("users    | working" in line for line in reader)
    err = stream.wait().expect(0).err
    assert err == "dynaport: nobody reads standard output any more (Broken pipe): stopped\n"
    assert (project.folder / "stopped").read_text() == "users\ndb\n"
    dynaport.wait_until_nothing_is_left()


LINES = 20_000

TWO_BESIDE_A_STALLED_READER = {
    "services.toml": """
        [log]
        lines = 1000
        [services.flood]
        command = ["python3", "flood.py"]
        port = false
        [services.users]
        app = "users:app"
        health = { http = "/", interval = 0.1 }
    """,
    "flood.py": f"""
        import time
        for number in range({LINES}):
            print("line", number, "x" * 80)
        print("all said", flush=True)
        time.sleep(600)
    """,
    "users.py": """
        def app(environ, start_response):
            start_response("200 OK", [])
            return [b"fine"]
    """,
}


def test_a_reader_that_does_not_read_holds_nobody_up_and_is_told_what_it_missed(
    project: Project, dynaport: Dynaport
) -> None:
    project(TWO_BESIDE_A_STALLED_READER)
    read, write = os.pipe()
    stream = dynaport.start("up", "--no-tui", stdout=write)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as reader:
        wait_until(
            lambda: dynaport.service("flood")["log_lines"] == LINES + 1, what="the flood is over"
        )
        dynaport.wait_for_state("users", "READY")
        assert dynaport.get("users").text == "fine"
        checked = dynaport.service("users")["health"]["checked_s_ago"]
        wait_until(
            lambda: dynaport.service("users")["health"]["checked_s_ago"] < checked,
            what="users is asked again",
        )
        assert dynaport.run("logs", "flood", "-n", "1").expect(0).out.endswith("| all said\n")
        stream.interrupt()
        out = reader.read()
    stream.wait().expect(130)

    shown = [int(n) for n in re.findall(r"flood    \| line (\d+) ", out)]
    missed = re.findall(r"flood: ([\d,]+) lines are not shown here, output came faster", out)
    assert len(shown) + sum(int(n.replace(",", "")) for n in missed) == LINES
    assert shown == sorted(set(shown))
    assert missed
    assert out.endswith("dynaport | ended: interrupted\n")

    path = Path(dynaport.run("logs", "--path", "flood").expect(0).out.splitlines()[0])
    assert path.read_text(encoding="utf-8").count("line ") == LINES, "the file has everything"


# ---- for programs

FIELDS = {
    "snapshot": {"project", "services"},
    "state": {"service", "from", "to", "why"},
    "log": {"service", "stream", "text", "number"},
    "project": {"added", "removed", "changed", "error"},
    "reload": {"service", "files", "ok", "why", "seconds"},
    "port": {"service", "port", "why"},
    "notice": {"service", "text"},
    "ended": {"code", "why"},
}
"""Kind of event -> what it has beside `event` and `at`; more may be there."""


A_WEB_APP = r"""
print("hel\x1b[1mlo")

def app(environ, start_response):
    start_response("200 OK", [])
    return [b"fine"]
"""


def events_of(out: str) -> list[dict[str, Any]]:
    """Every line as one JSON object with at least the fields of its kind."""
    events: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    for event in events:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["at"])
        assert event.keys() >= FIELDS[event["event"]], event
    return events


def test_json_is_one_object_a_line(project: Project, dynaport: Dynaport) -> None:
    project({"services.toml": '[services.users]\napp = "users:app"\n', "users.py": A_WEB_APP})
    stream = dynaport.start("up", "--log-format", "json")
    stream.wait_for_line('"to":"READY"')
    project({"users.py": A_WEB_APP + "# saved\n"})
    stream.wait_for_line('"event":"reload"')
    dynaport.wait_for_state("users", "READY")
    dynaport.run("release", "users").expect(0)
    stream.wait_for_line('"event":"port"')
    project({"services.toml": "[services.users]\nap = 1"})
    stream.wait_for_line('"event":"project".*unknown key')
    stream.interrupt()
    out = stream.wait().expect(130).out

    events = events_of(out)
    assert events[0]["event"] == "snapshot"
    assert events[0]["services"][0]["id"] == "users"
    assert (events[-1]["event"], events[-1]["code"]) == ("ended", 130)
    kinds = Counter(event["event"] for event in events)
    assert kinds.keys() >= {"state", "log", "reload", "port", "project"}
    logs = [event for event in events if event["event"] == "log"]
    assert [event["number"] for event in logs] == list(range(1, len(logs) + 1))
    assert (logs[0]["stream"], logs[0]["text"]) == ("stdout", "hel\x1b[1mlo")
    reload = next(event for event in events if event["event"] == "reload")
    assert (reload["files"], reload["ok"]) == (["users.py"], True)
    *_, refused = [event for event in events if event["event"] == "project"]
    assert 'services.toml:2: services.users.ap: unknown key "ap"' in refused["error"]


def commands_that_github_obeys(out: str) -> list[str]:
    """The commands that a GitHub runner would carry out, by its rules."""
    obeyed: list[str] = []
    token = None
    for line in out.splitlines():
        if token is not None:
            token = None if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.lstrip().startswith("::"):
            obeyed.append(line)
    assert token is None, "the next step may give commands again"
    return obeyed


def test_github_gets_an_annotation_for_what_failed_and_no_command_of_a_service(
    project: Project, dynaport: Dynaport
) -> None:
    project(BROKEN)
    env = {"GITHUB_WORKSPACE": str(project.folder.parent)}
    finished = dynaport.run("up", "--no-tui", "--log-format", "github", env=env).expect(1)
    error, group, end = commands_that_github_obeys(finished.out)
    place = f"file={project.name}/code/broken.py,line=4"
    assert error.startswith(f"::error title=broken failed,{place}::ValueError: invalid literal")
    assert group.startswith("::group::broken failed: ValueError")
    assert end == "::endgroup::"
    assert "broken   | ::error file=users.py::made up" in finished.out
    assert "dynaport | ended: broken failed: ValueError" in finished.out


def test_github_gets_an_annotation_for_every_mistake_in_services_toml(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": "[services.users]\nap = 1\nport = 'x'\n"})
    finished = dynaport.run("up", "--no-tui", "--log-format", "github").expect(2)
    assert [line.partition("::services.toml:")[0] for line in finished.out.splitlines()] == [
        f"::error title=services.toml,file=services.toml,line={line}" for line in (2, 3)
    ]
