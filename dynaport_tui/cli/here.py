"""Which project a command is about, its running engine, and its services by name."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ..control.client import Client
    from ..model.view import ServiceStatus, Snapshot


class NoEngine(Exception):
    """No engine runs for this project."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"no engine runs for {file}")
        self.hint = "`dynaport up` starts it; `dynaport ps --all` shows what runs on this machine."


class UnknownService(Exception):
    """A SERVICE that the project does not have."""

    def __init__(self, name: str, known: Iterable[str], project: str) -> None:
        from ..model.problems import did_you_mean

        names = list(known)
        super().__init__(f"{project} has no service {name!r}")
        self.hint = did_you_mean(name, names, f"It has {', '.join(names) or 'none'}.")


class Here:
    """The project that `-f`, `-C` or the current folder names."""

    def __init__(self, file: str | None = None, folder: str | None = None) -> None:
        self._file = file
        self._folder = folder

    @cached_property
    def file(self) -> Path:
        """Its services.toml, an absolute path; raises ProjectNotFound."""
        from ..engine.files import find_project

        return find_project(self._file, self._folder)

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
        try:
            return client, client.snapshot()
        except NotRunning:
            raise NoEngine(self.file) from None


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
