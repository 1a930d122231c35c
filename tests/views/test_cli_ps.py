from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from dynaport_tui.cli import ps
from dynaport_tui.ledger.opened import opened
from dynaport_tui.ledger.registered import Registered, put
from dynaport_tui.model.machine import State
from dynaport_tui.service_registry import ServiceRegistry
from tests.fakes import FakeEngine, FakeService, ServedEngine, status
from tests.project import Project
from tests.views.conftest import Command

_DOCUMENTED = {
    "id", "name", "instance", "state", "why", "stale", "port", "ports", "url", "pid", "uptime_s",
    "restarts", "reloads", "exit", "depends_on", "health", "cpu_percent", "rss_bytes", "log_lines",
}  # fmt: skip


def test_it_shows_a_line_for_each_service(run: Command, served: ServedEngine) -> None:
    said = run("ps")

    head, titles, *rows = said.out.splitlines()
    assert head.startswith("shop is ready, engine pid 99999999, ")
    assert titles.split() == ["SERVICE", "STATE", "URL", "PID", "UP", "WHY"]
    assert rows[0].split()[:4] == ["users", "●", "READY", "http://127.0.0.1:20417"]
    assert rows[1].endswith("exit 1 after 0.2 s")
    assert len({row.index("●") for row in rows if "●" in row}) == 1
    assert "\x1b" not in said.out


def test_no_line_is_wider_than_the_terminal(
    run: Command, served: ServedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.engine.change("users", why="a long cause " * 20)
    monkeypatch.setattr(ps, "terminal_width", lambda: 80)
    monkeypatch.setenv("FORCE_COLOR", "1")

    lines = run("ps").out.splitlines()
    plain = [line.replace("\x1b[32m", "").replace("\x1b[33m", "") for line in lines]
    assert max(len(line.replace("\x1b[0m", "")) for line in plain) == 80
    assert any(line.endswith("…") for line in lines)


def test_a_service_that_waits_says_so(run: Command, served: ServedEngine) -> None:
    served.engine.change(
        "users", state=State.STOPPED, waiting=True, why="waits for db, which is not ready yet"
    )

    assert "… waiting" in run("ps", "users").out


def test_json_is_one_document_as_documented(run: Command, served: ServedEngine) -> None:
    document = run("ps", "--json").json()

    assert document["project"]["name"] == "shop"
    assert [service["id"] for service in document["services"]] == [
        "users", "orders.1", "orders.2", "worker",
    ]  # fmt: skip
    users = document["services"][0]
    assert set(users) >= {
        "id", "name", "instance", "state", "why", "stale", "port", "ports", "url", "pid",
        "uptime_s", "restarts", "reloads", "exit", "depends_on", "health", "cpu_percent",
        "rss_bytes", "log_lines",
    }  # fmt: skip
    assert set(users["health"]) == {"ok", "latency_ms", "failures", "checked_s_ago", "recent"}


def test_a_name_means_all_its_instances(run: Command, served: ServedEngine) -> None:
    services = run("ps", "--json", "orders").json()["services"]

    assert [service["id"] for service in services] == ["orders.1", "orders.2"]


def test_a_mistyped_service_gets_the_one_that_was_meant(run: Command, served: ServedEngine) -> None:
    said = run("ps", "usres")

    assert said.code == 2
    assert "shop has no service 'usres'" in said.err
    assert 'Did you mean "users"?' in said.err


def test_the_mistakes_of_a_saved_file_are_shown(run: Command, served: ServedEngine) -> None:
    project = served.engine.project
    served.engine.project = type(project)(
        **{
            **{f: getattr(project, f) for f in project.__struct_fields__},
            "error": "services.toml:3: no",
        }
    )

    assert "services.toml:3: no" in run("ps").out


def test_where_nothing_runs_it_names_the_project_it_looked_for(
    run: Command, project: Project
) -> None:
    said = run("ps", "--json")

    assert said.code == 5
    assert said.out == ""
    assert f"no engine runs for {project.file}" in said.err
    assert "dynaport up" in said.err


def test_all_shows_every_project_that_answers(
    run: Command, served: ServedEngine, private: Path
) -> None:
    other = private / "run" / "dynaport" / "0123456789"
    other.mkdir(mode=0o700)
    dead = private / "run" / "dynaport" / "9876543210"
    dead.mkdir(mode=0o700)
    (dead / "sock").touch()
    engine = FakeEngine(status("web"), status("db", State.STARTING), file="/other/services.toml")
    with ServedEngine(engine, other / "sock"):
        said = run("ps", "--all")
        documents = run("ps", "--all", "--json").json()

    assert "/other/services.toml" in said.out
    assert " 1/2 " in said.out
    assert len(said.out.splitlines()) == 3
    assert {document["project"]["file"] for document in documents} >= {"/other/services.toml"}


def test_all_shows_apps_below_the_projects(run: Command, served: ServedEngine) -> None:
    with FakeService() as service:
        registry = ServiceRegistry()
        registry.register_service("my-app", service.port, pid=os.getpid(), dependencies=["users"])
        registry.register_service("search", 9, instance_id="blue", host="192.0.2.1")
        registry.update_status("search", "draining", "blue")
        said = run("ps", "--all")
        *_, last = run("ps", "--all", "--json").json()
    lines = said.out.splitlines()

    assert lines[2] == ""
    assert lines[3].split() == ["APP", "STATE", "URL", "PID", "UP", "WHY"]
    assert lines[4].split()[:5] == [
        "my-app",
        "●",
        "READY",
        f"http://127.0.0.1:{service.port}",
        str(os.getpid()),
    ]
    assert lines[5].split()[:4] == ["search:blue", "○", "unknown", "http://192.0.2.1:9"]
    assert lines[5].endswith("is no loopback address (draining)")
    assert last["project"] is None
    mine, other = last["services"]
    assert (mine["id"], mine["state"], mine["pid"]) == ("my-app", "READY", os.getpid())
    assert (mine["app_id"], mine["health_status"]) == ("my-app", "healthy")
    assert mine["depends_on"] == ["users:default"]
    assert (other["id"], other["instance_id"], other["state"]) == ("search:blue", "blue", None)
    assert set(mine) >= set(msgspec.to_builtins(status("users"))) & _DOCUMENTED


def test_all_shows_a_supervised_app_in_its_project_alone(
    run: Command, served: ServedEngine, project: Project
) -> None:
    with opened() as ledger:
        row = Registered(
            app_id="users", instance_id="default", pid=0, born=None, name="users", scheme="http",
            host="127.0.0.1", port=9, status="running", health_endpoint=None, dependencies=(),
            project="shop", root=served.engine.project.root, since=0.0,
        )  # fmt: skip
        put(ledger, row)

    assert [each["project"]["name"] for each in run("ps", "--all", "--json").json()] == ["shop"]


def test_all_is_no_failure_where_nothing_runs(run: Command) -> None:
    said = run("ps", "--all", "--json")

    assert (said.code, said.json()) == (0, [])
