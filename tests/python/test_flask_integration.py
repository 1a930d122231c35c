"""An app that is wrapped: its port, its registration while it serves, its health."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from dynaport_tui import DynaPortFlask, DynaPortWarning, ServiceRegistry, create_dynaport_app
from dynaport_tui.ledger.ledger import Ledger
from dynaport_tui.port_allocator import PortAllocator
from tests.fakes import FakeRun
from tests.python.conftest import an_app, another_process, lives_in

CERTIFICATE = Path(__file__).parents[1] / "engine" / "self_signed.pem"


def registered() -> list[tuple[str, int, int]]:
    return [(one.app_id, one.pid, one.port) for one in ServiceRegistry().rows()]


def test_an_app_has_the_port_that_the_ledger_keeps_for_it() -> None:
    dynaport = DynaPortFlask("shop")
    app = an_app(dynaport)

    assert dynaport.port == app.config["PORT"] == PortAllocator().get_port("shop")
    assert dynaport.url == f"http://127.0.0.1:{dynaport.port}"
    assert DynaPortFlask("shop").port == dynaport.port
    assert DynaPortFlask("shop", instance_id="second").port != dynaport.port


def test_to_import_an_app_neither_registers_it_nor_warns() -> None:
    dynaport = DynaPortFlask("shop", dependencies=["nobody:default"])
    app = an_app(dynaport)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert app.test_client().get("/health").status_code == 200
        app.test_cli_runner().invoke(args=["routes"])
    assert registered() == []


def test_an_app_is_registered_while_it_runs_and_no_longer() -> None:
    run = FakeRun(registered)
    dynaport = DynaPortFlask("shop")
    an_app(dynaport, run)

    dynaport.run_app(debug=True, threaded=True)

    assert run.port == dynaport.port
    assert run.options == {"debug": True, "threaded": True}
    assert run.seen == [("shop", os.getpid(), dynaport.port)]
    assert registered() == []


def test_the_apps_own_run_is_the_same() -> None:
    run = FakeRun(registered)
    app = an_app(DynaPortFlask("shop"), run)

    app.run(host="0.0.0.0")

    assert (run.host, run.port) == ("0.0.0.0", app.config["PORT"])
    assert len(run.seen) == 1


def test_a_port_that_the_program_insists_on_is_that_of_the_run() -> None:
    run = FakeRun(registered)
    dynaport = DynaPortFlask("shop")
    an_app(dynaport, run)

    dynaport.run_app(port=8123)

    assert run.port == dynaport.port == 8123
    assert run.seen == [("shop", os.getpid(), 8123)]


@pytest.mark.parametrize("options", [{"port": 0}, {"host": "unix:///tmp/no.sock", "port": 1}])
def test_an_app_that_serves_nobody_knows_where_is_not_registered_before_a_request(
    options: dict[str, Any],
) -> None:
    run = FakeRun(registered)
    dynaport = DynaPortFlask("shop")
    an_app(dynaport, run)

    dynaport.run_app(**options)

    assert (run.port, run.seen) == (options["port"], [])


def test_a_host_that_there_is_not_is_for_the_server_to_complain_of() -> None:
    run = FakeRun()
    dynaport = DynaPortFlask("shop")
    an_app(dynaport, run)
    dynaport.run_app(host="no such host")
    assert (run.host, run.port) == ("no such host", dynaport.port)


def test_the_second_program_has_the_next_port_and_a_warning_names_the_first() -> None:
    run = FakeRun(registered)
    dynaport = DynaPortFlask("shop")
    app = an_app(dynaport, run)
    own = dynaport.port
    with another_process() as first:
        lives_in(first.pid, own)
        with pytest.warns(DynaPortWarning, match=f"shop runs already: pid {first.pid}, port {own}"):
            dynaport.run_app()

    assert run.port == dynaport.port == app.config["PORT"] > own
    assert run.seen == [("shop", first.pid, own), ("shop", os.getpid(), run.port)]
    assert DynaPortFlask("shop").port == own


def test_two_programs_that_begin_at_once_never_have_one_port() -> None:
    own = DynaPortFlask("shop").port
    with another_process() as first, another_process() as second:
        lives_in(first.pid, own)
        lives_in(second.pid, own + 1, "stranger")
        run = FakeRun()
        dynaport = DynaPortFlask("shop")
        an_app(dynaport, run)
        with pytest.warns(
            DynaPortWarning, match='instance_id: DynaPortFlask\\("shop", instance_id'
        ):
            dynaport.run_app()
    assert run.port is not None
    assert run.port > own + 1


def test_a_port_that_a_stranger_has_is_left_for_this_run_and_the_stranger_is_named() -> None:
    run = FakeRun()
    dynaport = DynaPortFlask("shop")
    an_app(dynaport, run)
    own = dynaport.port
    named = rf"port {own} of shop .* pid {os.getpid()} \("
    with socket.create_server(("127.0.0.1", own)), pytest.warns(DynaPortWarning, match=named):
        dynaport.run_app()
    assert run.port != own
    dynaport = DynaPortFlask("shop")
    an_app(dynaport, run)
    dynaport.run_app()
    assert run.port == own


def test_the_child_of_the_reloader_has_its_parents_port_and_is_one_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = FakeRun(registered)
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        lives_in(os.getppid(), port)
        monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
        monkeypatch.setenv("WERKZEUG_SERVER_FD", str(held.fileno()))
        dynaport = DynaPortFlask("shop", dependencies=["nobody:default"])
        an_app(dynaport, run)
        assert dynaport.port == port
        dynaport.run_app(debug=True)

    assert run.port == port
    assert run.seen == [("shop", os.getpid(), port)]


def test_inside_a_supervised_service_it_has_the_supervisors_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DYNAPORT_SERVICE", "web")
    monkeypatch.setenv("DYNAPORT_PROJECT", "shop")
    monkeypatch.setenv("PORT", "20321")
    monkeypatch.setenv("HOST", "127.0.0.2")
    run = FakeRun(lambda: [(s.project, s.port, s.host) for s in ServiceRegistry().list_services()])
    dynaport = DynaPortFlask("shop-web")
    an_app(dynaport, run)

    dynaport.run_app(port=5000)

    assert (run.host, run.port, dynaport.port) == ("127.0.0.2", 20321, 20321)
    assert run.seen == [("shop", 20321, "127.0.0.2")]
    assert PortAllocator().get_port("shop-web") is None


@contextmanager
def served(app: Any, **options: Any) -> Iterator[str]:
    """The app under a server that is not run by it."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True, **options)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        scheme = "https" if options else "http"
        yield f"{scheme}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def fetch(url: str) -> dict[str, Any]:
    from urllib.request import HTTPSHandler, ProxyHandler, build_opener

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
    with opener.open(url, timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def test_another_server_is_noticed_at_the_first_request() -> None:
    dynaport = DynaPortFlask("shop")
    app = an_app(dynaport)
    with served(app) as url:
        assert registered() == []
        fetch(f"{url}/health")
        found = ServiceRegistry().get_service("shop")
        assert found is not None
        assert (found.url, found.pid, found.health_status) == (url, os.getpid(), "healthy")
        assert dynaport.url == url


def test_an_app_behind_tls_has_an_address_that_says_so() -> None:
    app = an_app(DynaPortFlask("shop"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with served(app, ssl_context=context) as url:
        fetch(f"{url}/health")
        found = ServiceRegistry().get_service("shop")

    assert found is not None
    assert (found.url, found.health_status) == (url, "healthy")


def test_the_health_answer_lists_the_checks_of_the_app() -> None:
    dynaport = DynaPortFlask("shop", name="The Shop")
    client = an_app(dynaport).test_client()
    assert client.get("/health").get_json() == {
        "status": "healthy", "app_id": "shop", "instance_id": "default", "name": "The Shop",
        "checks": {},
    }  # fmt: skip

    @dynaport.check("disk")
    def enough_room() -> bool:
        return True

    dynaport.add_check("db", lambda: 1 / 0)
    answer = client.get("/health")

    assert answer.status_code == 503
    checks = answer.get_json()["checks"]
    assert checks["disk"]["healthy"]
    assert checks["db"]["error"] == "ZeroDivisionError: division by zero"
    assert client.head("/health").status_code == 503
    assert client.post("/health").status_code == 404


def test_a_check_runs_within_the_context_of_the_app() -> None:
    from flask import current_app

    dynaport = DynaPortFlask("shop")
    client = an_app(dynaport).test_client()
    dynaport.add_check("name", lambda: current_app.name == "shop")

    assert client.get("/health").status_code == 200


def test_the_error_of_a_check_keeps_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_TOKEN", "tea-and-biscuits")
    dynaport = DynaPortFlask("shop")
    client = an_app(dynaport).test_client()

    @dynaport.check("db")
    def connected() -> None:
        raise OSError("postgres://shop:swordfish@db/shop refused tea-and-biscuits")

    error = client.get("/health").get_json()["checks"]["db"]["error"]
    assert "refused" in error
    assert "swordfish" not in error
    assert "tea-and-biscuits" not in error


def test_a_check_that_hangs_is_late_and_is_not_called_again_until_it_returns() -> None:
    dynaport = DynaPortFlask("shop")
    client = an_app(dynaport).test_client()
    gate, calls = threading.Event(), []

    def hangs() -> None:
        calls.append(threading.current_thread())
        gate.wait(8)

    dynaport.add_check("hangs", hangs, timeout=0.05)
    answers = [client.get("/health") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [503] * 5
    assert answers[0].get_json()["checks"]["hangs"]["error"] == "no answer within 0.05 s"
    assert len(calls) == 1
    gate.set()
    calls[0].join(5)
    assert client.get("/health").status_code == 200
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("function", "timeout", "message"),
    [
        ("no function", 1.0, "check 'x' is no function"),
        (fetch, 0.0, "a timeout is more than 0 seconds"),
    ],
)
def test_what_is_no_check_is_refused(function: Any, timeout: float, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        DynaPortFlask("shop").add_check("x", function, timeout=timeout)


def test_a_coroutine_function_is_refused_as_a_check() -> None:
    async def later() -> None: ...

    with pytest.raises(TypeError, match="is a coroutine function: write a plain function"):
        DynaPortFlask("shop").add_check("later", later)


def test_an_app_that_has_a_rule_for_its_health_answers_itself() -> None:
    dynaport = DynaPortFlask("shop", health_endpoint="/custom-health")
    app = an_app(dynaport)
    assert app.test_client().get("/custom-health").status_code == 200

    other = an_app(DynaPortFlask("other", health_endpoint="/custom-health"))
    other.add_url_rule("/<path:page>", "page", lambda page: page)
    other.add_url_rule("/custom-health", "own", lambda: ("ill", 503))
    assert other.test_client().get("/custom-health").text == "ill"


def test_a_missing_dependency_is_a_warning_that_names_it_and_how_to_start_it() -> None:
    dynaport = DynaPortFlask("shop", dependencies=["user-service:default", "orders"])
    run = FakeRun()
    an_app(dynaport, run)
    ServiceRegistry().register_service("orders", 9)
    ServiceRegistry().register_service("users-service", 10)

    with pytest.warns(DynaPortWarning) as told:
        dynaport.run_app()

    assert [str(each.message) for each in told] == [
        "shop depends on user-service:default, which is not running: start the program that has "
        'DynaPortFlask("user-service"). Did you mean "users-service"?'
    ]
    assert told[0].filename == __file__


def test_an_app_serves_even_where_the_ledger_cannot_be_used(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (private / "file").touch()
    monkeypatch.setenv("DYNAPORT_STATE_DIR", str(private / "file"))
    run = FakeRun()
    dynaport = DynaPortFlask("shop")
    app = an_app(dynaport, run)

    with pytest.warns(DynaPortWarning) as told:
        dynaport.run_app()

    assert run.port == app.config["PORT"]
    assert f"port {run.port} of shop is not kept: {private}/file is no" in str(told[0].message)


def test_a_factory_gets_what_it_takes(private: Path) -> None:
    def plain() -> Flask:
        return Flask("plain")

    def with_config(config: dict[str, Any]) -> Flask:
        app = Flask("with_config")
        app.config.update(config)
        return app

    def with_default(name: str = "development") -> Flask:
        app = Flask("with_default")
        app.config["NAME"] = name
        return app

    app = create_dynaport_app("factory-app", plain, name="Factory Pattern App")
    assert app.config["PORT"] == app.dynaport.port
    assert create_dynaport_app("b", with_config).config["PORT"] == PortAllocator().get_port("b")
    assert create_dynaport_app("c", with_config, config={"DEBUG": 1}).config["DEBUG"] == 1
    assert create_dynaport_app("d", with_default).config["NAME"] == "development"
    assert create_dynaport_app("e", with_default, config="testing").config["NAME"] == "testing"
    with pytest.raises(TypeError, match=r"nothing\(\) returned NoneType: it must return a Flask"):
        create_dynaport_app("f", nothing)


def nothing() -> Any:
    return None


def test_what_can_never_be_right_is_refused() -> None:
    with pytest.raises(ValueError, match=r"dependencies is a list: write \['users'\]"):
        DynaPortFlask("shop", dependencies="users")
    with pytest.raises(RuntimeError, match=r"call wrap_app\(app\) first"):
        DynaPortFlask("shop").run_app()
    app = an_app(DynaPortFlask("shop"))
    with pytest.raises(ValueError, match="wrapped already, as shop: wrap it once"):
        DynaPortFlask("other").wrap_app(app)


def test_a_preferred_port_that_is_not_to_be_had_is_told_when_the_app_serves() -> None:
    with Ledger() as ledger:
        preferred = ledger.find((20000, 29999))
    assert DynaPortFlask("first", preferred_port=preferred).port == preferred
    run = FakeRun()
    dynaport = DynaPortFlask("second", preferred_port=preferred)
    an_app(dynaport, run)
    with pytest.warns(DynaPortWarning, match=f"port {preferred}, which second prefers, is not to"):
        dynaport.run_app()
    assert run.port not in (preferred, None)
