"""Services with every kind of child that a program leaves behind, and who is alive of them."""

from __future__ import annotations

import contextlib

import psutil

from tests.real.harness import Dynaport

CHILDREN = """
    import os, signal, subprocess, time

    STUBBORN = "trap '' TERM HUP; echo deaf; while :; do sleep 600; done"

    def nothing_more():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        while True:
            time.sleep(600)

    def start():
        subprocess.Popen(["sh", "-c", "sleep 600; true"])
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        subprocess.run("nohup sleep 600 >/dev/null 2>&1 &", shell=True)
        deaf = subprocess.Popen(["sh", "-c", STUBBORN], stdout=subprocess.PIPE)
        deaf.stdout.readline()
        for daemon in (lambda: os.execvp("sleep", ["sleep", "600"]), nothing_more):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    daemon()
                os._exit(0)
            os.wait()
"""
"""A child with a child, one in its own session, one behind nohup, one that ignores TERM and HUP,
and two that forked twice: one executes a program, the other runs on as a copy of the service.
"""

SIZE = 9
"""Processes of a service that called `start`, sh and the sleep of the deaf one included."""

FILES = {
    "children.py": CHILDREN,
    "command.py": """
        import children, http.server, os
        children.start()
        address = ("127.0.0.1", int(os.environ["PORT"]))
        http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
    """,
    "script.py": """
        import children, flask
        children.start()
        app = flask.Flask(__name__)
        if __name__ == "__main__":
            app.run(port=5000)
    """,
}


def members(dynaport: Dynaport, service: str) -> set[int]:
    """The pids of everything that a service started and that is alive, itself included."""
    return {process.pid for process in dynaport.left() if _service(process) == service}


def _service(process: psutil.Process) -> str | None:
    with contextlib.suppress(psutil.Error):
        return process.environ().get("DYNAPORT_SERVICE")
    return None


def nurseries(engine: int) -> dict[str, int]:
    """Interpreter -> pid of an engine's fork servers."""
    commands = {child.pid: _command(child) for child in psutil.Process(engine).children()}
    return {command[0]: pid for pid, command in commands.items() if _is_nursery(command)}


def _is_nursery(command: list[str]) -> bool:
    return any(part.endswith("nursery/__main__.py") for part in command)


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):  # it has just ended
        return process.cmdline()
    return []
