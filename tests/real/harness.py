"""The real command on a real project: it never waits for ever and leaves nothing behind."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import psutil

from dynaport_tui.control.client import Client
from dynaport_tui.ledger.folders import project_runtime
from tests.real.asking import DEADLINE, Answer, fetch, free_port, refuses, wait_until
from tests.real.running import Finished, Running

__all__ = [
    "DEADLINE",
    "ROOT",
    "Answer",
    "Dynaport",
    "Finished",
    "Running",
    "fetch",
    "free_port",
    "refuses",
    "wait_until",
]

ROOT = Path(__file__).resolve().parents[2]
"""The folder of pyproject.toml."""

COMMAND = (sys.executable, "-P", "-m", "dynaport_tui")
"""Like the installed command, it does not import from the folder that it is run in."""


class Dynaport:
    """The command, run in one project folder.

    Whatever is started through it is ended with the test; a process that outlives this fails it.

        dynaport.run("check").expect(0)
        stream = dynaport.start("up", "--no-tui")
        stream.wait_for_line(r"users .*READY")
        assert dynaport.get("users", "/status").status == 200
        stream.interrupt()
        stream.wait().expect(130)
    """

    def __init__(self, folder: Path, private: Path, command: Sequence[str] = COMMAND) -> None:
        self.folder = folder
        self._command = command
        self._private = private
        self._started: list[Running] = []
        self._detached: set[Path] = set()

    def at(self, folder: Path) -> Dynaport:
        """The command in another folder, with the same ledger, ended together with this one."""
        other = Dynaport(folder, self._private, self._command)
        other._started, other._detached = self._started, self._detached
        return other

    def start(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        terminal: bool = False,
        stdout: int = subprocess.PIPE,
    ) -> Running:
        """Start it in the background, `env` laid over the test's variables.

        `stdout`: a descriptor that it writes to; nothing is collected then.
        """
        if "-d" in args:
            self._detached.add(self.folder)
        variables = {**os.environ, **_import_path(), **(env or {})}
        running = Running(
            self._command, args, self.folder, variables, terminal=terminal, stdout=stdout
        )
        self._started.append(running)
        return running

    def run(
        self, *args: str, env: Mapping[str, str] | None = None, deadline: float = 30.0
    ) -> Finished:
        """Run it to its end; fails the test after `deadline` seconds."""
        return self.start(*args, env=env).wait(deadline)

    def ps(self) -> dict[str, Any]:
        """What `ps --json` says."""
        answer: dict[str, Any] = self.run("ps", "--json").expect(0).json()
        return answer

    def look(self) -> dict[str, Any]:
        """The same without starting the command, for those who look again and again.

        An engine that is just coming up is waited for.
        """
        client = Client(project_runtime(self.folder / "services.toml") / "sock")
        snapshot: dict[str, Any] = msgspec.to_builtins(client.wait_listening(DEADLINE))
        return snapshot

    def wait_until_ready(self) -> None:
        """Wait for everything in an engine that may just be coming up."""
        for service in self.look()["services"]:
            self.wait_for_state(service["id"], "DONE" if service["task"] else "READY")

    def pids(self) -> dict[str, int | None]:
        """The process of every service."""
        return {entry["id"]: entry["pid"] for entry in self.look()["services"]}

    def service(self, service: str) -> dict[str, Any]:
        """One service of `ps --json`."""
        services = {entry["id"]: entry for entry in self.look()["services"]}
        assert service in services, f"no service {service!r} in {sorted(services)}"
        found: dict[str, Any] = services[service]
        return found

    def wait_for_state(
        self, service: str, *states: str, deadline: float = DEADLINE
    ) -> dict[str, Any]:
        """The service's entry of `ps --json` as soon as it is in one of the states."""
        last: dict[str, Any] = {}

        def arrived() -> bool:
            last.update(self.service(service))
            return last["state"] in states

        try:
            wait_until(arrived, deadline=deadline, what=f"{service} is {' or '.join(states)}")
        except AssertionError as error:
            raise AssertionError(f"{error}; {last.get('state')}: {last.get('why')}") from None
        return last

    def get(self, service: str, path: str = "/", **options: Any) -> Answer:
        """Fetch a page of a running service; `options` are those of `fetch`."""
        return fetch(self.service(service)["url"] + path, **options)

    def left(self) -> list[psutil.Process]:
        """Every process of this test, known by its variables, its folder or its arguments."""
        needle = str(self._private)
        return [
            process
            for process in psutil.process_iter()
            if process.pid != os.getpid() and _mentions(process, needle)
        ]

    def wait_until_nothing_is_left(self, deadline: float = 5.0) -> None:
        """Kills what is alive after `deadline` seconds, and then fails the test."""
        end = time.monotonic() + deadline
        while left := self.left():
            if time.monotonic() > end:
                names = [f"{process.pid}: {_command(process)}" for process in left]
                for process in left:
                    _kill(process)
                raise AssertionError("left behind: " + "; ".join(names))
            time.sleep(0.02)

    def close(self) -> None:
        """End everything in order, then look that nothing is left."""
        for running in self._started:
            running.end()
        try:
            if self.left():
                for folder in sorted(self._detached):
                    self.at(folder).run("down")
            self.wait_until_nothing_is_left()
        finally:
            for running in self._started:
                running.end()
                running.forget()
        for running in self._started:
            running.expect_no_bug()


def _import_path() -> dict[str, str]:
    """Lets a child import the package where it is used without being installed."""
    try:
        importlib.metadata.distribution("dynaport")
    except importlib.metadata.PackageNotFoundError:
        return {"PYTHONPATH": str(ROOT)}
    return {}


def _mentions(process: psutil.Process, needle: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        places = [process.cwd(), *process.cmdline(), *process.environ().values()]
    except psutil.Error:
        return False
    return any(needle in place for place in places)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "already gone"


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
        process.wait(5)
    except psutil.Error:
        pass
