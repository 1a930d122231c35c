"""Fork servers that die, cannot be had, or are needed no more."""

from __future__ import annotations

import os
import signal
import sys
import venv

import pytest

from tests.project import Project
from tests.real.families import nurseries
from tests.real.harness import Dynaport, wait_until

PAGE = """
    import flask
    app = flask.Flask(__name__)
"""


def engine(dynaport: Dynaport) -> int:
    pid: int = dynaport.look()["project"]["engine_pid"]
    return pid


def test_a_test_whose_fork_server_dies_ends(project: Project, dynaport: Dynaport) -> None:
    project({"services.toml": '[services.a]\ncommand = "sleep 600"\nport = false\n'})
    stream = dynaport.start("test", "--", "sh", "-c", "echo begun; exec sleep 600")
    stream.wait_for_line("begun")
    (fork_server,) = nurseries(engine(dynaport)).values()
    os.kill(fork_server, signal.SIGKILL)
    stream.wait().expect(128 + signal.SIGKILL)


@pytest.mark.parametrize(
    ("program", "why"), [("echo hello", "Exec format error"), ("#!/bin/true", "exit code 0")]
)
def test_an_interpreter_that_is_none_is_named_once(
    project: Project, dynaport: Dynaport, program: str, why: str
) -> None:
    project({"services.toml": '[services.a]\napp = "a:app"\npython = "fake"\n', "fake": program})
    fake = project.folder / "fake"
    fake.chmod(0o755)
    out = dynaport.run("up", "--no-tui").expect(1).out
    said = f"{fake} is no Python 3.9 or newer ({why}); name another one with `python`"
    failed = [line for line in out.splitlines() if "could not be started" in line]
    assert said in failed[0]
    assert "starts again" not in out
    assert "broke" not in out


def test_the_fork_server_of_an_interpreter_that_nobody_names_any_more_ends(
    project: Project, dynaport: Dynaport
) -> None:
    venv.create(project.folder / "another", symlinks=True)
    services = '[services.a]\napp = "a:app"\n[services.b]\nport = false\nscript = "b.py"\n'
    other = 'python = "another"\n'
    project(
        {"services.toml": services + other, "a.py": PAGE, "b.py": "import time\ntime.sleep(600)"}
    )
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_until_ready()
    assert len(nurseries(engine(dynaport))) == 2
    project({"services.toml": services})
    wait_until(lambda: set(nurseries(engine(dynaport))) == {sys.executable}, what="one is left")
    dynaport.wait_for_state("b", "READY")
