"""Programs that nobody here wrote, unmodified, each from its own virtual environment."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, refuses, wait_until

pytestmark = pytest.mark.timeout(180)

PACKAGES = {
    "for-httpbin": ["httpbin"],
    "for-sqlite": ["sqlite-web"],
    "for-servers": [
        "flask", "flask-socketio", "gunicorn", "hypercorn", "simple-websocket", "uvicorn",
        "waitress",
    ],
}  # fmt: skip
"""Virtual environment -> what is installed in it."""

SERVICES = """
    [services.httpbin]
    app = "httpbin:app"
    python = "for-httpbin"

    [services.database]
    script = "for-sqlite/bin/sqlite_web shop.sqlite3"
    python = "for-sqlite"

    [services.hard-coded]
    script = "hard_coded.py"
    python = "for-servers"

    [services.with-gunicorn]
    app = "teas:create_app('gunicorn')"
    server = "gunicorn"
    workers = 2
    python = "for-servers"

    [services.with-uvicorn]
    app = "plain:create_app()"
    server = "uvicorn"
    workers = 2
    python = "for-servers"

    [services.with-hypercorn]
    app = "plain:app"
    server = "hypercorn"
    python = "for-servers"

    [services.asgi]
    app = "plain:app"
    python = "for-servers"

    [services.on-waitress]
    script = "on_waitress.py --name=waitress"
    python = "for-servers"

    [services.on-uvicorn]
    script = "on_uvicorn.py"
    python = "for-servers"

    [services.on-socketio]
    script = "on_socketio.py"
    python = "for-servers"

    [services.files]
    script = "files.py"

    [services.command]
    command = "waitress-serve --port=$PORT --host=127.0.0.1 --call teas:create_app"
    python = "for-servers"
"""

PROGRAMS = {
    "hard_coded.py": """
        from flask import Flask, request

        app = Flask(__name__)

        @app.route("/")
        def home():
            return f"hard-coded, asked at {request.host}"

        if __name__ == "__main__":
            app.run(host="0.0.0.0", port=5001, debug=True)
    """,
    "teas.py": """
        from flask import Flask

        def create_app(name="nobody"):
            app = Flask(__name__)
            app.route("/")(lambda: f"teas of {name}")
            return app
    """,
    "plain.py": """
        import os

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                while True:
                    message = await receive()
                    await send({"type": message["type"] + ".complete"})
                    if message["type"] == "lifespan.shutdown":
                        return
            text = "plain " + os.environ["DYNAPORT_SERVICE"]
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": text.encode()})

        def create_app():
            return app
    """,
    "on_waitress.py": """
        import argparse, os
        from waitress import serve
        from teas import create_app

        parser = argparse.ArgumentParser()
        parser.add_argument("--name")
        serve(create_app(parser.parse_args().name), host="0.0.0.0", port=os.environ["PORT"])
    """,
    "on_uvicorn.py": """
        import os
        import uvicorn

        if __name__ == "__main__":
            uvicorn.run("plain:app", host="127.0.0.1", port=int(os.environ["PORT"]))
    """,
    "on_socketio.py": """
        import os
        from flask import Flask
        from flask_socketio import SocketIO

        app = Flask(__name__)
        socketio = SocketIO(app)
        app.route("/")(lambda: "sockets")

        if __name__ == "__main__":
            port = int(os.environ["PORT"])
            socketio.run(app, host="0.0.0.0", port=port, allow_unsafe_werkzeug=True)
    """,
    "files.py": """
        import os
        from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

        address = ("", int(os.environ["PORT"]))
        ThreadingHTTPServer(address, SimpleHTTPRequestHandler).serve_forever()
    """,
}

SAYS = {
    "httpbin": ("/anything?tea=oolong", '"tea": "oolong"'),
    "database": ("/teas/content/", "Darjeeling"),
    "hard-coded": ("/", "hard-coded, asked at 127.0.0.1:{port}"),
    "with-gunicorn": ("/", "teas of gunicorn"),
    "with-uvicorn": ("/", "plain with-uvicorn"),
    "with-hypercorn": ("/", "plain with-hypercorn"),
    "asgi": ("/", "plain asgi"),
    "on-waitress": ("/", "teas of waitress"),
    "on-uvicorn": ("/", "plain on-uvicorn"),
    "on-socketio": ("/socket.io/?EIO=4&transport=polling", '"sid"'),
    "files": ("/files.py", "SimpleHTTPRequestHandler"),
    "command": ("/", "teas of nobody"),
}
"""Service -> a page and what stands on it."""


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a virtual environment for each of PACKAGES."""
    folder = tmp_path_factory.mktemp("environments")
    installing = {}
    for name, packages in PACKAGES.items():
        venv.create(folder / name, with_pip=False, symlinks=True)
        command = [sys.executable, "-m", "pip", "--python", str(folder / name / "bin" / "python")]
        installing[name] = subprocess.Popen(
            [*command, "install", "--quiet", "--disable-pip-version-check", *packages],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    for name, process in installing.items():
        said, _ = process.communicate(timeout=150)
        assert process.returncode == 0, f"pip could not fill {name}: {said.decode()}"
    return folder


@pytest.fixture
def zoo(project: Project, environments: Path) -> Project:
    """All of them in one project."""
    for name in PACKAGES:
        (project.folder / name).symlink_to(environments / name)
    with sqlite3.connect(project.folder / "shop.sqlite3") as database:
        database.execute("CREATE TABLE teas (name TEXT)")
        database.execute("INSERT INTO teas VALUES ('Darjeeling')")
    database.close()
    project({"services.toml": SERVICES, **PROGRAMS})
    return project


def all_say_what_is_theirs(dynaport: Dynaport) -> None:
    for service, (path, words) in SAYS.items():
        answer = dynaport.get(service, path)
        assert answer.status == 200, f"{service}: {answer}"
        assert words.format(port=dynaport.service(service)["port"]) in answer.text, service


def test_they_all_run_side_by_side_and_restart_and_stop_without_a_trace(
    zoo: Project, dynaport: Dynaport
) -> None:
    assert SAYS.keys() == {line[10:-1] for line in SERVICES.split() if line.startswith("[")}
    dynaport.run("up", "-d").expect(0)
    dynaport.run("wait", "--timeout", "60", deadline=70).expect(0)
    services = {entry["id"]: entry for entry in dynaport.look()["services"]}
    all_say_what_is_theirs(dynaport)

    dynaport.run("restart", "--all", "--wait", deadline=70).expect(0)
    again = {entry["id"]: entry for entry in dynaport.look()["services"]}
    assert all(again[s]["pid"] != services[s]["pid"] for s in services)
    assert {s: e["port"] for s, e in again.items()} == {s: e["port"] for s, e in services.items()}
    all_say_what_is_theirs(dynaport)

    several = ["with-gunicorn", "with-uvicorn", "on-socketio"]
    dynaport.run("stop", *several).expect(0)
    assert all(refuses(services[service]["port"]) for service in several)
    assert dynaport.get("on-waitress").text == "teas of waitress"

    dynaport.run("down").expect(0)
    dynaport.wait_until_nothing_is_left()
    assert all(refuses(entry["port"]) for entry in services.values())


PATIENCE = 20.0
"""Seconds that a connection may wait: uvicorn takes 5 s to end when it has only just begun."""


def test_a_saved_file_reloads_those_who_use_it_whatever_serves_it(
    zoo: Project, dynaport: Dynaport
) -> None:
    dynaport.run("up", "-d").expect(0)
    dynaport.run("wait", "--timeout", "60", deadline=70).expect(0)

    def serves(service: str, words: str) -> None:
        wait_until(
            lambda: words in dynaport.get(service, timeout=PATIENCE).text,
            what=f"{service} says {words}",
        )

    def other_processes(than: dict[str, int | None], services: set[str]) -> None:
        wait_until(
            lambda: {s for s, pid in dynaport.pids().items() if pid != than[s]} == services,
            what=f"other processes of {services}, and of nobody else",
        )

    before = dynaport.pids()
    zoo({"teas.py": PROGRAMS["teas.py"].replace("teas of", "coffees of")})
    serves("with-gunicorn", "coffees of gunicorn")
    serves("on-waitress", "coffees of waitress")
    other_processes(before, {"with-gunicorn", "on-waitress"})

    before = dynaport.pids()
    zoo({"plain.py": PROGRAMS["plain.py"].replace('"plain "', '"fancy "')})
    on_plain = {"with-uvicorn", "with-hypercorn", "asgi", "on-uvicorn"}
    for service in on_plain:
        serves(service, f"fancy {service}")
    other_processes(before, on_plain)

    after = dynaport.pids()
    zoo({"plain.py": "import os\napp = (\n"})
    wait_until(
        lambda: all("plain.py:2" in dynaport.service(s)["why"] for s in on_plain),
        what="all say what is wrong with plain.py",
    )
    assert dynaport.pids() == after
    for service in on_plain:
        serves(service, f"fancy {service}")


def test_an_application_that_is_not_installed_says_so_and_names_the_interpreter(
    zoo: Project, dynaport: Dynaport
) -> None:
    zoo({
        "services.toml": """
            [services.httpbin]
            app = "httpbin:app"
            python = "for-sqlite"
            restart = "never"
            [services.asgi]
            app = "plain:app"
            python = "for-httpbin"
            restart = "never"
            [services.with-gunicorn]
            app = "teas:create_app()"
            server = "gunicorn"
            python = "for-httpbin"
            restart = "never"
        """
    })  # fmt: skip
    dynaport.run("up", "-d").expect(0)
    for service, words in (
        ("httpbin", "there is no module 'httpbin' in"),
        ("asgi", "for-httpbin/bin/python -m pip install uvicorn"),
        ("with-gunicorn", "for-httpbin/bin/python -m pip install gunicorn"),
    ):
        dynaport.wait_for_state(service, "FAILED")
        assert words in dynaport.run("why", service).expect(0).out
