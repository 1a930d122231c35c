"""Flask apps that nobody supervises, and the same ones under a supervisor."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynaport_tui import PortAllocator, ServiceRecord, ServiceRegistry
from dynaport_tui.ledger.opened import close_all
from tests.project import Project
from tests.real.harness import Dynaport, fetch, wait_until

PLAIN = """
    from flask import Flask
    from dynaport_tui import DynaPortFlask

    app = Flask(__name__)

    dynaport = DynaPortFlask(app_id="my-app", name="My Application")
    dynaport.wrap_app(app)

    @app.route("/")
    def hello():
        return f"Hello from port {dynaport.port}"

    if __name__ == "__main__":
        print(f"Starting on port {dynaport.port}")
        dynaport.run_app(debug=True)
"""
FACTORY = """
    from flask import Flask
    from dynaport_tui.flask_integration import create_dynaport_app

    def create_app(config):
        app = Flask(__name__)
        app.config.update(config)

        @app.route("/")
        def hello():
            return f"Hello from {app.config['PORT']}"

        return app

    app = create_dynaport_app(
        app_id="factory-app", app_factory=create_app, name="Factory Pattern App"
    )

    if __name__ == "__main__":
        app.dynaport.run_app()
"""
USERS = """
    from flask import Flask, jsonify
    from dynaport_tui import DynaPortFlask

    app = Flask(__name__)
    dynaport = DynaPortFlask(app_id="user-service", health_endpoint="/custom-health")
    dynaport.wrap_app(app)
    well = True

    @app.route("/custom-health")
    def health():
        return jsonify(status="healthy" if well else "unhealthy"), 200 if well else 503

    @app.route("/break", methods=["POST"])
    def fall_ill():
        global well
        well = False
        return "ill"

    @app.route("/users/1")
    def user():
        return "Ada"

    if __name__ == "__main__":
        dynaport.run_app()
"""
ORDERS = """
    import urllib.request

    from flask import Flask
    from dynaport_tui import DynaPortFlask, ServiceRegistry

    app = Flask(__name__)
    dynaport = DynaPortFlask(
        app_id="order-service", dependencies=["user-service:default", "product-service:default"]
    )
    dynaport.wrap_app(app)
    users = ServiceRegistry().address("user-service")

    @app.route("/")
    def order():
        with urllib.request.urlopen(users.join("/users/1")) as answer:
            return f"{answer.read().decode()} at {dynaport.port}"

    if __name__ == "__main__":
        dynaport.run_app(debug=True)
"""
PROJECT = """
    [services.users]
    app = "users:app"
    [services.orders]
    script = "orders.py"
    depends_on = ["users"]
    [services.again]
    command = "{python} orders.py"
"""


@pytest.fixture
def python(project: Project, private: Path) -> Iterator[Dynaport]:
    """The interpreter in the test's folder, whatever it runs ended with the test."""
    command = Dynaport(project.folder, private, (sys.executable,))
    yield command
    command.close()
    close_all()


def here(app_id: str, instance: str = "default") -> ServiceRecord:
    """The app, as soon as it is registered and well."""

    def well() -> ServiceRecord | None:
        record = ServiceRegistry().get_service(app_id, instance)
        return record if record and record.health_status == "healthy" else None

    found = wait_until(well, what=f"{app_id} is there and healthy")
    assert found is not None
    return found


def shown(dynaport: Dynaport) -> dict[str, dict[str, Any]]:
    """The apps of `ps --all`, by id."""
    found = dynaport.run("ps", "--all", "--json").expect(0).json()
    return {one["id"]: one for each in found if each["project"] is None for one in each["services"]}


def answers() -> list[bool]:
    """Whether they are well, one after the other."""
    return [record.health_status == "healthy" for record in ServiceRegistry().list_services()]


def greeting(url: str) -> str:
    """What an app says that may be reloading; empty for nothing."""
    try:
        return fetch(url).text
    except OSError:
        return ""


def test_an_app_is_shown_while_it_runs_and_gone_when_it_is_killed(
    project: Project, python: Dynaport, dynaport: Dynaport
) -> None:
    project({"factory.py": FACTORY})
    python.start("factory.py")
    record = here("factory-app")

    row = shown(dynaport)["factory-app"]
    assert (row["state"], row["pid"], row["url"]) == ("READY", record.pid, record.url)
    assert (record.name, record.project) == ("Factory Pattern App", None)
    assert fetch(record.url).text == f"Hello from {PortAllocator().get_port('factory-app')}"

    assert record.pid is not None
    os.kill(record.pid, signal.SIGKILL)
    wait_until(lambda: ServiceRegistry().get_service("factory-app") is None, deadline=5)
    assert "factory-app" not in shown(dynaport)


def test_an_app_under_the_reloader_keeps_its_port_and_is_registered_once(
    project: Project, python: Dynaport
) -> None:
    project({"app.py": PLAIN})
    first = python.start("app.py")
    before = here("my-app")
    first.wait_for_line(f"Starting on port {before.port}")
    assert fetch(before.url).text == f"Hello from port {before.port}"

    second = python.start("app.py")
    named = f"my-app runs already: pid [0-9]+, port {before.port}.*instance_id"
    second.wait_for_line(named, stream="err")
    wait_until(lambda: answers() == [True, True], what="both are there")
    second.interrupt()
    second.wait()

    project({"app.py": PLAIN.replace("Hello", "Good evening")})
    wait_until(lambda: greeting(before.url) == f"Good evening from port {before.port}")
    after = here("my-app")
    assert (after.port, after.since) == (before.port, before.since)
    assert [record.port for record in ServiceRegistry().list_services()] == [before.port]
    first.interrupt()
    first.wait()
    assert ServiceRegistry().list_services() == []


def test_apps_find_each_other_and_miss_what_they_depend_on(
    project: Project, python: Dynaport
) -> None:
    project({"users.py": USERS, "orders.py": ORDERS.replace("debug=True", "")})
    python.start("users.py")
    users = ServiceRegistry().get_service("user-service", "default") or here("user-service")
    orders = python.start("orders.py")
    orders.wait_for_line("depends on product-service:default, which is not running", stream="err")
    assert fetch(here("order-service").url).text.startswith("Ada at ")
    assert "depends on user-service" not in str(orders)

    fetch(f"{users.url}/break", method="POST")
    ill = ServiceRegistry().get_service("user-service", "default")
    assert ill is not None
    assert ill.health_status == "unhealthy"
    assert ill.health_reason == "answered GET /custom-health with 503"


def test_inside_supervised_services_the_same_apps_run_unchanged(
    project: Project, dynaport: Dynaport
) -> None:
    project({
        "users.py": USERS,
        "orders.py": ORDERS,
        "services.toml": PROJECT.format(python=sys.executable),
    })  # fmt: skip
    dynaport.start("up", "--no-tui", "--no-watch")
    dynaport.wait_until_ready()
    ports = {service["id"]: service["port"] for service in dynaport.look()["services"]}

    def registered() -> set[tuple[str, int, str | None]]:
        found = ServiceRegistry().list_services()
        return {(one.app_id, one.port, one.root) for one in found if one.health_status == "healthy"}

    root = os.path.realpath(project.folder)
    wanted = {
        ("user-service", ports["users"], root),
        ("order-service", ports["orders"], root),
        ("order-service", ports["again"], root),
    }
    wait_until(lambda: registered() == wanted, what="all three are registered")
    assert dynaport.get("orders").text == f"Ada at {ports['orders']}"
    assert dynaport.get("again").text == f"Ada at {ports['again']}"
    assert shown(dynaport) == {}
    close_all()
