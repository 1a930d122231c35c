"""One process of a service takes over from another on the same socket."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.nursery_client import Address, Nursery, Start, get, held_socket
from tests.real.test_nursery_scripts import write

FLASK = """
    import os, time
    from flask import Flask

    app = Flask(__name__)

    @app.route("/")
    def index():
        return os.environ["TEA"]

    @app.route("/slow")
    def slow():
        print("asked", flush=True)
        time.sleep(1)
        return "at last"

    @app.route("/stream")
    def stream():
        def parts():
            for _ in range(5):
                yield "drop "
                time.sleep(0.2)
        return parts()
"""
SCRIPT = FLASK + '\n    if __name__ == "__main__":\n        app.run(debug=True)\n'
FORKING = FLASK + '\n    if __name__ == "__main__":\n        app.run(processes=4, threaded=False)\n'
ASGI = """
    import asyncio, os

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        path, parts = scope["path"], [os.environ["TEA"]]
        if path == "/slow":
            print("asked", flush=True)
            await asyncio.sleep(1)
            parts = ["at last"]
        elif path == "/stream":
            parts = ["drop "] * 5
        for part in parts:
            await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
            if path == "/stream":
                await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b""})
"""
KINDS = {
    "flask": (FLASK, "app", "app:app"),
    "script": (SCRIPT, "script", "app.py"),
    "forking": (FORKING, "script", "app.py"),
    "asgi": (ASGI, "app", "app:app"),
}
WAITRESS_LIKE = """
    import http.server, os

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(os.environ["TEA"].encode())

    print("loaded", flush=True)
    server = http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler)
    print("listens", flush=True)
    server.serve_forever()
"""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def held() -> Iterator[socket.socket]:
    with held_socket() as held:
        yield held


class Clients:
    """Ask all the time, each over connections of its own, until told to stop."""

    def __init__(self, address: Address, count: int, *, kept: bool = False) -> None:
        self.answers: list[tuple[int, str]] = []
        self.failures: list[BaseException] = []
        self._address, self._kept = address, kept
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(count)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(20)

    def _ask(self) -> None:
        with contextlib.closing(http.client.HTTPConnection(*self._address, timeout=20)) as client:
            while not self._end.wait(0.005):
                try:
                    client.request("GET", "/")
                    answer = client.getresponse()
                    self.answers.append((answer.status, answer.read().decode()))
                    if not self._kept:
                        client.close()
                except OSError as error:
                    self.failures.append(error)
                    return


def begin(
    nursery: Nursery, folder: Path, held: socket.socket, kind: str, tea: str, *, waits: bool = False
) -> Start:
    """A process of the service, ready or about to be; what it answers is `tea`."""
    text, how, target = KINDS[kind]
    write(folder, app=text)
    start = nursery.spawn(how, target, cwd=folder, listen=held, env={"TEA": tea}, waits=waits)
    nursery.wait_spawned(start)
    nursery.wait_ready(start)
    return start


def retire(nursery: Nursery, start: Start) -> None:
    """Have it hand the socket over, and wait until it did."""
    start.say("retire")
    nursery.until(lambda: start.report("retired"), "report 'retired'")


@pytest.mark.parametrize("kind", ["flask", "asgi"])
def test_a_candidate_accepts_nothing_before_it_may(
    nursery: Nursery, tmp_path: Path, held: socket.socket, kind: str
) -> None:
    candidate = begin(nursery, tmp_path, held, kind, "new", waits=True)
    with socket.create_connection(held.getsockname(), timeout=0.3) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with pytest.raises(TimeoutError):
            client.recv(4096)
        candidate.say("go")
        client.settimeout(20)
        assert client.recv(4096).startswith(b"HTTP/1.")
    nursery.signal(candidate, signal.SIGTERM)
    assert nursery.wait_end(candidate)["code"] == 0


@pytest.mark.parametrize("kind", ["script", "asgi"])
def test_term_ends_a_candidate_that_waits(
    nursery: Nursery, tmp_path: Path, held: socket.socket, kind: str
) -> None:
    candidate = begin(nursery, tmp_path, held, kind, "new", waits=True)
    nursery.signal(candidate, signal.SIGTERM)
    assert nursery.wait_end(candidate)["code"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_retires_finishes_what_it_has_while_its_successor_answers(
    nursery: Nursery, tmp_path: Path, held: socket.socket, kind: str
) -> None:
    old = begin(nursery, tmp_path, held, kind, "old")
    address = held.getsockname()
    answers: list[str] = []
    clients = [
        threading.Thread(target=lambda path=path: answers.append(get(address, path)[1]))
        for path in ("/slow", "/stream")
    ]
    for client in clients:
        client.start()
    nursery.wait_output(old, "asked")
    candidate = begin(nursery, tmp_path, held, kind, "new", waits=True)
    with socket.create_connection(address) as fresh:
        assert get(address)[1] == "old"  # so `fresh` was accepted before
        retire(nursery, old)
        candidate.say("go")
        assert get(address)[1] == "new"
        fresh.sendall(b"GET / HTTP/1.0\r\n\r\n")
        nursery.signal(old, signal.SIGTERM)
        assert fresh.makefile("rb").read().endswith(b"old")
    for client in clients:
        client.join(20)
    assert sorted(answers) == ["at last", "drop " * 5]
    exited = nursery.wait_end(old)
    assert (exited["code"], exited["signal"]) == (0, None)
    nursery.signal(candidate, signal.SIGTERM)
    nursery.wait_end(candidate)


@pytest.mark.parametrize(
    ("kind", "kept"), [("flask", False), ("asgi", False), ("asgi", True)], ids=str
)
def test_no_connection_is_lost_when_one_takes_over_from_another(
    nursery: Nursery, tmp_path: Path, held: socket.socket, kind: str, kept: bool
) -> None:
    serving = begin(nursery, tmp_path, held, kind, "0")
    with Clients(held.getsockname(), 8, kept=kept) as clients:
        for number in range(1, 6):
            candidate = begin(nursery, tmp_path, held, kind, str(number), waits=True)
            retire(nursery, serving)
            before = len(clients.answers)
            candidate.say("go")
            serving = candidate
            nursery.until(lambda before=before: len(clients.answers) > before + 20, "answers")
    nursery.signal(serving, signal.SIGTERM)
    nursery.wait_end(serving)
    assert clients.failures == []
    assert {status for status, _ in clients.answers} == {200}
    assert {tea for _, tea in clients.answers} == set("012345")


def test_a_program_that_binds_its_port_waits_where_it_would_listen(
    nursery: Nursery, tmp_path: Path, held: socket.socket
) -> None:
    write(tmp_path, app=WAITRESS_LIKE)
    ends = []
    for word in ("go", "TERM"):
        start = nursery.spawn(
            "script", "app.py", cwd=tmp_path, listen=held, env={"TEA": "oolong"}, waits=True
        )
        nursery.wait_spawned(start)
        nursery.wait_ready(start)
        assert start.stdout == "loaded\n"
        if word == "go":
            start.say("go")
            assert get(held.getsockname())[1] == "oolong"
        nursery.signal(start, signal.SIGTERM)
        ends.append(nursery.wait_end(start)["signal"])
        assert ("listens" in start.stdout) is (word == "go")
    assert ends == [signal.SIGTERM, signal.SIGTERM]


def test_a_program_that_runs_uvicorn_itself_leaves_in_peace_at_term(
    nursery: Nursery, tmp_path: Path, held: socket.socket
) -> None:
    run = '\n    import uvicorn\n    uvicorn.run(app, port=int(os.environ["PORT"]))\n'
    write(tmp_path, app=ASGI + run)
    old = nursery.spawn("script", "app.py", cwd=tmp_path, listen=held, env={"TEA": "old"})
    nursery.wait_ready(old)
    new = nursery.spawn(
        "script", "app.py", cwd=tmp_path, listen=held, env={"TEA": "new"}, waits=True
    )
    nursery.wait_ready(new)
    with socket.create_connection(held.getsockname()) as fresh:
        assert get(held.getsockname())[1] == "old"  # so `fresh` was accepted before
        nursery.signal(old, signal.SIGTERM)
        nursery.until(lambda: old.report("retired"), "report 'retired'")
        new.say("go")
        assert get(held.getsockname())[1] == "new"
        fresh.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert fresh.makefile("rb").read().endswith(b"old")
    nursery.wait_end(old)
    nursery.signal(new, signal.SIGTERM)
    nursery.wait_end(new)


@pytest.mark.parametrize("kind", ["flask", "asgi"])
def test_a_service_whose_engine_says_no_more_goes_on_without_spinning(
    nursery: Nursery, tmp_path: Path, held: socket.socket, kind: str
) -> None:
    start = begin(nursery, tmp_path, held, kind, "old")
    start.hang_up()
    assert get(held.getsockname())[1] == "old"
    stat = Path(f"/proc/{start.pid}/stat")

    def ticks() -> int:
        return sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))

    before = ticks()
    threading.Event().wait(0.5)
    assert ticks() - before < 20, "half a second of spinning is 50 ticks"
    nursery.signal(start, signal.SIGTERM)
    nursery.wait_end(start)


def test_a_program_with_an_end_of_its_own_gets_term_when_it_has_retired(
    nursery: Nursery, tmp_path: Path, held: socket.socket
) -> None:
    ending = """
    import signal, sys

    def end(number, frame):
        print("put away")
        sys.exit(3)

    signal.signal(signal.SIGTERM, end)
    app.run()
    """
    write(tmp_path, app=FLASK + ending)
    start = nursery.spawn("script", "app.py", cwd=tmp_path, listen=held)
    nursery.wait_ready(start)
    retire(nursery, start)
    assert nursery.wait_end(start)["code"] == 3
    assert start.stdout == "put away\n"
