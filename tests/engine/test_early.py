"""The nursery that is started before anything is known but the name of a file."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynaport_tui.engine import early
from dynaport_tui.engine.files import plan, read_project
from dynaport_tui.engine.spawning import at_start
from tests.project import Project

APP = """
[services.users]
app = "users:app"
"""


@pytest.fixture(autouse=True)
def calm() -> Iterator[None]:
    """Nothing that was begun is left behind."""
    yield
    early.over()


def environment(project: Project, name: str) -> str:
    """The interpreter of a virtual environment at `name`, which is ours."""
    project({f"{name}/pyvenv.cfg": "home = /usr/bin\n"})
    python = project.folder / name / "bin" / "python"
    python.parent.mkdir(exist_ok=True)
    python.symlink_to(sys.executable)
    return str(python)


@pytest.mark.parametrize(
    ("text", "venv"),
    [
        (APP, None),
        (APP, ".venv"),
        (APP, "venv"),
        (APP + 'python = "tools"  # not "tool"\n', "tools"),
        (APP + "python = 'tools/bin/python'\n", "tools"),
        ('[services.a]\ncommand = "true"\n[services.b]\nscript = "b.py"\n', None),
    ],
)
def test_it_is_the_one_that_the_services_will_need(
    project: Project, text: str, venv: str | None
) -> None:
    python = environment(project, venv) if venv else sys.executable
    project({"services.toml": text, "b.py": ""})
    guess = early.look(str(project.folder), os.environ)
    spec = read_project(project.file)
    launches = plan(spec, {name: {"": 20000} for name in spec.services}).values()
    (launch,) = [launch for launch in launches if launch.kind != "command"]
    assert guess is not None
    assert (guess.python, guess.how) == (python, "warm")
    assert (launch.python, at_start(launch.env)) == (guess.python, at_start(guess.env))


def test_for_programs_alone_it_imports_nothing(project: Project) -> None:
    project({"services.toml": '[services.db]\ncommand = "true"\n'})
    guess = early.look(str(project.folder / "services.toml"), {"A": "1"})
    assert guess == early.Guess(sys.executable, {"A": "1"}, "bare")


@pytest.mark.parametrize(
    "files",
    [
        {"services.toml": APP + 'env = { TZ = "UTC" }\n'},
        {"services.toml": APP, ".env": "PYTHONPATH=lib\n"},
        {"services.toml": "# nothing\n"},
        {"services.toml": ""},
    ],
)
def test_what_is_not_seen_at_a_glance_is_not_guessed(
    project: Project, files: dict[str, str]
) -> None:
    project(files)
    assert early.look(str(project.folder), os.environ) is None


def test_a_folder_below_the_file_is_as_good(project: Project, tmp_path: Path) -> None:
    project({"services.toml": APP, "deep/down/x": ""})
    assert early.look(str(project.folder / "deep" / "down"), os.environ) is not None


def test_without_a_file_there_is_nothing_to_start() -> None:
    assert early.look("/", os.environ) is None


def test_one_that_fits_is_taken_once(project: Project) -> None:
    project({"services.toml": APP})
    early.begin(str(project.folder))
    env = {**os.environ, **early.GIVEN}
    assert early.take("/other/python", at_start(env), "warm") is None
    assert early.take(sys.executable, (*at_start(env), ("TZ", "UTC")), "warm") is None
    assert early.take(sys.executable, at_start(env), "bare") is None
    spawned = early.take(sys.executable, at_start(env), "warm")
    assert spawned is not None
    assert early.take(sys.executable, at_start(env), "warm") is None
    early.over()
    assert spawned.process.poll() is None
    spawned.socket.close()
    assert spawned.process.wait(10) == 0


def test_one_that_nobody_took_is_ended(project: Project) -> None:
    project({"services.toml": APP})
    spawned = early.begin(str(project.folder))
    assert spawned is not None
    assert not gc.isenabled()
    early.over()
    assert gc.isenabled()
    assert spawned.process.returncode is not None


def test_an_interpreter_that_cannot_be_executed_is_told_of_later(project: Project) -> None:
    project({"services.toml": APP + 'python = "broken"\n', "broken": "\x7fELF"})
    (project.folder / "broken").chmod(0o755)
    assert early.begin(str(project.folder)) is None
