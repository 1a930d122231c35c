"""Which project a command is about, its running engine, and its services by name."""

from __future__ import annotations

import os
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..control.client import Client
    from ..model.view import ServiceStatus, Snapshot


COMING_UP = 15.0
"""Seconds that an engine which holds its project's lock may take until it listens."""
_PAUSE = 0.02
_NAME = "services.toml"
_EXAMPLE = """Write one:

    [services.web]
    app = "app:app"          # or script = "app.py", or command = "…"

then run `dynaport up`."""


class ProjectNotFound(Exception):
    """There is no services.toml where one was looked for."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NoEngine(Exception):
    """No engine runs for this project."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"no engine runs for {file}")
        self.hint = "`dynaport up` starts it; `dynaport ps --all` shows what runs on this machine."


class UnknownService(Exception):
    """A SERVICE that the project does not have."""

    def __init__(
        self, name: str, known: Iterable[str], project: str, *, ever: bool = False
    ) -> None:
        """`ever`: what is known are the services that have run at some time."""
        from ..model.problems import did_you_mean

        names = list(known)
        super().__init__(f"{project} {'never ran a' if ever else 'has no'} service {name!r}")
        there = f"It {'ran' if ever else 'has'} {', '.join(names) or 'none'}."
        self.hint = did_you_mean(name, names, there)


class Here:
    """The project that `-f`, `-C` or the current folder names."""

    def __init__(self, file: str | None = None, folder: str | None = None) -> None:
        self._file = file
        self._folder = folder

    @cached_property
    def file(self) -> Path:
        """Its services.toml, an absolute path; raises ProjectNotFound."""
        start = Path(self._folder or ".").absolute()
        if not start.is_dir():
            raise ProjectNotFound(f"{start} is no folder", "Give -C an existing one.")
        return _named(start / self._file) if self._file else _nearest(start)

    @property
    def socket(self) -> Path:
        """Where its engine listens when it runs."""
        from ..ledger.folders import project_runtime

        return project_runtime(self.file) / "sock"

    def client(self) -> Client:
        """A client for its engine, which need not run."""
        from ..control.client import Client

        return Client(self.socket)

    def running(self) -> tuple[Client, Snapshot]:
        """A client and the first snapshot; raises NoEngine when nothing runs here."""
        from ..control.client import NotRunning

        client = self.client()
        deadline = time.monotonic() + COMING_UP
        while True:
            held = is_held(self.socket.with_name("lock"))
            try:
                return client, client.snapshot()
            except NotRunning:
                # One that has just been started listens a moment after its services begin.
                if not held or time.monotonic() > deadline:
                    raise NoEngine(self.file) from None
            time.sleep(_PAUSE)


def is_held(lock: Path) -> bool:
    """Whether the lock file names a living process; an engine that ends leaves it empty."""
    try:
        os.kill(int(lock.read_text()), 0)
    except (OSError, ValueError):
        return False
    return True


def _named(path: Path) -> Path:
    """The file that `-f` names, or the one in the folder that it names."""
    path = path / _NAME if path.is_dir() else path
    if not path.is_file():
        raise ProjectNotFound(f"{path} does not exist", "Give -f an existing services.toml.")
    return path.resolve()


def _nearest(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / _NAME).is_file():
            return (folder / _NAME).resolve()
    raise ProjectNotFound(f"no {_NAME} in {start} or above it", _EXAMPLE)


def pick(snapshot: Snapshot, names: Sequence[str]) -> list[ServiceStatus]:
    """The services that the names mean, `users` meaning all its instances; no name means all.

    Raises UnknownService.
    """
    if not names:
        return list(snapshot.services)
    found: dict[str, ServiceStatus] = {}
    for name in names:
        meant = [status for status in snapshot.services if name in (status.id, status.name)]
        if not meant:
            known = dict.fromkeys(
                s for status in snapshot.services for s in (status.name, status.id)
            )
            raise UnknownService(name, known, snapshot.project.name)
        found |= {status.id: status for status in meant}
    return list(found.values())
