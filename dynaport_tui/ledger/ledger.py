"""Who has which port, remembered for one user."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Self, TypeVar

from .choice import Range, choose
from .errors import LedgerError, NoFreePort
from .file import FILE_NAME, PATIENCE, LedgerFile
from .grant import Grant
from .lease import Key, Lease, Want
from .ports import is_free, outgoing_range
from .request import Request
from .rows import Rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

__all__ = ["FILE_NAME", "PATIENCE", "Lease", "Ledger", "LedgerError", "NoFreePort", "Want"]

T = TypeVar("T")
Leases = dict[Key, Lease]


class Ledger:
    """Port leases of one user, safe with many processes at once; in a process one call at a time.

    Every method raises LedgerError when the file cannot be used.
    """

    def __init__(self, path: Path | None = None, *, patience: float = PATIENCE) -> None:
        """Open `path`, by default in the state folder, and make it when it is missing."""
        self.file = LedgerFile(path, patience=patience)

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.file.path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; safe to repeat."""
        self.file.close()

    def lease(self, root: str, project: str, wants: Sequence[Want], ports: Range) -> Leases:
        """The port of every want, in the order of `wants`; the same ones again at every later call.

        In this order: the pinned port; the preferred one while it is free and nobody leases it; the
        port it has, even outside `ports`; its computed port; the next free one in `ports`. A pin
        takes its port whoever has it: a service of the same call moves, one of another project
        keeps it until it is released, and whichever binds second is told. A service that loses its
        pin is given a port anew. The order of `wants` has no influence. Nothing is written, nor
        waited for, when every want has its port already. `root` is the project's folder, or empty
        for apps of the whole user. A folder that was renamed keeps its ports. Raises NoFreePort.
        """
        root = _resolved(root)
        asked = Request(project, wants, ports)
        grant = Grant(root, asked, binds=is_free, outgoing=outgoing_range, now=time.time())
        given = self.file.read(lambda db: _rehearse(db, root, grant))
        if given is None:
            given = self.file.write(lambda db: _grant(db, root, grant))
        self.file.remember(given[want.key] for want in wants)
        return {want.key: given[want.key] for want in wants}

    def release(self, root: str, service: str, instance: str | None = None) -> list[int]:
        """Give up all ports of a service, or of one of its instances; returns them.

        The next lease chooses other ones, as long as there are any. A pin is no choice: it stays.
        """
        root = _resolved(root)
        ports = self.file.write(lambda db: Rows(db).release(root, service, instance))
        self.file.forget(root, service, instance)
        return ports

    def reserve(self, port: int) -> bool:
        """Let nobody be given a port from now on; False when it is leased, reserved or in use.

        Only a pin in services.toml takes it nevertheless.
        """
        if not is_free(port):
            return False
        return self.file.write(lambda db: Rows(db).reserve(port))

    def release_reservation(self, port: int) -> bool:
        """Let a reserved port be given again; whether it was reserved."""
        return self.file.write(lambda db: Rows(db).release_reservation(port))

    def leases(self) -> list[Lease]:
        """Every lease of this user, ordered by root, service, instance and slot."""
        return self.file.read(lambda db: Rows(db).all())

    def app(self, app_id: str, instance: str) -> Lease | None:
        """The lease of an app of the whole user; nothing is chosen."""
        key = (app_id, instance, "")
        return self.file.read(lambda db: Rows(db).held("", [key]).get(key))

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` reads from further tables."""
        return self.file.read(work)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, which runs in one transaction: all that it writes, or nothing."""
        return self.file.write(work)

    def find(self, ports: Range) -> int:
        """The first port of a range that is free and that nobody leases; raises NoFreePort."""
        return self.file.read(lambda db: _first(Rows(db), ports))

    def claim(self, port: int) -> str | None:
        """Why a port is not given to anybody else, as `is leased to shop/users in /home/me/shop`.

        None where nobody leases it; whether it is in use is not looked at.
        """
        leases = self.file.read(lambda db: Rows(db).on_port(port))
        return leases[0].claim() if leases else None


def _first(rows: Rows, ports: Range) -> int:
    def taken(port: int) -> str | None:
        return next((lease.claim() for lease in rows.on_port(port)), None)

    port, _ = choose(ports[0], ports, taken=taken, outgoing=outgoing_range(), binds=is_free)
    return port


def _rehearse(db: sqlite3.Connection, root: str, grant: Grant) -> Leases | None:
    """What is held, when nothing has to be written; else None, and each port has been tried."""
    rows = Rows(db)
    held = rows.held(root, grant.asked.keys)
    if grant.asked.settled(held):
        return held
    try:
        given = grant.decide(held, rows)
    except NoFreePort:
        return None
    return given if all(held.get(key) == lease for key, lease in given.items()) else None


def _grant(db: sqlite3.Connection, root: str, grant: Grant) -> Leases:
    rows = Rows(db)
    held = rows.held(root, grant.asked.keys) or rows.adopt(root, grant.asked)
    try:
        given = grant.decide(held, rows)
    except NoFreePort:
        if not rows.forget_vanished():
            raise
        given = grant.decide(held, rows)
    rows.put(lease for key, lease in given.items() if held.get(key) != lease)
    rows.know(root)
    return given


def _resolved(root: str) -> str:
    return os.path.realpath(root) if root else ""
