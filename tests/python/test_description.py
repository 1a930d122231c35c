"""What the first pages promise, as it is written there."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from dynaport_tui import DynaPortFlask, PortAllocator, ServiceRegistry
from tests.fakes import FakeRun, FakeService
from tests.real.asking import free_port

A_PLAIN_APP = """
    from flask import Flask
    from dynaport_tui import DynaPortFlask

    app = Flask(__name__)

    dynaport = DynaPortFlask(app_id="my-app", name="My Application")
    dynaport.wrap_app(app)

    @app.route("/")
    def hello():
        return f"Hello World on {dynaport.port}"

    if __name__ == "__main__":
        dynaport.run_app(debug=True)
"""
A_FACTORY = """
    from flask import Flask
    from dynaport_tui.flask_integration import create_dynaport_app

    def create_app():
        app = Flask(__name__)

        @app.route("/")
        def hello():
            return "Hello"

        return app

    app = create_dynaport_app(
        app_id="factory-app", app_factory=create_app, name="Factory Pattern App"
    )

    if __name__ == "__main__":
        app.dynaport.run_app(debug=True)
"""
A_PREFERRED_PORT = """
    from dynaport_tui import DynaPortFlask

    dynaport = DynaPortFlask(app_id="my-app", preferred_port=8080)
"""
A_RESERVED_PORT = """
    from dynaport_tui import PortAllocator

    reserved = PortAllocator().reserve_port(8080)
"""
TWO_INSTANCES = """
    from flask import Flask
    from dynaport_tui import DynaPortFlask

    app = Flask(__name__)
    dynaport1 = DynaPortFlask(app_id="my-app", instance_id="instance1")
    dynaport2 = DynaPortFlask(app_id="my-app", instance_id="instance2")
"""
DISCOVERY = """
    from dynaport_tui.service_registry import ServiceRegistry

    registry = ServiceRegistry()
    user_service = registry.get_service("user-service", "default")
    if user_service and user_service.health_status == "healthy":
        url = user_service.url
"""
DEPENDENCIES = """
    from dynaport_tui import DynaPortFlask

    dynaport = DynaPortFlask(
        app_id="order-service",
        dependencies=["user-service:default", "product-service:default"],
    )
"""
CUSTOM_HEALTH = """
    from flask import Flask, jsonify
    from dynaport_tui import DynaPortFlask

    app = Flask(__name__)
    dynaport = DynaPortFlask(app_id="my-app", health_endpoint="/custom-health")
    dynaport.wrap_app(app)

    @app.route("/custom-health")
    def custom_health():
        return jsonify({"status": "unhealthy", "reason": "the database is away"}), 503
"""


def carried_out(code: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], FakeRun]:
    """The names of a program that was run as a script, whose app serves nobody."""
    run = FakeRun(lambda: [row.app_id for row in ServiceRegistry().rows()])
    monkeypatch.setattr(Flask, "run", staticmethod(run))
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(textwrap.dedent(code), __file__, "exec"), names)
    return names, run


def test_a_plain_app(monkeypatch: pytest.MonkeyPatch) -> None:
    names, run = carried_out(A_PLAIN_APP, monkeypatch)

    port = PortAllocator().get_port("my-app")
    assert names["app"].test_client().get("/").text == f"Hello World on {port}"
    assert (run.port, run.options["debug"], run.seen) == (port, True, ["my-app"])


def test_a_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    names, run = carried_out(A_FACTORY, monkeypatch)

    app = names["app"]
    assert isinstance(app, Flask)
    assert isinstance(names["app"].dynaport, DynaPortFlask)
    assert run.port == app.config["PORT"] == PortAllocator().get_port("factory-app")
    assert run.seen == ["factory-app"]


def test_a_preferred_port(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()  # as 8080 may be taken on this machine
    names, _ = carried_out(A_PREFERRED_PORT.replace("8080", str(port)), monkeypatch)

    assert names["dynaport"].port == port
    assert DynaPortFlask("my-app").port == port


def test_a_reserved_port(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    names, _ = carried_out(A_RESERVED_PORT.replace("8080", str(port)), monkeypatch)

    assert names["reserved"]
    assert DynaPortFlask("my-app", preferred_port=port).port != port


def test_two_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    names, _ = carried_out(TWO_INSTANCES, monkeypatch)

    first, second = names["dynaport1"].port, names["dynaport2"].port
    assert first != second
    assert first == PortAllocator().get_port("my-app", "instance1")


def test_discovery(monkeypatch: pytest.MonkeyPatch) -> None:
    assert carried_out(DISCOVERY, monkeypatch)[0]["user_service"] is None
    with FakeService() as service:
        ServiceRegistry().register_service("user-service", service.port)
        names, _ = carried_out(DISCOVERY, monkeypatch)

    assert names["url"] == f"http://127.0.0.1:{service.port}"


def test_dependencies(monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder) -> None:
    ServiceRegistry().register_service("user-service", 9)
    names, _ = carried_out(DEPENDENCIES, monkeypatch)
    names["dynaport"].wrap_app(Flask("orders"))
    names["dynaport"].run_app()

    assert [str(each.message).partition(",")[0] for each in recwarn] == [
        "order-service depends on product-service:default"
    ]


def test_a_health_endpoint_of_ones_own(monkeypatch: pytest.MonkeyPatch, private: Path) -> None:
    names, _ = carried_out(CUSTOM_HEALTH, monkeypatch)
    client = names["app"].test_client()

    assert client.get("/custom-health").status_code == 503
    assert client.get("/health").status_code == 404
