"""A service that prints without end costs nobody else anything, and not a line is lost."""

from __future__ import annotations

import re
import statistics
import time
from pathlib import Path

import psutil

from dynaport_tui.control.client import Client
from tests.project import Project
from tests.real.harness import Dynaport, wait_until

LINES = 1_000_000
WIDE = 10_000_000

SERVICES = """
    [log]
    max_size = "4MB"
    keep = 20

    [services.good]
    script = "good.py"
    health = { http = "/", interval = 0.2 }

    [services.flood]
    command = ["python", "flood.py"]
    port = false

    [services.wide]
    command = ["python", "wide.py"]
    port = false
"""
FILES = {
    "services.toml": SERVICES,
    "good.py": """
        import flask
        app = flask.Flask(__name__)
        app.add_url_rule("/", view_func=lambda: "good")
        app.run()
    """,
    "flood.py": f"""
        import pathlib, time
        while not pathlib.Path("begin").exists():
            time.sleep(0.02)
        for first in range(1, {LINES}, 100):
            print("\\n".join(f"line {{n}} of many" for n in range(first, first + 100)))
        time.sleep(600)
    """,
    "wide.py": f"""
        import pathlib, time
        while not pathlib.Path("begin").exists():
            time.sleep(0.02)
        print("x" * {WIDE}, end="", flush=True)
        pathlib.Path("written").touch()
        time.sleep(600)
    """,
}

ANSWER = 0.3
"""Seconds in which the engine says how it is, in the middle of it all."""
MEMORY = 60_000_000
"""Bytes by which the engine may grow: what it keeps of each log, and the pipes."""


def test_a_flood_is_kept_whole_and_neither_the_engine_nor_a_neighbour_suffers(
    project: Project, dynaport: Dynaport
) -> None:
    project(FILES)
    dynaport.run("up", "-d").expect(0)
    dynaport.run("wait").expect(0)
    status = dynaport.ps()["project"]
    engine, client = psutil.Process(status["engine_pid"]), Client(Path(status["socket"]))
    before = engine.memory_info().rss
    took, grew, states = [], [], set()

    def over() -> bool:
        begun = time.monotonic()
        snapshot = client.snapshot()
        took.append(time.monotonic() - begun)
        grew.append(engine.memory_info().rss - before)
        services = {service.id: service for service in snapshot.services}
        good = services["good"]
        states.add((str(good.state), good.health.failures, good.restarts))
        assert good.health.checked_s_ago is not None
        assert good.health.checked_s_ago < 2
        return services["flood"].log_lines == LINES and (project.folder / "written").exists()

    (project.folder / "begin").touch()
    wait_until(over, deadline=40, what="all of it was read")

    assert states == {("READY", 0, 0)}
    assert statistics.median(took) < ANSWER
    assert max(grew) < MEMORY
    assert dynaport.run("logs", "flood", "-n", "1").expect(0).out.endswith(f"{LINES} of many\n")
    dynaport.run("down").expect(0)
    _expect_nothing_lost(dynaport)


def _expect_nothing_lost(dynaport: Dynaport) -> None:
    paths = dynaport.run("logs", "--path", "--json").expect(0).json()
    oldest_first = [Path(path).read_bytes() for path in reversed(paths["flood"])]
    assert len(oldest_first) > 2, "it was not rotated"
    lines = b"".join(oldest_first).splitlines()
    assert lines == [b"line %d of many" % number for number in range(1, LINES + 1)]
    wide = b"".join(Path(path).read_bytes() for path in reversed(paths["wide"]))
    assert wide.count(b"x") == WIDE
    assert wide.strip(b"\n") == b"x" * WIDE


MANY = 300_000

ONE_FLOOD = {
    "services.toml": """
        [log]
        lines = 100
        [services.flood]
        command = ["python3", "flood.py"]
        port = false
        task = true
    """,
    "flood.py": f"""
        for first in range(1, {MANY}, 100):
            print("\\n".join(f"line {{n}} of many" for n in range(first, first + 100)))
    """,
}


def test_a_file_that_the_stream_goes_to_gets_every_line_however_few_are_kept(
    project: Project, dynaport: Dynaport
) -> None:
    project(ONE_FLOOD)
    out = project.folder.parent / "out"
    with out.open("wb") as file:
        dynaport.start("up", "--no-tui", stdout=file.fileno()).wait().expect(0)
    shown = re.findall(rb"flood    \| line (\d+) of many$", out.read_bytes(), re.M)
    assert list(map(int, shown)) == list(range(1, MANY + 1))
