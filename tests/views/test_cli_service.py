"""`dynaport service`."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dynaport_tui.pytest_plugin import hold
from tests.views.conftest import Command

KEYS = {
    "app_id", "instance_id", "name", "port", "url", "pid", "status", "health_status",
    "health_endpoint", "dependencies", "project",
}  # fmt: skip


@dataclass
class App:
    """A server that answers what a test wants."""

    port: int
    code: int = 200


@pytest.fixture
def app(private: Path) -> Iterator[App]:
    """One that is asked for its health."""
    held = hold()
    found = App(held.port)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(found.code if self.path == "/health" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((held.host, held.port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join(5)
    held.release()


def test_what_is_registered_is_listed_with_its_health(run: Command, app: App) -> None:
    said = run("service", "register", "my-app", str(app.port), "--name", "My Application")
    assert (said.code, said.out) == (0, "")
    assert f"my-app is registered at http://127.0.0.1:{app.port}" in said.err

    (document,) = run("service", "list", "--json").json()
    assert set(document) >= KEYS
    assert (document["app_id"], document["instance_id"]) == ("my-app", "default")
    assert (document["name"], document["port"]) == ("My Application", app.port)
    assert document["url"] == f"http://127.0.0.1:{app.port}"
    assert (document["status"], document["health_status"]) == ("running", "healthy")
    assert (document["pid"], document["health_endpoint"]) == (None, "/health")
    titles, row = run("service", "list").out.splitlines()
    assert titles.split()[:4] == ["SERVICE", "HEALTH", "STATUS", "URL"]
    assert row.split()[:4] == ["my-app", "●", "healthy", "running"]
    assert row.endswith("My Application")
    app.code = 503
    assert "▲ unhealthy" in run("service", "list").out


def test_get_shows_one_for_people_and_for_scripts(run: Command, app: App) -> None:
    run("service", "register", "my-app", str(app.port), "--depends-on", "users", "-i", "blue")

    document = run("service", "get", "my-app", "--instance", "blue", "--json").json()
    assert set(document) >= KEYS
    assert document["dependencies"] == ["users:default"]
    out = run("service", "get", "my-app", "--instance", "blue").out
    assert f"url         http://127.0.0.1:{app.port}\n" in out
    assert "registered  just now, by hand\n" in out


def test_health_asks_now(run: Command, app: App) -> None:
    run("service", "register", "my-app", str(app.port))
    well = run("service", "health", "my-app")
    app.code = 503
    ill = run("service", "health", "my-app")

    assert (well.code, well.out) == (0, "healthy\n")
    assert ill.code == 1
    assert ill.out.startswith("unhealthy: ")
    assert "503" in ill.out
    document = run("service", "health", "my-app", "--json").json()
    assert (document["healthy"], document["status"]) == (False, "unhealthy")


def test_a_service_without_an_endpoint_is_asked_for_a_connection(run: Command, app: App) -> None:
    run("service", "register", "queue", str(app.port), "--health", "none")
    app.code = 500

    assert run("service", "health", "queue").out == "healthy\n"
    assert run("service", "get", "queue", "--json").json()["health_endpoint"] is None


def test_a_record_of_a_process_carries_its_pid(run: Command, app: App) -> None:
    pid = str(os.getpid())
    run("service", "register", "my-app", str(app.port), "--pid", pid)

    assert run("service", "get", "my-app", "--json").json()["pid"] == os.getpid()
    assert run("service", "register", "my-app", "1", "--pid", "4194304").code == 2


def test_a_status_is_noted_and_printed(run: Command, app: App) -> None:
    run("service", "register", "my-app", str(app.port))

    assert run("service", "status", "my-app", "draining").code == 0
    assert run("service", "status", "my-app").out == "draining\n"
    assert json.loads(run("service", "status", "my-app", "--json").out)["status"] == "draining"
    assert run("service", "status", "my-app", "two words").code == 2


def test_what_is_unregistered_is_gone(run: Command, app: App) -> None:
    run("service", "register", "my-app", str(app.port))

    assert run("service", "unregister", "my-app").code == 0
    assert run("service", "list", "--json").json() == []
    assert run("service", "unregister", "my-app").code == 1


@pytest.mark.parametrize("command", ["get", "status", "unregister"])
def test_a_service_that_is_not_registered_is_exit_code_1(run: Command, command: str) -> None:
    said = run("service", command, "nobody")

    assert (said.code, said.out) == (1, "")
    assert "no service nobody is registered" in said.err


def test_the_health_of_nobody_is_unhealthy(run: Command) -> None:
    said = run("service", "health", "nobody")

    assert said.code == 1
    assert said.out.startswith("unhealthy: nobody")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["my app", "8080"], "without spaces"),
        (["my-app", "80800"], "not in the range"),
        (["my-app", "8080", "--health", "ping"], 'write "/ping"'),
    ],
)
def test_what_cannot_be_registered_says_what_to_write(
    run: Command, args: list[str], message: str
) -> None:
    said = run("service", "register", *args)

    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_list_says_where_nothing_is_registered(run: Command) -> None:
    said = run("service", "list")

    assert (said.code, said.out) == (0, "")
    assert "no service is registered" in said.err
    assert run("service", "list", "--json").json() == []
