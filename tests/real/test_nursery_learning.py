"""Which libraries a nursery imports before the fork, and what it leaves to the services."""

from __future__ import annotations

import signal
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.libraries import THREAD, library
from tests.real.nursery_client import Nursery, Start, get, running


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    """Its libraries are below tmp_path/site-packages."""
    (tmp_path / "site-packages").mkdir()
    with Nursery(env={"PYTHONPATH": str(tmp_path / "site-packages")}) as nursery:
        yield nursery


def script(nursery: Nursery, folder: Path, text: str, **fields: Any) -> Start:
    """Start it, with the search path of the nursery."""
    (folder / "run.py").write_text(textwrap.dedent(text))
    env = {"PYTHONPATH": str(folder / "site-packages"), **fields.pop("env", {})}
    return nursery.spawn("script", "run.py", cwd=folder, env=env, **fields)


# ---- what a service tells


APP = """
    import os, flask, lib, lib.part, own, json.tool
    os.environ["COLOUR"] = "red"
    app = flask.Flask(__name__)
    @app.get("/")
    def index():
        import late
        return "ok"
    """


def test_a_service_tells_which_libraries_its_own_code_imported_and_what_it_set(
    nursery: Nursery, tmp_path: Path
) -> None:
    library(tmp_path, lib="import lib.inner, lib2", lib__inner="", lib__part="", lib2="", late="")
    (tmp_path / "own.py").write_text("import lib2")
    (tmp_path / "shop.py").write_text(textwrap.dedent(APP))
    site = {"PYTHONPATH": str(tmp_path / "site-packages")}
    with running(nursery, "app", "shop:app", cwd=tmp_path, env=site) as (start, address):
        told = nursery.until(lambda: start.report("imports"), "report of imports")
        assert told["modules"] == ["lib", "lib.part", "json.tool"]
        assert told["sets"] == ["COLOUR"]
        kinds = [report["report"] for report in start.reports]
        assert kinds.index("ready") < kinds.index("imports")
        assert get(address)[1] == "ok"
        nursery.until(lambda: imported(start) == ["lib", "lib.part", "json.tool", "late"], "late")


def imported(start: Start) -> list[str]:
    reports = [report for report in start.reports if report["report"] == "imports"]
    return [module for report in reports for module in report["modules"]]


def test_a_module_that_could_not_be_imported_is_not_told(nursery: Nursery, tmp_path: Path) -> None:
    library(tmp_path, broken="import lib\nraise ImportError", lib="", good="")
    start = script(nursery, tmp_path, "try: import broken\nexcept ImportError: import good")
    assert nursery.wait_end(start)["code"] == 0, start.stderr
    assert imported(start) == ["good"]


def test_what_starts_in_a_fresh_interpreter_tells_nothing(nursery: Nursery, tmp_path: Path) -> None:
    library(tmp_path, lib="")
    start = script(nursery, tmp_path, "import lib", cold=True)
    assert nursery.wait_end(start)["code"] == 0, start.stderr
    assert imported(start) == []


# ---- what a nursery imports


def test_a_service_is_forked_with_the_libraries_that_it_needs(
    nursery: Nursery, tmp_path: Path
) -> None:
    library(tmp_path, lib="import os; pid = os.getpid()", other="")
    nursery.ask({"op": "preload", "needs": {"users": ["lib", "missing"]}, "later": ["other"]})
    start = script(nursery, tmp_path, "import lib; print(lib.pid)")
    assert nursery.wait_end(start)["code"] == 0, start.stderr
    assert int(start.stdout) == nursery.process.pid
    assert imported(start) == []


def test_one_that_was_started_early_takes_over_the_environment_that_it_was_to_have(
    nursery: Nursery, tmp_path: Path
) -> None:
    library(tmp_path, lib="import os; colour = os.environ.get('COLOUR')")
    site = {"PYTHONPATH": str(tmp_path / "site-packages")}
    nursery.ask({"op": "adopt", "env": {**site, "COLOUR": "red"}, "starting": 5})
    nursery.ask({"op": "preload", "needs": {"users": ["lib"]}})
    start = script(nursery, tmp_path, "import lib; print(lib.colour)")
    assert nursery.wait_end(start)["code"] == 0, start.stderr
    assert start.stdout == "red\n"


SLOW = """
    import pathlib, time
    deadline = time.monotonic() + 20
    while not pathlib.Path(__file__).with_name("go").exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    in_time = time.monotonic() < deadline
    """


def test_a_service_does_not_wait_for_what_only_another_one_needs(
    nursery: Nursery, tmp_path: Path
) -> None:
    library(tmp_path, quick="", slow=SLOW)
    nursery.ask({"op": "preload", "needs": {"users": ["quick"], "orders": ["slow"]}})
    go = tmp_path / "site-packages" / "slow" / "go"
    light = script(nursery, tmp_path, f"import pathlib, quick; pathlib.Path({str(go)!r}).touch()")
    (tmp_path / "heavy.py").write_text("import slow; print(slow.in_time)")
    site = {"PYTHONPATH": str(tmp_path / "site-packages")}
    heavy = nursery.spawn("script", "heavy.py", cwd=tmp_path, env=site, name="orders")
    assert nursery.wait_end(light)["code"] == 0, light.stderr
    assert nursery.wait_end(heavy)["code"] == 0, heavy.stderr
    assert heavy.stdout == "True\n"
    assert imported(heavy) == imported(light) == []


PARTS = """
    import importlib, pathlib, time
    folder, count, deadline = pathlib.Path(__path__[0]), 0, time.monotonic() + 20
    while not (folder / "go").exists() and time.monotonic() < deadline:
        count += 1
        (folder / f"part{count}.py").write_text("import time; time.sleep(0.001)")
        importlib.invalidate_caches()
        importlib.import_module(f"parts.part{count}")
    in_time = time.monotonic() < deadline
    """


def test_programs_start_while_learned_libraries_are_being_imported(
    nursery: Nursery, tmp_path: Path
) -> None:
    library(tmp_path, parts=PARTS)
    nursery.ask({"op": "preload", "needs": {"users": ["parts"]}})
    nursery.until((tmp_path / "site-packages/parts/part1.py").exists, "import")
    program = nursery.spawn("exec", "touch", str(tmp_path / "site-packages/parts/go"))
    assert nursery.wait_end(program)["code"] == 0
    start = script(nursery, tmp_path, "import parts; print(parts.in_time)")
    assert nursery.wait_end(start)["code"] == 0, start.stderr
    assert start.stdout == "True\n"


def test_a_learned_library_gives_way_to_a_module_of_the_service(
    nursery: Nursery, tmp_path: Path
) -> None:
    library(tmp_path, settings="import settings.more", settings__more="")
    nursery.ask({"op": "preload", "needs": {"users": ["settings"]}})
    (tmp_path / "settings.py").write_text("MINE = True")
    start = script(nursery, tmp_path, "import settings; print(settings.MINE)")
    assert nursery.wait_end(start)["code"] == 0, start.stderr


def test_a_library_that_starts_threads_after_all_is_left_out_by_a_fresh_start(
    nursery: Nursery, tmp_path: Path
) -> None:
    library(tmp_path, lib=THREAD, harmless="import os; pid = os.getpid()")
    running = nursery.spawn("exec", "sleep", "600")
    nursery.ask({"op": "preload", "needs": {"users": ["harmless", "lib"]}})
    text = "import sys, harmless; print(harmless.pid, 'lib' in sys.modules)"
    start = script(nursery, tmp_path, text)
    assert nursery.wait_end(start)["code"] == 0, start.stderr
    assert start.stdout == f"{nursery.process.pid} False\n"
    (verdict,) = nursery.wait_event("tried")["verdicts"]
    assert (verdict["module"], verdict["why"]) == ("lib", "starts a thread")
    assert nursery.signal(running, signal.SIGKILL)
    nursery.wait_end(running)


@pytest.mark.parametrize(("name", "told"), [("LEVEL", ["LEVEL"]), ("OTHER", None)])
def test_a_service_tells_that_it_sets_what_a_library_had_read(
    nursery: Nursery, tmp_path: Path, name: str, told: list[str] | None
) -> None:
    library(tmp_path, lib="import os; level = os.environ.get('LEVEL')")
    nursery.ask({"op": "preload", "needs": {"users": ["lib"]}})
    start = script(nursery, tmp_path, f"import os; os.environ['{name}'] = 'high'; import lib")
    assert nursery.wait_end(start)["code"] == 0, start.stderr
    report = start.report("imports")
    assert (report and report["sets"]) == told


def test_services_do_not_share_the_random_numbers_of_a_library(
    nursery: Nursery, tmp_path: Path
) -> None:
    text = "import random; free, bound = random.Random(), random.Random(42)"
    library(tmp_path, lib=text, numpy="import numpy.random", numpy__random=NUMPY)
    nursery.ask({"op": "preload", "needs": {"users": ["lib", "numpy"]}})
    show = "import lib, numpy; print(lib.free.random(), lib.bound.random(), numpy.random.begun)"
    starts = [script(nursery, tmp_path, show) for _ in range(2)]
    for start in starts:
        assert nursery.wait_end(start)["code"] == 0, start.stderr
    (free, bound, begun), other = (start.stdout.split() for start in starts)
    assert free != other[0]
    assert (bound, begun) == (other[1], "1")


NUMPY = """
    begun = 0
    def seed():
        global begun
        begun += 1
    """
