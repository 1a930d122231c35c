"""Services that misbehave, each in its own way, and one that does not; all run together once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.project import Project
from tests.real.harness import Dynaport, wait_until

SERVICES = """
    [services.good]
    script = "good.py"
    health = { http = "/", interval = 0.2 }

    [services.crasher]
    command = "echo starting; echo 'no database at /var/db' >&2; exit 3"
    port = false

    [services.raises]
    command = ["python", "raises.py"]
    port = false
    restart = "never"

    [services.zero]
    command = "exit 0"
    port = false

    [services.missing]
    command = ["no-such-program", "--port", "1"]
    port = false

    [services.mistyped]
    command = "no-such-program --port 1"
    port = false
    restart = "never"

    [services.locked]
    command = ["./locked.sh"]
    port = false

    [services.forgot]
    command = "sleep 600"
    health = { start_deadline = 1, interval = 0.2 }

    [services.sick]
    command = ["python", "server.py", "sick"]
    health = { http = "/health", start_deadline = 3, interval = 0.3 }

    [services.hangs]
    command = ["python", "server.py", "hangs"]
    health = { http = "/health", interval = 0.1, timeout = 0.4, retries = 2 }

    [services.revived]
    command = ["python", "server.py", "hangs once"]
    health = { http = "/health", interval = 0.1, timeout = 0.4, retries = 2 }
    restart = { unhealthy = true }
    stop_grace = 0.3

    [services.later]
    command = ["python", "later.py"]
    port = false
    health = { log = "up" }

    [services.daemon]
    command = "sleep 600 & exit 0"
    port = false

    [services.mute]
    command = ["python", "mute.py"]
    port = false

    [services.proud]
    command = "echo to the terminal > /dev/tty || exit 5"
    port = false
    restart = "never"

    [services.served]
    command = "echo to the terminal > /dev/tty && sleep 600"
    port = false
    tty = true

    [services.ugly]
    command = ["python", "ugly.py"]
    port = false

    [services.migrate]
    command = "echo cannot migrate >&2; exit 4"
    port = false
    task = true

    [services.dependent]
    command = "echo never; sleep 600"
    port = false
    depends_on = ["migrate"]

    [services.deaf]
    command = "trap '' TERM; echo deaf; while :; do sleep 600; done"
    port = false
    health = { log = "deaf" }
    stop_grace = 0.3
"""

FINALLY = (
    dict.fromkeys(["good", "revived", "later", "mute", "served", "ugly", "deaf"], "READY")
    | dict.fromkeys(["crasher", "raises", "zero", "missing", "mistyped", "locked"], "FAILED")
    | dict.fromkeys(["daemon", "proud", "migrate"], "FAILED")
    | dict.fromkeys(["forgot", "sick", "hangs"], "UNHEALTHY")
    | {"dependent": "STOPPED"}
)
"""The states in which they come to rest."""

UGLY = (
    b"bad \xff\xfe bytes\n\x1b[2J\x1b[1;1Hcursor\n10 %\r50 %\r100 %\n"
    b"\x1b[31mred\x1b[0m\nbell\x07, title\x1b]0;title\x07!\nsnow \xe2\x98\x83\n"
)

FILES = {
    "services.toml": SERVICES,
    "good.py": """
        import flask
        app = flask.Flask(__name__)
        app.add_url_rule("/", view_func=lambda: "good")
        app.run()
    """,
    "raises.py": """
        def connect():
            raise ConnectionError("no route to db")

        connect()
    """,
    "server.py": """
        import http.server, os, pathlib, sys, time

        mode, asked = sys.argv[1], 0
        if mode == "hangs once" and pathlib.Path("hung").exists():
            mode = "well"

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                global asked
                asked += 1
                if "hangs" in mode and asked > 2:
                    pathlib.Path("hung").touch()
                    time.sleep(600)
                self.send_response(503 if mode == "sick" else 200)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        address = ("127.0.0.1", int(os.environ["PORT"]))
        http.server.ThreadingHTTPServer(address, Answer).serve_forever()
    """,
    "later.py": """
        import pathlib, sys, time
        print("up")
        if not pathlib.Path("crashed").exists():
            time.sleep(0.5)
            pathlib.Path("crashed").touch()
            sys.exit("out of paper")
        time.sleep(600)
    """,
    "mute.py": """
        import os, time
        print("last words")
        os.close(1)
        os.close(2)
        time.sleep(600)
    """,
    "ugly.py": f"""
        import os, time
        os.write(1, {UGLY!r})
        time.sleep(600)
    """,
    "locked.sh": "echo never\n",
}


@dataclass(frozen=True)
class Zoo:
    """What was seen of a run of all of them, up to an ordinary stop."""

    services: Mapping[str, dict[str, Any]]
    """`ps --json` when all had come to rest."""
    events: list[dict[str, Any]]
    """All of `up --log-format json`, logs as well."""
    log: Mapping[str, bytes]
    """Service -> its newest log file."""

    def why(self, service: str) -> str:
        """Its cause line at rest."""
        why: str = self.services[service]["why"]
        return why

    def history(self, service: str) -> list[tuple[str, str]]:
        """State and cause of each change after the first STARTING, oldest first."""
        changes = [event for event in self.events if event["event"] == "state"]
        return [(e["to"], e["why"]) for e in changes if e["service"] == service]

    def said(self, service: str) -> list[str]:
        """Its log lines as views get them."""
        lines = [event for event in self.events if event["event"] == "log"]
        return [line["text"] for line in lines if line["service"] == service]


def visit(project: Project, dynaport: Dynaport) -> Zoo:
    """Start all, wait until they have come to rest, stop."""
    project(FILES)
    stream = dynaport.start("up", "--no-tui", "--keep-going", "--log-format", "json")
    wait_until(lambda: dynaport.run("ps").code == 0, what="the engine answers")
    services = _at_rest(dynaport)
    paths = dynaport.run("logs", "--path", "--json").expect(0).json()
    stream.interrupt()
    events = [json.loads(line) for line in stream.wait().expect(130).out.splitlines()]
    log = {service: Path(files[0]).read_bytes() for service, files in paths.items()}
    return Zoo(services, events, log)


def _at_rest(dynaport: Dynaport) -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = {}

    def not_yet() -> dict[str, str]:
        services.update({entry["id"]: entry for entry in dynaport.ps()["services"]})
        awaited = {s: state for s, state in FINALLY.items() if services[s]["state"] != state}
        again = {s: "restarted" for s in ("revived", "later") if not services[s]["restarts"]}
        return {**again, **awaited}

    wait_until(lambda: not not_yet(), what=f"all have come to rest: {FINALLY}")
    return services
