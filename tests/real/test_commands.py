"""What the commands say of a running project, and the control API that scripts use directly."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import socket
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OWN_FOLDERS, private_folder, project_in
from tests.project import Project
from tests.real.harness import Dynaport, Finished, Running, wait_until

SHOP = {
    "services.toml": """
        [services.db]
        command = "echo up; echo second; exec sleep 600"
        health = { log = "second" }
        port = false
        [services.migrate]
        command = "echo migrated >> migrations; echo '1 table'"
        task = true
        depends_on = ["db"]
        [services.users]
        app = "users:app"
        health = { http = "/", interval = 0.2 }
        depends_on = { db = "ready", migrate = "completed" }
        env = { API_KEY = "abc123", DATABASE_URL = "postgres://me:pw@db/shop", THEME = "dark mode" }
        [services.orders]
        app = "users:app"
        instances = ["blue", "green"]
        [services.broken]
        command = "echo 'no queue at :5672' >&2; exit 3"
        port = false
        restart = "never"
        [services.behind]
        command = "sleep 600"
        port = false
        depends_on = ["broken"]
        [services.further]
        command = "sleep 600"
        port = false
        depends_on = ["behind"]
    """,
    "users.py": """
        import sys

        def app(environ, start_response):
            print("asked for", environ["PATH_INFO"], file=sys.stderr)
            start_response("200 OK", [])
            return [b"fine"]
    """,
}
"""Of everything one, that runs, is done, has failed, or waits."""

STEADY = {
    "services.toml": """
        [services.db]
        command = "echo up; exec sleep 600"
        health = { log = "up" }
        port = false
        [services.migrate]
        command = "echo migrated >> migrations"
        task = true
        [services.users]
        command = "echo up; exec sleep 600"
        health = { log = "up" }
        port = false
        depends_on = ["db"]
    """
}
"""Services that are ready at once and stay."""


@dataclass
class Shop:
    """A running project that the tests only look at."""

    dynaport: Dynaport
    project: Project
    env: dict[str, str]
    socket: Path

    def run(self, *args: str) -> Finished:
        """Run a command in it."""
        return self.dynaport.run(*args, env=self.env)

    def start(self, *args: str) -> Running:
        """Start a command in it."""
        return self.dynaport.start(*args, env=self.env)

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and JSON of one request to the control API."""
        return asked(self.socket, method, path, body, **headers)


def asked(
    path: Path, method: str, target: str, body: str | None = None, **headers: str
) -> tuple[int, Any]:
    """Status and JSON of one request over a Unix socket."""
    connection = http.client.HTTPConnection("localhost", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.sock.settimeout(10)
        connection.sock.connect(str(path))
        connection.request(method, target, body, {"Host": "localhost", **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """The shop, as soon as nothing in it will change by itself."""
    with private_folder() as folder:
        project = project_in(folder)
        project(SHOP)
        dynaport = Dynaport(project.folder, folder)
        try:
            dynaport.run("up", "-d").expect(0)
            for service, state in AT_REST.items():
                dynaport.wait_for_state(service, state)
            env = {name: os.environ[name] for name in OWN_FOLDERS}
            yield Shop(dynaport, project, env, Path(dynaport.look()["project"]["socket"]))
        finally:
            dynaport.close()


AT_REST = {
    "db": "READY", "migrate": "DONE", "users": "READY", "orders.blue": "READY",
    "orders.green": "READY", "broken": "FAILED", "behind": "STOPPED", "further": "STOPPED",
}  # fmt: skip


# ---- ps

NUMBER = (int, float)
NONE = type(None)

PROJECT_TYPES: dict[str, Any] = {
    "name": str, "root": str, "file": str, "state": str, "gateway": (str, NONE),
    "dashboard": (str, NONE), "engine_pid": int, "socket": str,
}  # fmt: skip
SERVICE_TYPES: dict[str, Any] = {
    "id": str, "name": str, "instance": (int, str), "state": str, "why": str,
    "stale": (str, NONE), "port": (int, NONE), "ports": dict, "url": (str, NONE),
    "pid": (int, NONE), "uptime_s": (*NUMBER, NONE), "restarts": int, "reloads": int,
    "exit": (dict, NONE), "depends_on": list, "health": dict, "cpu_percent": (*NUMBER, NONE),
    "rss_bytes": (int, NONE), "log_lines": int,
}  # fmt: skip
HEALTH_TYPES: dict[str, Any] = {
    "ok": (bool, NONE), "latency_ms": (*NUMBER, NONE), "failures": int,
    "checked_s_ago": (*NUMBER, NONE),
}  # fmt: skip


def expect_types(found: dict[str, Any], types: dict[str, Any]) -> None:
    """Every key is there and has one of its types; more keys may be there."""
    assert found.keys() >= types.keys()
    wrong = {key: found[key] for key, kinds in types.items() if not isinstance(found[key], kinds)}
    assert not wrong


def test_ps_json_is_one_document_with_every_key(shop: Shop) -> None:
    finished = shop.run("ps", "--json").expect(0)
    assert finished.err == ""
    found = finished.json()
    assert found.keys() == {"project", "services"}
    expect_types(found["project"], PROJECT_TYPES)
    assert found["project"]["state"] == "degraded"
    assert (found["project"]["name"], found["project"]["root"]) == (
        shop.project.name,
        str(shop.project.folder),
    )
    services = {entry["id"]: entry for entry in found["services"]}
    assert {name: entry["state"] for name, entry in services.items()} == AT_REST
    for entry in services.values():
        expect_types(entry, SERVICE_TYPES)
        expect_types(entry["health"], HEALTH_TYPES)

    users, green = services["users"], services["orders.green"]
    assert users["url"] == f"http://127.0.0.1:{users['port']}"
    assert users["depends_on"] == ["db", "migrate"]
    assert users["health"]["ok"] is True
    assert re.fullmatch(r"answered GET / in \d+ ms", users["why"])
    assert (green["name"], green["instance"], users["instance"]) == ("orders", "green", 1)
    assert services["broken"]["exit"] == {"code": 3, "signal": None, "error": None}


def test_ps_shows_a_line_a_service_to_people(shop: Shop) -> None:
    head, titles, *lines = shop.run("ps").expect(0).out.splitlines()
    assert head.startswith(f"{shop.project.name} is degraded, engine pid ")
    assert titles.split() == ["SERVICE", "STATE", "URL", "PID", "UP", "WHY"]
    assert [line.split()[0] for line in lines] == list(AT_REST)
    assert re.match(r"broken +✗ FAILED +- +- +- +“no queue at :5672” \(exit 3 after", lines[5])
    assert re.match(r"behind +… waiting ", lines[6])
    only = shop.run("ps", "orders").expect(0).out.splitlines()[2:]
    assert [line.split()[0] for line in only] == ["orders.blue", "orders.green"]


# ---- single facts


def test_why_is_one_line_with_the_chain_of_causes(shop: Shop) -> None:
    cause = r"“no queue at :5672” \(exit 3 after [^)]+\)"
    for service, line in {
        "users": r"users is READY: answered GET / in \d+ ms",
        "migrate": r"migrate is DONE: exit 0 after .*",
        "broken": rf"broken is FAILED: {cause}",
        "behind": rf"behind waits for broken, which is broken: {cause}",
        "further": rf"further waits for behind, which waits for broken, which is broken: {cause}",
    }.items():
        assert re.fullmatch(line + "\n", shop.run("why", service).expect(0).out), service


def test_env_masks_secrets_unless_they_are_to_be_revealed(shop: Shop) -> None:
    shown = shop.run("env", "users", "--json").expect(0).json()
    assert shown["API_KEY"] == "••••"
    assert shown["DATABASE_URL"] == "postgres://me:••••@db/shop"
    assert (shown["DYNAPORT_SERVICE"], shown["THEME"]) == ("users", "dark mode")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+,http://127\.0\.0\.1:\d+", shown["ORDERS_URLS"])

    lines = shop.run("env", "users", "--reveal").expect(0).out.splitlines()
    assert "API_KEY=abc123" in lines
    assert shlex.split(next(line for line in lines if line.startswith("THEME="))) == [
        "THEME=dark mode"
    ]
    several = shop.run("env", "orders").expect(2)
    assert "orders has several instances: say which of orders.blue, orders.green" in several.err


def test_exec_runs_a_command_with_the_variables_of_a_service(shop: Shop) -> None:
    script = 'echo "$THEME in $(pwd)"; exit 7'
    finished = shop.run("exec", "users", "--", "sh", "-c", script).expect(7)
    assert finished.out == f"dark mode in {shop.project.folder}\n"


def test_url_is_the_address_alone(shop: Shop) -> None:
    port = {entry["id"]: entry["port"] for entry in shop.run("ps", "--json").json()["services"]}
    assert shop.run("url", "users").expect(0).out == f"http://127.0.0.1:{port['users']}\n"
    both = shop.run("url", "orders").expect(0).out.splitlines()
    assert both == [f"http://127.0.0.1:{port[f'orders.{name}']}" for name in ("blue", "green")]
    nowhere = shop.run("url", "db").expect(1)
    assert (nowhere.out, nowhere.err) == (
        "",
        "error: db listens to nothing, so it has no address\n",
    )


def test_a_mistyped_service_gets_the_one_that_was_meant(shop: Shop) -> None:
    commands = ["ps", "why", "url", "env", "logs", "logs -f", "wait", "start", "stop", "restart",
                "reload", "release", "events"]  # fmt: skip
    for command, running in {c: shop.start(*c.split(), "user") for c in commands}.items():
        finished = running.wait(60).expect(2)
        assert finished.out == ""
        assert f"{shop.project.name} has no service 'user'" in finished.err, command
        assert 'Did you mean "users"?' in finished.err


# ---- logs


def test_logs_are_chosen_by_service_number_time_and_pattern(shop: Shop) -> None:
    def said(*args: str) -> list[str]:
        out = shop.run("logs", *args).expect(0).out
        return [re.sub(r"^\S+ (\S+) +\|", r"\1:", line) for line in out.splitlines()]

    assert said("db") == ["db: up", "db: second"]
    assert said("db", "-n", "1") == ["db: second"]
    assert sorted(said("migrate", "broken")) == ["broken: no queue at :5672", "migrate: 1 table"]
    assert said("--grep", "queue|table", "db", "broken") == ["broken: no queue at :5672"]
    assert said("db", "--since", "1h") == ["db: up", "db: second"]
    assert said("db", "--since", "0s") == []
    assert said("behind") == []
    lines = shop.run("logs", "broken", "--json").expect(0).json()
    assert [(line["service"], line["stream"], line["text"], line["number"]) for line in lines] == [
        ("broken", "stderr", "no queue at :5672", 1)
    ]
    (path,) = shop.run("logs", "--path", "db").expect(0).out.splitlines()
    assert "up" in Path(path).read_text()


def test_logs_are_followed_until_the_engine_ends_and_can_be_read_after_that(
    project: Project, dynaport: Dynaport
) -> None:
    project(
        {
            **STEADY,
            "services.toml": STEADY["services.toml"]
            + """
        [services.web]
        app = "web:app"
    """,
            "web.py": SHOP["users.py"],
        }
    )
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_until_ready()
    stream = dynaport.start("logs", "-f", "web", "db")
    stream.wait_for_line(r"db +\| up")
    assert dynaport.get("web", "/late").status == 200
    stream.wait_for_line(r"web +\| asked for /late")
    dynaport.run("down").expect(0)
    finished = stream.wait().expect(0)
    assert finished.err == "dynaport: the engine has ended\n"
    assert "migrate" not in finished.out

    assert re.search(r"web +\| asked for /late", dynaport.run("logs").expect(0).out)
    assert dynaport.run("logs", "db", "-n", "1").expect(0).out.endswith("| up\n")
    (path,) = dynaport.run("logs", "--path", "db").expect(0).out.splitlines()
    assert Path(path).is_file()
    err = dynaport.run("logs", "wep").expect(2).err
    assert err == f"error: {project.name} never ran a service 'wep'\nDid you mean \"web\"?\n"


# ---- the file


def test_check_and_schema_are_json_where_that_is_asked_for(
    project: Project, dynaport: Dynaport
) -> None:
    project(STEADY)
    assert dynaport.run("check").expect(0).out == f"{project.file} is fine: 3 services\n"
    fine = dynaport.run("check", "--json").expect(0).json()
    assert (fine["ok"], fine["services"], fine["problems"]) == (
        True,
        ["db", "migrate", "users"],
        [],
    )
    project({"services.toml": "[services.web]\ncomand = 'x'\n[services.db]\nport = 0\n"})
    broken = dynaport.run("check", "--json").expect(2)
    assert broken.err == ""
    problems = broken.json()["problems"]
    assert [(p["line"], p["key"]) for p in problems][:1] == [(2, "services.web.comand")]
    assert {"file", "line", "key", "message", "hint"} <= problems[0].keys()
    schema = dynaport.run("schema").expect(0).json()
    assert schema["type"] == "object"
    assert "services" in schema["properties"]


# ---- a second `up`


def test_a_second_up_follows_the_first_and_ctrl_c_leaves_it_running(
    project: Project, dynaport: Dynaport
) -> None:
    project(STEADY)
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_until_ready()
    before, engine = dynaport.pids(), dynaport.look()["project"]["engine_pid"]
    again = dynaport.run("up", "-d").expect(0)
    assert again.err == f"dynaport: runs already (engine pid {engine})\n"

    follower = dynaport.start("up", "--no-tui")
    expected = f"runs already (engine pid {engine}): following it; Ctrl-C leaves it running"
    follower.wait_for_line(re.escape(expected), stream="err")
    follower.wait_for_line(f"{project.name}: 3 services")
    dynaport.run("restart", "users", "--wait").expect(0)
    follower.wait_for_line("users is ready")
    follower.interrupt()
    assert "it keeps running; `dynaport down` stops it" in follower.wait().expect(130).err
    assert dynaport.pids() == {**before, "users": dynaport.pids()["users"]}

    follower = dynaport.start("up", "--no-tui")
    follower.wait_for_line(f"{project.name}: 3 services")
    dynaport.run("down").expect(0)
    out = follower.wait().expect(0).out
    assert out.endswith("dynaport | ended: asked to stop\n")
    assert (project.folder / "migrations").read_text() == "migrated\n", "nobody asked for it again"


def test_two_ups_at_the_same_time_are_one_run(project: Project, dynaport: Dynaport) -> None:
    project(STEADY)
    one, other = dynaport.start("up", "--no-tui"), dynaport.start("up", "--no-tui")
    for stream in (one, other):
        stream.wait_for_line(f"{project.name}: 3 services")
    followers = [s for s in (one, other) if "following it" in s.err]
    assert len(followers) == 1
    dynaport.wait_until_ready()
    followers[0].interrupt()
    followers[0].wait().expect(130)
    dynaport.run("down").expect(0)
    for stream in (one, other):
        stream.wait()
    assert (project.folder / "migrations").read_text() == "migrated\n"


# ---- start, stop, restart, wait


def test_services_are_stopped_started_and_restarted_by_name_and_all_at_once(
    project: Project, dynaport: Dynaport
) -> None:
    project(STEADY)
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_until_ready()
    first = dynaport.pids()

    said = dynaport.run("stop", "users", "db").expect(0).err
    assert said == "dynaport: users is STOPPED\ndynaport: db is STOPPED\n"
    assert dynaport.pids()["users"] is None
    said = dynaport.run("start", "users", "--wait").expect(0).err
    assert said == "dynaport: users is READY\n"
    assert dynaport.service("db")["state"] == "READY", "users depends on it"

    second = dynaport.pids()
    dynaport.run("restart", "users", "db", "-w").expect(0)
    third = dynaport.pids()
    assert len({first["users"], second["users"], third["users"]}) == 3
    dynaport.run("stop", "--all").expect(0)
    assert set(dynaport.pids().values()) == {None}
    dynaport.run("start", "--all", "--wait").expect(0)
    states = {entry["id"]: entry["state"] for entry in dynaport.look()["services"]}
    assert states == {"db": "READY", "migrate": "DONE", "users": "READY"}
    found = dynaport.run("restart", "db", "--wait", "--json").expect(0).json()
    assert [(entry["id"], entry["state"]) for entry in found["services"]] == [("db", "READY")]


def test_wait_ends_when_all_is_ready_one_failed_or_the_time_is_over(
    project: Project, dynaport: Dynaport
) -> None:
    project(
        {
            "services.toml": """
                [services.slow]
                command = "while ! test -e go; do sleep 0.05; done; echo up; exec sleep 600"
                health = { log = "up" }
                port = false
                [services.fails]
                command = "while ! test -e fail; do sleep 0.05; done; exit 3"
                health = { log = "up" }
                port = false
                restart = "never"
            """
        }
    )
    dynaport.run("up", "-d").expect(0)
    late = dynaport.run("wait", "slow", "--timeout", "0.2").expect(3)
    assert re.match(r"error: slow is not ready after 0\.2 s: STARTING, ", late.err)
    ready, failed = dynaport.start("wait", "slow"), dynaport.start("wait")
    project({"go": ""})
    assert ready.wait().expect(0).err == ""
    project({"fail": ""})
    assert "error: fails failed: exit 3 after" in failed.wait().expect(1).err


def test_ps_all_shows_every_project_and_events_end_with_the_engine(
    project: Project, dynaport: Dynaport
) -> None:
    assert "no project of this user runs" in dynaport.run("ps", "--all").expect(0).err
    other = project.beside("other shop")
    both = [dynaport, dynaport.at(other.folder)]
    for written, command in zip((project, other), both, strict=True):
        written(STEADY)
        command.run("up", "-d").expect(0)
        command.wait_until_ready()
    found = dynaport.run("ps", "--all", "--json").expect(0).json()
    assert {entry["project"]["name"] for entry in found} == {project.name, "other shop"}
    lines = dynaport.run("ps", "--all").expect(0).out.splitlines()[1:]
    assert sorted(re.split(r" {2,}", line)[:3] for line in lines) == sorted(
        [name, "ready", "3/3"] for name in (project.name, "other shop")
    )

    events = dynaport.start("events", "--no-logs")
    events.wait_for_line('"event":"snapshot"')
    dynaport.run("down").expect(0)
    first, *_, last = map(json.loads, events.wait().expect(0).out.splitlines())
    assert first["project"]["name"] == project.name
    assert (last["event"], last["code"], last["why"]) == ("ended", 0, "asked to stop")
    found = dynaport.run("ps", "--all", "--json").expect(0).json()
    assert [entry["project"]["name"] for entry in found] == ["other shop"]


# ---- the control API


def test_the_control_socket_is_its_users_alone(shop: Shop) -> None:
    assert stat.S_IMODE(shop.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(shop.socket.parent.stat().st_mode) == 0o700
    environ = shop.run("env", "users", "--json").json()
    assert environ["DYNAPORT_SOCKET"] == str(shop.socket)


def test_the_control_api_answers_with_what_the_commands_show(shop: Shop) -> None:
    status, project = shop.ask("GET", "/v1/project")
    assert status == 200
    assert [entry["id"] for entry in project["services"]] == list(AT_REST)
    status, logs = shop.ask("GET", "/v1/logs/db?after=1&limit=5")
    assert [line["text"] for line in logs["lines"]] == ["second"]
    assert (status, logs["last"]) == (200, 2)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/v1/logs/user", {}, 404, "unknown-service"),
        ("POST", "/v1/services/user/stop", {}, 404, "unknown-service"),
        ("POST", "/v1/services/users/explode", {}, 404, "not-found"),
        ("GET", "/v1/nothing", {}, 404, "not-found"),
        ("GET", "/v1/down", {}, 405, "method-not-allowed"),
        ("GET", "/v1/logs/db?after=x", {}, 400, "usage"),
        ("GET", "/v1/project", {"Host": "shop.example"}, 403, "forbidden"),
        ("GET", "/v1/project", {"Origin": "http://localhost"}, 403, "forbidden"),
    ],
)
def test_the_control_api_refuses_with_a_code_and_a_sentence(
    shop: Shop, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answered, body = shop.ask(method, path, **headers)
    assert (answered, body["error"]["code"]) == (status, code)
    assert body["error"].keys() == {"code", "message", "hint"}
    assert body["error"]["message"]


def test_the_control_api_starts_stops_and_ends_services(
    project: Project, dynaport: Dynaport
) -> None:
    project(STEADY)
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_until_ready()
    path = Path(dynaport.look()["project"]["socket"])
    assert asked(path, "POST", "/v1/services/users/stop")[0] == 200
    dynaport.wait_for_state("users", "STOPPED")
    status, snapshot = asked(path, "POST", "/v1/services/users/start")
    assert (status, snapshot.keys()) == (200, {"project", "services"})
    dynaport.wait_for_state("users", "READY")

    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(10)
        stream.connect(str(path))
        stream.sendall(b"GET /v1/events?logs=none HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with stream.makefile("rb") as lines:
            until(lines, b'"event":"snapshot"')
            assert asked(path, "POST", "/v1/down")[0] == 200
            until(lines, b'"event":"ended"')
    wait_until(lambda: not path.exists(), what="the socket is gone")
    dynaport.wait_until_nothing_is_left()


def until(lines: Iterator[bytes] | Any, part: bytes) -> None:
    """Read as far as the line with `part`."""
    deadline = time.monotonic() + 20
    assert any(part in line and time.monotonic() < deadline for line in lines)
