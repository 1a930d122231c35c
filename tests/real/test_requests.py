"""Every request of a service that our own runner serves is counted."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dynaport_tui.control.client import Client
from dynaport_tui.ledger.folders import project_runtime
from dynaport_tui.model.view import ActionError, Request, Requests
from tests.project import Project
from tests.real.harness import Dynaport, wait_until
from tests.real.nursery_client import Nursery, Start, get, running
from tests.real.test_nursery_scripts import write

FLASK = """
    import time
    from flask import Flask

    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "tea")

    @app.post("/only-post")
    def post():
        return "", 204

    @app.get("/broken")
    def broken():
        return 1 / 0

    @app.get("/stream")
    def stream():
        def parts():
            for _ in range(4):
                time.sleep(0.05)
                yield "part"
        return parts()

    @app.get("/endless")
    def endless():
        def parts():
            while True:
                time.sleep(0.01)
                yield "x" * 100_000
        return parts()

    @app.get("/torn")
    def torn():
        def parts():
            yield "part"
            raise OSError("no db")
        return parts()
"""

ASGI = """
    import asyncio

    async def answer(send, status=200, *parts):
        await send({"type": "http.response.start", "status": status, "headers": []})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b"tea"})

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path == "/broken":
            raise ValueError("no db")
        if path == "/gone":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if path == "/later":
            await answer(send)
            await asyncio.sleep(0.5)
            return
        await answer(send, 404 if path == "/missing" else 200, *[b"part"] * (path == "/stream"))
"""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


PROJECT = {
    "services.toml": """
        [services.wsgi]
        app = "shop:app"

        [services.asgi]
        app = "asgi:app"

        [services.script]
        script = "run.py"
        health = "/"

        [services.command]
        command = "python -m http.server --bind 127.0.0.1 $PORT"
    """,
    "shop.py": FLASK,
    "asgi.py": ASGI,
    "run.py": "from shop import app\nimport logging\napp.run(port=5001)\n",
}


class Engine:
    """A running engine, asked over its socket, and the services that it runs."""

    def __init__(self, dynaport: Dynaport) -> None:
        self.client = Client(project_runtime(dynaport.folder / "services.toml") / "sock")
        self.urls = {s["id"]: s["url"] for s in dynaport.look()["services"]}

    def fetch(self, service: str, path: str, method: str = "GET", **headers: str) -> int:
        """The status, after as much of the answer was read as there is."""
        with contextlib.closing(self.connection(service)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            with contextlib.suppress(http.client.IncompleteRead):
                answer.read()
            return answer.status

    def connection(self, service: str) -> http.client.HTTPConnection:
        place = urlsplit(self.urls[service])
        assert place.hostname is not None
        return http.client.HTTPConnection(place.hostname, place.port, timeout=10)

    def counted(self, service: str, total: int) -> list[Request]:
        """The kept requests as soon as there are so many in all."""
        wait_until(
            lambda: self.client.requests(service).total >= total,
            what=f"{service} has answered {total} requests",
        )
        found = self.client.requests(service)
        assert (found.total, found.dropped, found.counted) == (total, 0, True)
        return found.requests


@pytest.fixture
def engine(project: Project, dynaport: Dynaport) -> Engine:
    project(PROJECT)
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_until_ready()
    return Engine(dynaport)


def told(requests: list[Request]) -> list[tuple[str, str, int]]:
    return [(request.method, request.path, request.status) for request in requests]


def test_what_a_wsgi_app_answered_is_known_but_no_probe_and_no_secret(engine: Engine) -> None:
    before = time.time()
    for method, path in (("GET", "/?page=2&token=abc"), ("POST", "/missing"), ("GET", "/broken")):
        engine.fetch("wsgi", path, method)
    engine.fetch("wsgi", "/", User_Agent="dynaport-probe/1")
    engine.fetch("wsgi", "/stream")
    found = engine.counted("wsgi", 4)
    assert sorted(told(found)) == [
        ("GET", "/?page=2&token=••••", 200),
        ("GET", "/broken", 500),
        ("GET", "/stream", 200),
        ("POST", "/missing", 404),
    ]
    assert [request.number for request in found] == [1, 2, 3, 4]
    assert all(before <= request.at <= time.time() for request in found)
    streamed = next(request for request in found if request.path == "/stream")
    assert 200 <= streamed.ms < 2000
    figures = engine.client.requests("wsgi", after=4)
    assert (figures.requests, figures.total, figures.error_rate) == ([], 4, 0.25)
    assert figures.p50_ms is not None
    assert figures.p95_ms == streamed.ms


def test_what_an_asgi_app_answered_is_known_at_its_last_byte(engine: Engine) -> None:
    for path in ("/?key=abc", "/missing", "/broken", "/stream", "/later"):
        engine.fetch("asgi", path, "POST" if path == "/missing" else "GET")
        engine.counted("asgi", {"/?key=abc": 1, "/missing": 2, "/broken": 3}.get(path, 0) or 4)
    found = engine.counted("asgi", 5)
    assert told(found) == [
        ("GET", "/?key=••••", 200),
        ("POST", "/missing", 404),
        ("GET", "/broken", 500),
        ("GET", "/stream", 200),
        ("GET", "/later", 200),
    ]
    assert found[3].ms >= 50
    assert found[4].ms < 400


def test_a_script_goes_on_counting_when_it_is_restarted(engine: Engine, dynaport: Dynaport) -> None:
    assert [engine.fetch("script", "/"), engine.fetch("script", "/missing")] == [200, 404]
    engine.counted("script", 2)
    dynaport.run("restart", "script").expect(0)
    dynaport.wait_until_ready()
    assert engine.fetch("script", "/after") == 404
    found = engine.counted("script", 3)
    assert (found[-1].number, found[-1].path) == (3, "/after")


def test_of_a_command_nobody_counts_the_requests(engine: Engine) -> None:
    assert engine.client.requests("command") == Requests(service="command", counted=False)
    with pytest.raises(ActionError):
        engine.client.requests("nobody")


def test_of_a_script_that_brings_its_own_server_nobody_counts_either(
    project: Project, dynaport: Dynaport
) -> None:
    own = """
        import http.server
        answer = http.server.SimpleHTTPRequestHandler
        http.server.HTTPServer(("127.0.0.1", 8000), answer).serve_forever()
    """.replace("8000", "int(__import__('os').environ['PORT'])")
    services = """
        [services.script]
        script = "own.py"
    """
    project({"services.toml": services, "own.py": own})
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_until_ready()
    assert not Engine(dynaport).client.requests("script").counted


def test_a_burst_is_counted_whole_and_its_end_is_kept_in_order(engine: Engine) -> None:
    for number in range(2000):
        engine.fetch("asgi", f"/{number}")
    found = engine.counted("asgi", 2000)
    assert [request.path for request in found] == [f"/{number}" for number in range(1000, 2000)]
    assert [request.number for request in found] == list(range(1001, 2001))


def test_a_client_that_goes_away_is_counted_with_what_it_was_sent(engine: Engine) -> None:
    for service, path in (("wsgi", "/endless"), ("asgi", "/gone")):
        with contextlib.closing(engine.connection(service)) as connection:
            connection.request("GET", path)
            if service == "wsgi":
                connection.getresponse().read(10)
    assert told(engine.counted("wsgi", 1)) == [("GET", "/endless", 200)]
    assert told(engine.counted("asgi", 1)) == [("GET", "/gone", 499)]


def test_an_answer_that_breaks_off_is_a_failure(engine: Engine) -> None:
    engine.fetch("wsgi", "/torn")
    assert told(engine.counted("wsgi", 1)) == [("GET", "/torn", 500)]


def test_a_websocket_is_no_request(engine: Engine) -> None:
    engine.fetch("wsgi", "/", Upgrade="websocket")
    engine.fetch("wsgi", "/after")
    assert told(engine.counted("wsgi", 1)) == [("GET", "/after", 404)]


def reported(start: Start) -> list[tuple[str, int]]:
    """Path and status of every request that the process told."""
    lines = [report for report in start.reports if report["report"] == "requests"]
    return [(path, status) for line in lines for _, _, path, status, _ in line["requests"]]


def test_the_last_requests_are_told_before_the_end(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, app=FLASK)
    with running(nursery, "app", "app:app", cwd=tmp_path) as (start, address):
        for number in range(20):
            get(address, f"/{number}")
    assert sorted(reported(start)) == sorted((f"/{number}", 404) for number in range(20))


def test_requests_answered_in_child_processes_are_told_once(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(tmp_path, app=FLASK + "    app.run(threaded=False, processes=3)")
    with running(nursery, "script", "app.py", cwd=tmp_path) as (start, address):
        for number in range(20):
            get(address, f"/{number}")
    assert sorted(reported(start)) == sorted((f"/{number}", 404) for number in range(20))


def test_an_engine_that_does_not_listen_delays_no_answer(nursery: Nursery, tmp_path: Path) -> None:
    silent = "import logging; logging.getLogger('werkzeug').setLevel('ERROR')"
    write(tmp_path, app=FLASK + f"    {silent}")
    path = "/" + "x" * 480
    with running(nursery, "app", "app:app", cwd=tmp_path) as (start, address):
        for _ in range(1500):  # unread: the channel takes a few hundred of them
            assert get(address, path)[0] == 404
        assert get(address, "/last")[0] == 404
        nursery.until(lambda: reported(start)[-1:] == [("/last", 404)], "the newest")
    dropped = sum(r["dropped"] for r in start.reports if r["report"] == "requests")
    total = len(reported(start)) + dropped
    assert total == 1501
