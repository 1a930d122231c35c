"""The dashboard in a terminal, with the command beside it that looks at the services."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from dynaport_tui.tui.actions import BY_ID
from tests.project import Project
from tests.real.harness import COMMAND, ROOT, Dynaport, wait_until
from tests.real.terminal import Terminal

_KEYS = {
    "slash": "/", "exclamation_mark": "!", "at": "@", "question_mark": "?",
    "left_square_bracket": "[", "right_square_bracket": "]",
}  # fmt: skip
"""How the names of keys are typed that are characters."""

RECORDER = """\
#!/bin/sh
printf '%s\\n' "$@" >> {record}
printf 'end\\n' >> {record}
"""
"""A program that writes down what it was called with."""


class Tour:
    """Acts on the dashboard as a person does, and looks at what became of the services."""

    def __init__(self, project: Project, dynaport: Dynaport, screen: Terminal) -> None:
        self.project, self.dynaport, self.screen = project, dynaport, screen
        self.until, self.press, self.type = screen.until, screen.press, screen.type

    def open(self, *args: str, env: Mapping[str, str] | None = None) -> Tour:
        """Start the command in the terminal."""
        command = [*COMMAND, *(args or ("up",))]
        self.screen.start(command, self.project.folder, self.variables(env))
        return self

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What the command needs to be found and to draw with."""
        return {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **(more or {})}

    # ---- doing

    def click(self, pattern: str, at: int = 0) -> None:
        """Click on the cell `at` of the first match; a negative one counts from its end."""
        found = self.until(pattern)
        place = (found.end() if at < 0 else found.start()) + at
        row = found.string.count("\n", 0, place)
        self.screen.click(place - found.string.rfind("\n", 0, place) - 1, row)

    def key(self, action: str) -> None:
        """Press the key of an action."""
        name = BY_ID[action].keys[0]
        self.press(_KEYS.get(name, name))

    def mouse(self, action: str, label: str = "") -> None:
        """Click on the label of an action in the footer; in the palette where it has no room."""
        name = re.escape(label or BY_ID[action].label)
        place = rf"(?<= )\S+ {name}(?=  .*\? help +q quit\Z| +q quit\Z|\Z)"
        footer = self.until(r"^.*q quit\Z").string
        if label or action == "palette" or re.search(place, footer):
            self.click(place)
        else:
            self.palette(action)

    def palette(self, action: str) -> None:
        """Choose an action in the palette with the mouse."""
        self.choose(BY_ID[action].label)

    def choose(self, name: str) -> None:
        """Click on an entry of the palette."""
        self.press("ctrl+p")
        self.until("what to do")
        self.type(name)
        name = re.escape(name)
        self.click(rf"│ {name} +│.*\n.*│ +│.*\n.*│ +{name}(?= {{3,}}\S.*│)", -1)  # the best hit
        self.screen.until_gone(rf"│ {name} +│.*\n.*│ +│")

    def tab(self, name: str) -> None:
        """Click on a tab."""
        self.click(rf"(?<=^─).* {name}(?= .*──$)", -1)

    def select(self, service: str) -> None:
        """Click on the row of a service."""
        self.click(rf"^[▎ ].. {service}(?= )", -1)
        self.until(rf"^▎.. {service} ")

    def cell(self, service: str) -> str:
        """The row of a service as it is drawn."""
        return self.until(rf"^[▎ ].. {service} .*$")[0]

    # ---- looking

    def ready(self) -> Tour:
        """As soon as all are ready, the dashboard knows it and the log pane is there."""
        self.dynaport.wait_until_ready()
        self.until(r"\b(\d+) of \1 ready")
        self.until(r"^─ \S.*(follow|paused)")
        return self

    def state(self, service: str, *states: str) -> dict[str, Any]:
        """The service as the engine has it, in one of the states."""
        return self.dynaport.wait_for_state(service, *states)

    @contextlib.contextmanager
    def new_processes(self, *services: str) -> Iterator[None]:
        """After the block exactly these services have another process, and are ready."""
        before = self.dynaport.pids()
        yield
        wait_until(
            lambda: all(self.dynaport.pids()[s] not in (None, before[s]) for s in services),
            what=f"{', '.join(services)} in a new process",
        )
        for service in services:
            self.state(service, "READY")
        after = self.dynaport.pids()
        others = set(before) - set(services)
        assert {each: after[each] for each in others} == {each: before[each] for each in others}

    def copied(self, data: bytes) -> None:
        """Wait until the terminal's clipboard holds exactly these bytes."""
        try:
            wait_until(lambda: self.screen.clipboard() == data, deadline=5)
        except AssertionError:
            raise AssertionError(f"{self.screen.clipboard()!r}\nis not\n{data!r}") from None

    def toast(self, pattern: str) -> None:
        """Wait for a toast."""
        self.until(rf"▌ .*{pattern}")

    def log_file(self, service: str) -> Path:
        """Where its lines are kept."""
        found = self.dynaport.run("logs", "--path", "--json").expect(0).json()
        return Path(found[service][0])

    # ---- programs that write down how they were called

    def recorder(self, name: str) -> Path:
        """A program of this name in the project's folder."""
        path = self.project.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(RECORDER.format(record=path.with_suffix(".called")))
        path.chmod(0o755)
        return path

    def called(self, program: Path) -> list[str]:
        """With what it was called; forgets it."""
        record = program.with_suffix(".called")
        wait_until(
            lambda: record.exists() and record.read_text().endswith("end\n"),
            what=f"{program.name} was called",
        )
        arguments = record.read_text().splitlines()[:-1]
        record.unlink()
        return arguments

    # ---- ending

    def everything(self) -> list[psutil.Process]:
        """The engine, and every process of a service."""
        snapshot = self.dynaport.look()
        engine = psutil.Process(snapshot["project"]["engine_pid"])
        return [engine, *engine.children(recursive=True)]

    def all_end(self, processes: list[psutil.Process]) -> None:
        """Wait until none of them lives."""
        _, alive = psutil.wait_procs(processes, timeout=20)
        assert not alive, alive


def lives(pid: int) -> bool:
    """Whether there is such a process that is not a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def hard(pid: int) -> None:
    """Kill it without a word."""
    os.kill(pid, 9)
