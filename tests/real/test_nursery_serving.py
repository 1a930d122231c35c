"""Applications, and programs that serve themselves, on the held socket."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.nursery_client import Nursery, Start, get, held_socket, running
from tests.real.test_nursery_scripts import write

PEM = Path(__file__).parent / "certificate.pem"
"""Certificate and key for localhost, signed by itself, for a hundred years; used by tests alone."""

FLASK = """
    import time
    from flask import Flask, render_template, request

    app = Flask(__name__)

    @app.route("/")
    def index():
        return "tea"

    @app.route("/page")
    def page():
        return render_template("page.html")

    @app.route("/slow")
    def slow():
        print("asked")
        time.sleep(float(request.args["seconds"]))
        return "at last"

    @app.route("/broken")
    def broken():
        return 1 / 0
"""
USUAL = (
    FLASK
    + """
    if __name__ == "__main__":
        app.run(host="0.0.0.0", port=5001, debug=True)
        print("after")
"""
)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def failure(nursery: Nursery, folder: Path, reference: str, **fields: Any) -> tuple[str, Start]:
    """The reported error of an app that cannot start."""
    with held_socket() as held:
        start = nursery.spawn("app", reference, cwd=folder, listen=held, **fields)
        assert nursery.wait_end(start)["code"] == 1
    error = start.report("error")
    assert error is not None
    return error["why"], start


def test_the_usual_script_is_served_unchanged(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, app=USUAL)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("<p>oolong")
    with running(nursery, "script", "app.py", cwd=tmp_path, epoch=7) as (start, address):
        assert start.report("ready") == {
            "report": "ready",
            "server": "werkzeug",
            "scheme": "http",
            "app": True,
        }
        assert get(address)[:2] == (200, "tea")
        assert get(address, "/page")[:2] == (200, "<p>oolong")
        status, body, headers = get(address, "/_dynaport/health", User_Agent="dynaport-probe/1")
        assert (status, body, headers["x-dynaport-epoch"]) == (200, "ok", "7")
        assert get(address, "/", User_Agent="dynaport-probe/1")[0] == 200
        status, body, _ = get(address, "/broken")
        assert status == 500
        assert "ZeroDivisionError" in body
        assert "__debugger__" in body
        assert start.report("elsewhere") is None
    log = start.stderr
    assert "Debugger PIN: " in log
    assert log.count('"GET / HTTP/1.1" 200') == 1
    assert "_dynaport" not in log
    assert "development server" not in log
    assert "Running on" not in log
    assert "Serving Flask app" not in start.stdout
    assert start.stdout == ""
    assert f"{tmp_path}/templates/page.html" in start.files()


def test_term_ends_an_idle_service_with_success(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, app=USUAL)
    with held_socket() as held:
        start = nursery.spawn("script", "app.py", cwd=tmp_path, listen=held)
        nursery.wait_ready(start)
        address = held.getsockname()
        with socket.create_connection(address), socket.create_connection(address) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(4096).startswith(b"HTTP/1.")
            nursery.signal(start, signal.SIGTERM)
            exited = nursery.wait_end(start)
    assert (exited["code"], exited["signal"]) == (0, None)


@pytest.mark.parametrize("kind", ["app", "script"])
def test_term_lets_a_slow_request_finish(nursery: Nursery, tmp_path: Path, kind: str) -> None:
    write(tmp_path, app=USUAL)
    target = "app:app" if kind == "app" else "app.py"
    answers: list[Any] = []
    with held_socket() as held:
        start = nursery.spawn(kind, target, cwd=tmp_path, listen=held)
        nursery.wait_ready(start)
        path = "/slow?seconds=0.3"
        client = threading.Thread(target=lambda: answers.append(get(held.getsockname(), path)))
        client.start()
        nursery.wait_output(start, "asked")
        nursery.signal(start, signal.SIGTERM)
        exited = nursery.wait_end(start)
        client.join(20)
    assert answers[0][:2] == (200, "at last")
    assert (exited["code"], exited["signal"]) == (0, None)


def test_an_interrupt_returns_from_run_as_it_does_in_a_terminal(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(tmp_path, app=USUAL)
    with held_socket() as held:
        start = nursery.spawn("script", "app.py", cwd=tmp_path, listen=held)
        nursery.wait_ready(start)
        nursery.signal(start, signal.SIGINT)
        assert nursery.wait_end(start)["code"] == 0
    assert start.stdout == "after\n"


def test_connections_wait_for_the_next_process(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, app=FLASK)
    with held_socket() as held, socket.create_connection(held.getsockname()) as early:
        early.sendall(b"GET / HTTP/1.0\r\n\r\n")
        start = nursery.spawn("app", "app:app", cwd=tmp_path, listen=held)
        assert early.recv(4096).startswith(b"HTTP/1.")
        nursery.signal(start, signal.SIGTERM)
        nursery.wait_end(start)


def test_a_factory_is_called_with_its_arguments(nursery: Nursery, tmp_path: Path) -> None:
    factory = """
        from flask import Flask

        def create_app(name, *, loud=False):
            app = Flask(name)
            app.add_url_rule("/", view_func=lambda: name.upper() if loud else name)
            return app
    """
    write(tmp_path, shop__web=factory)
    (tmp_path / "shop" / "__init__.py").touch()
    reference = "shop.web:create_app('mint', loud=True)"
    with running(nursery, "app", reference, cwd=tmp_path) as (start, address):
        assert get(address)[1] == "MINT"
        assert start.files() == {f"{tmp_path}/shop/__init__.py", f"{tmp_path}/shop/web.py"}


def test_debug_turns_the_debugger_on_for_an_app(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, app=FLASK)
    with running(nursery, "app", "app:app", cwd=tmp_path, debug=True) as (start, address):
        status, body, _ = get(address, "/broken")
        assert (status, "__debugger__" in body) == (500, True)
    assert "Debugger PIN: " in start.stderr


def test_debug_turns_the_debugger_on_for_a_script_that_does_without(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(tmp_path, app=USUAL.replace("debug=True", "debug=False"))
    with running(nursery, "script", "app.py", cwd=tmp_path, debug=True) as (_, address):
        status, body, _headers = get(address, "/broken")
        assert (status, "__debugger__" in body) == (500, True)


def test_without_debug_an_error_is_in_the_log_alone(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, app=FLASK)
    with running(nursery, "app", "app:app", cwd=tmp_path) as (start, address):
        status, body, _ = get(address, "/broken")
        assert (status, "ZeroDivisionError" in body) == (500, False)
    assert "ZeroDivisionError" in start.stderr


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({"FORCE_COLOR": "1"}, True), ({}, False), ({"NO_COLOR": "1"}, False)],
)
def test_access_lines_are_coloured_where_colour_is_wanted(
    nursery: Nursery, tmp_path: Path, variables: dict[str, str], coloured: bool
) -> None:
    write(tmp_path, app=FLASK)
    with running(nursery, "app", "app:app", cwd=tmp_path, env=variables) as (start, address):
        assert get(address, "/nowhere")[0] == 404
    assert ("\x1b[33m" in start.stderr) is coloured


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("app:ap", "app has no 'ap'; did you mean 'app'?"),
        ("app:application_object", "app has no 'application_object'; did you mean 'app'?"),
        ("ap:app", "there is no module 'ap' in {cwd}, nor in {python}; did you mean \"app:app\"?"),
        ("app.web:app", "there is no module 'app.web' in {cwd}, nor in {python}"),
        ("app:make", 'is a function that makes an application; write "app:make()"'),
        ("app:NAME", "is a str, not an application"),
        ("app:nothing()", "returned None, which is no application"),
        ("app:make(dev)", "after the colon goes a name, or a call with plain values"),
        ("app", 'lacks its second half; write "module:attribute"'),
    ],
)
def test_a_wrong_reference_is_explained(
    nursery: Nursery, tmp_path: Path, reference: str, expected: str
) -> None:
    write(
        tmp_path,
        app=FLASK + "\n    NAME = 'x'\n    def make(): return app\n    def nothing(): pass\n",
    )
    why, start = failure(nursery, tmp_path, reference)
    assert expected.format(cwd=tmp_path, python=nursery.python) in why
    assert start.stderr == f"dynaport: {why}\n"


def test_a_library_that_the_app_misses_is_an_error_of_the_app(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(tmp_path, app="x = 1\nimport no_such_library\n")
    why, start = failure(nursery, tmp_path, "app:app")
    assert why == f"ModuleNotFoundError: No module named 'no_such_library' in {sys.prefix}"
    error = start.report("error")
    assert error is not None
    assert (error["file"], error["line"]) == (f"{tmp_path}/app.py", 2)
    assert start.stderr.splitlines()[:2] == [
        "Traceback (most recent call last):",
        f'  File "{tmp_path}/app.py", line 2, in <module>',
    ]


def test_ssl_context_is_honoured(nursery: Nursery, tmp_path: Path) -> None:
    write(
        tmp_path,
        app=FLASK + "\n    app.run(ssl_context=(PEM, PEM))\n".replace("PEM", repr(str(PEM))),
    )
    with running(nursery, "script", "app.py", cwd=tmp_path) as (start, address):
        ready = start.report("ready")
        assert ready is not None
        assert ready["scheme"] == "https"
        with socket.create_connection(address):  # one that never says hello holds nobody up
            context = ssl.create_default_context(cafile=str(PEM))
            with (
                socket.create_connection(address) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as secure,
            ):
                secure.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert secure.recv(4096).startswith(b"HTTP/1.")


def test_run_in_a_thread_and_run_twice_do_not_explode(nursery: Nursery, tmp_path: Path) -> None:
    write(
        tmp_path,
        app=FLASK
        + """
    import threading
    other = Flask("other")
    threading.Thread(target=other.run, kwargs={"port": 0}, daemon=True).start()
    threading.Thread(target=app.run).start()
    threading.Event().wait()
    """,
    )
    with running(nursery, "script", "app.py", cwd=tmp_path) as (_start, address):
        assert get(address, "/_dynaport/health")[0] == 200


BINDERS = {
    "http.server": """
        import http.server, os
        handler = http.server.SimpleHTTPRequestHandler
        http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), handler).serve_forever()
        """,
    "http.server on IPv6": """
        import http.server, os, socket
        class Server(http.server.HTTPServer):
            address_family = socket.AF_INET6
        handler = http.server.SimpleHTTPRequestHandler
        Server(("::", int(os.environ["PORT"])), handler).serve_forever()
        """,
    "wsgiref": """
        import os
        from wsgiref.simple_server import demo_app, make_server
        make_server("0.0.0.0", int(os.environ["PORT"]), demo_app).serve_forever()
        """,
    "asyncio": """
        import asyncio, os
        async def answer(reader, writer):
            await reader.readuntil(b"\\r\\n\\r\\n")
            writer.write(b"HTTP/1.0 200 OK\\r\\n\\r\\nhello")
            writer.close()
        async def main():
            server = await asyncio.start_server(answer, None, int(os.environ["PORT"]))
            await server.serve_forever()
        asyncio.run(main())
        """,
    "blocking accept": """
        import os, socket
        with socket.create_server(("127.0.0.1", int(os.environ["PORT"]))) as server:
            server.setblocking(True)
            assert server.gettimeout() is None
            assert server.getblocking()
            while True:
                connection, _ = server.accept()
                with connection:
                    assert connection.gettimeout() is None
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nhello")
        """,
    "accept with a timeout": """
        import os, socket
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.settimeout(0.05)
        server.bind(("localhost", int(os.environ["PORT"])))
        server.listen(5)
        assert server.gettimeout() == 0.05
        while True:
            try:
                connection, _ = server.accept()
            except socket.timeout:
                continue
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nhello")
            connection.close()
        """,
    "default timeout": """
        import os, socket
        socket.setdefaulttimeout(30)
        server = socket.socket()
        server.bind(("", int(os.environ["PORT"])))
        server.settimeout(None)
        server.listen()
        assert socket.socket(fileno=os.dup(server.fileno())).getsockname() == server.getsockname()
        while True:
            connection, _ = server.accept()
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nhello")
            connection.close()
        """,
}


@pytest.mark.parametrize("name", BINDERS)
def test_a_program_that_binds_its_port_meets_the_held_socket(
    nursery: Nursery, tmp_path: Path, name: str
) -> None:
    write(tmp_path, run=BINDERS[name])
    with running(nursery, "script", "run.py", cwd=tmp_path) as (start, address):
        assert start.report("ready") == {
            "report": "ready",
            "server": "bind",
            "scheme": "http",
            "app": False,
        }
        for _ in range(3):
            assert get(address)[0] == 200


def test_other_ports_stay_the_programs_own(nursery: Nursery, tmp_path: Path) -> None:
    write(
        tmp_path,
        run="""
            import socket
            datagrams = socket.socket(type=socket.SOCK_DGRAM)
            datagrams.bind(("127.0.0.1", 0))
            server = socket.create_server(("127.0.0.1", 0))
            print(server.getsockname()[1])
            server.accept()
            """,
    )
    with held_socket() as held:
        start = nursery.spawn("script", "run.py", cwd=tmp_path, listen=held)
        nursery.until(lambda: start.stdout.endswith("\n"), "its port")
        port = int(start.stdout)
        nursery.until(lambda: start.report("elsewhere"), "report")
        assert start.report("elsewhere") == {"report": "elsewhere", "port": port}
        assert start.report("ready") is None
        socket.create_connection(("127.0.0.1", port)).close()
        nursery.wait_end(start)


def test_looking_whether_the_port_is_free_finds_it_free(nursery: Nursery, tmp_path: Path) -> None:
    probe = """
    import os, socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", int(os.environ["PORT"])))
    app.run(port=int(os.environ["PORT"]))
    """
    write(tmp_path, app=FLASK + probe)
    with running(nursery, "script", "app.py", cwd=tmp_path) as (_start, address):
        assert get(address)[1] == "tea"


HIDING = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == "{library}":
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Hidden())
"""


@pytest.mark.parametrize(
    ("library", "text"),
    [
        ("uvicorn", "async def app(scope, receive, send): pass\n"),
        ("werkzeug", "def app(environ, start_response): pass\n"),
    ],
)
def test_a_missing_server_is_named_with_the_command_that_installs_it(
    tmp_path: Path, library: str, text: str
) -> None:
    write(tmp_path, app=HIDING.format(library=library) + text)
    with Nursery(mode="bare") as nursery:
        why, _ = failure(nursery, tmp_path, "app:app")
    assert why.endswith(f"not installed: {nursery.python} -m pip install {library}")


def test_the_held_socket_stays_non_blocking_in_the_kernel(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, run=BINDERS["blocking accept"])
    with running(nursery, "script", "run.py", cwd=tmp_path) as (start, address):
        get(address)
        flags = [
            int(line.split()[1], 8) & os.O_NONBLOCK
            for fd in Path(f"/proc/{start.pid}/fd").iterdir()
            if str(fd.readlink()).startswith("socket:")
            for line in Path(f"/proc/{start.pid}/fdinfo/{fd.name}").read_text().splitlines()
            if line.startswith("flags:")
        ]
        assert flags.count(os.O_NONBLOCK) >= 2
