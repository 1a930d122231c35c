"""Services that start with their libraries imported, because they imported them the last time."""

from __future__ import annotations

import json
from typing import Any

from dynaport_tui.ledger.folders import project_state
from tests.project import Project
from tests.real.families import nurseries
from tests.real.harness import Dynaport, wait_until
from tests.real.libraries import THREAD, library

APP = """
    import os, flask, lib, settled
    app = flask.Flask(__name__)
    @app.get("/")
    def index():
        return {"lib": lib.pid, "settled": settled.level}
    """

SERVICES = """
    [services.users]
    app = "users:app"
    env = {{ PYTHONPATH = "{0}/site-packages", LEVEL = "{1}" }}
    """


def learned(project: Project) -> dict[str, Any]:
    """What is remembered of the one interpreter."""
    file = project_state(project.folder / "services.toml") / "learned.json"
    try:
        (memory,) = json.loads(file.read_text())["interpreters"].values()
    except FileNotFoundError:
        return {}
    return dict(memory)


def fork_server(dynaport: Dynaport) -> int:
    """The newest."""
    return max(nurseries(dynaport.look()["project"]["engine_pid"]).values())


def given(dynaport: Dynaport) -> dict[str, Any]:
    """What the service shows of its libraries."""
    found: dict[str, Any] = json.loads(dynaport.get("users").text)
    return found


def test_a_service_is_forked_with_what_it_imported_the_last_time(
    project: Project, dynaport: Dynaport
) -> None:
    library(project.folder, lib="import os; pid = os.getpid()", noisy=THREAD)
    library(project.folder, settled="import os; level = os.environ['LEVEL']")
    here = project.folder
    app = APP.replace("settled", "settled, noisy", 1)
    project({"services.toml": SERVICES.format(here, "low"), "users.py": app})
    dynaport.run("up", "-d").expect(0)
    first = dynaport.wait_for_state("users", "READY")
    assert given(dynaport)["lib"] == first["pid"]
    wait_until(lambda: len(learned(project).get("verdicts", {})) == 3, what="all were tried")
    assert learned(project)["verdicts"]["noisy"]["why"] == "starts a thread"
    wait_until(lambda: restarted(dynaport)["lib"] == fork_server(dynaport), what="it is forked")
    dynaport.run("down").expect(0)

    dynaport.run("up", "-d").expect(0)
    dynaport.wait_for_state("users", "READY")
    assert given(dynaport) == {"lib": fork_server(dynaport), "settled": "low"}
    project({"services.toml": SERVICES.format(here, "high")})
    wait_until(lambda: given(dynaport)["settled"] == "high", what="the new value is there")

    library(here, settled="level = 'edited where it is installed'")
    dynaport.run("restart", "users").expect(0)
    wait_until(lambda: "edited" in given(dynaport)["settled"], what="the edited library is in use")


def restarted(dynaport: Dynaport) -> dict[str, Any]:
    """What it shows after a restart."""
    dynaport.run("restart", "users").expect(0)
    dynaport.wait_for_state("users", "READY")
    return given(dynaport)


def test_an_upgraded_package_makes_services_stale_and_a_restart_uses_it(
    project: Project, dynaport: Dynaport
) -> None:
    site = project.folder / "site-packages"
    library(project.folder, lib="import os; pid = os.getpid()", settled="level = 'old'")
    (site / "settled-1.0.dist-info").mkdir()
    project({"services.toml": SERVICES.format(project.folder, "low"), "users.py": APP})
    dynaport.run("up", "-d").expect(0)
    assert dynaport.wait_for_state("users", "READY")["stale"] is None
    before = fork_server(dynaport)

    library(project.folder, settled="level = 'new'")
    (site / "settled-1.0.dist-info").rename(site / "settled-1.1.dist-info")
    wait_until(lambda: dynaport.service("users")["stale"], what="it is stale")
    text = "installed packages changed: settled 1.0 \u2192 1.1"
    assert dynaport.service("users")["stale"] == text
    assert given(dynaport)["settled"] == "old"
    dynaport.run("restart", "users").expect(0)
    wait_until(lambda: given(dynaport)["settled"] == "new", what="the new package is in use")
    assert dynaport.service("users")["stale"] is None
    wait_until(lambda: fork_server(dynaport) != before, what="the old fork server ended")


LATE = """
    import os, sys
    born = os.getpid()
    def patch():
        if born != os.getpid():
            raise RuntimeError("patched too late")
    """


def test_a_service_that_works_only_in_a_fresh_interpreter_starts_in_one_from_then_on(
    project: Project, dynaport: Dynaport
) -> None:
    library(project.folder, lib="pid = 0", settled="level = ''", late=LATE)
    app = APP.replace("settled", "settled, late", 1).replace("app =", "late.patch()\n    app =")
    project({"services.toml": SERVICES.format(project.folder, "low"), "users.py": app})
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_for_state("users", "READY")
    wait_until(lambda: "late" in learned(project).get("verdicts", {}), what="it was tried")
    dynaport.run("down").expect(0)

    stream = dynaport.start("up", "--no-tui")
    stream.wait_for_line(r"RuntimeError: patched too late .*starts again in .* in a fresh inter")
    stream.wait_for_line("users comes up only in a fresh interpreter")
    dynaport.wait_for_state("users", "READY")
    stream.interrupt()
    stream.wait().expect(130)

    again = dynaport.start("up", "--no-tui")
    again.wait_for_line("users is ready")
    assert "too late" not in str(again)
