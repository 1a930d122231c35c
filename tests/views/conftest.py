"""Commands against an engine that is a fake behind a real control socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from dynaport_tui.cli.main import main
from dynaport_tui.ledger.folders import project_runtime
from dynaport_tui.model.machine import State
from tests.fakes import FakeEngine, ServedEngine, status
from tests.project import Project


@dataclass
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)


class Command:
    """Runs `dynaport` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *args: str) -> Said:
        self._capsys.readouterr()
        code = main(args)
        return Said(code, *self._capsys.readouterr())


@pytest.fixture
def run(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command in a project of `users`, `orders.1`, `orders.2` and `worker`."""
    project(
        {
            "services.toml": """
                [services.users]
                command = "true"
                [services.orders]
                command = "true"
                instances = 2
                [services.worker]
                command = "true"
                port = false
            """
        }
    )
    monkeypatch.chdir(project.folder)
    return Command(capsys)


@pytest.fixture
def served(run: Command, project: Project) -> Iterator[ServedEngine]:
    """The engine of that project."""
    engine = FakeEngine(
        status("users"),
        status("orders.1", State.BACKOFF, why="exit 1 after 0.2 s", instance=1, pid=None),
        status("orders.2", instance=2),
        status("worker", port=None, url=None, why="one second alive"),
        file=str(project.file),
    )
    with ServedEngine(engine, project_runtime(project.file) / "sock") as running:
        yield running
