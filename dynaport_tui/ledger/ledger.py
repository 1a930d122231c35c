"""The file that remembers, for one user, who has which port."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from .choice import Range, choose
from .errors import LedgerError, NoFreePort
from .folders import STATE_VARIABLE, state_folder
from .lease import Key, Lease, Want
from .ports import is_free, outgoing_range
from .request import Request
from .schema import COLUMNS, MIGRATIONS, OF_KEY, SCHEMA, SELECT, UPSERT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

FILE_NAME = "ledger.sqlite3"

PATIENCE = 5.0
"""Seconds that an operation waits for another process to finish writing."""

KEPT_GIVEN_UP = 16
"""Released ports remembered for each service."""

__all__ = ["Lease", "Ledger", "LedgerError", "NoFreePort", "Want"]

T = TypeVar("T")
Leases = dict[Key, Lease]


class Ledger:
    """Port leases of one user, safe with many processes at once; in a process one call at a time.

    Every method raises LedgerError when the file cannot be used.
    """

    def __init__(self, path: Path | None = None, *, patience: float = PATIENCE) -> None:
        """Open `path`, by default in the state folder, and make it when it is missing."""
        self.path = path or state_folder() / FILE_NAME
        self._patience = patience
        self._db = self._connect()
        try:
            self._attempt(self._prepare)
        except BaseException:
            self._db.close()
            raise

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
        self._db.close()

    def lease(self, root: str, project: str, wants: Sequence[Want], ports: Range) -> Leases:
        """The port of every want, in the order of `wants`; the same ones again at every later call.

        In this order: the pinned port; the port it has, even outside `ports`; its computed port;
        the next free one in `ports`. A pin takes its port whoever has it: a service of the same
        call moves, one of another project keeps it until it is released, and whichever binds
        second is told. A service that loses its pin is given a port anew. The order of `wants` has
        no influence. Nothing is written, nor waited for, when every want has its port already.
        `root` is the project's folder, or empty for apps of the whole user. Raises NoFreePort.
        """
        root = _resolved(root)
        asked = Request(project, wants, ports)
        held = self._attempt(lambda: self._of_root(root))
        if asked.settled(held):
            return {want.key: held[want.key] for want in wants}
        given = self._attempt(lambda: self._grant(root, asked))
        return {want.key: given[want.key] for want in wants}

    def release(self, root: str, service: str, instance: str | None = None) -> list[int]:
        """Give up all ports of a service, or of one of its instances; returns them.

        The next lease chooses other ones, as long as there are any. A pin is no choice: it stays.
        """
        root = _resolved(root)
        return self._attempt(lambda: self._release(root, service, instance))

    def leases(self) -> list[Lease]:
        """Every lease of this user, ordered by root, service, instance and slot."""
        return self._attempt(lambda: self._select("ORDER BY root, service, instance, slot"))

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` reads from further tables."""
        return self._attempt(lambda: work(self._db))

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, which runs in one transaction: all that it writes, or nothing."""

        def transaction() -> T:
            with self._writing():
                return work(self._db)

        return self._attempt(transaction)

    def _connect(self) -> sqlite3.Connection:
        try:
            self._create_private()
            return sqlite3.connect(
                self.path, timeout=0.2, isolation_level=None, check_same_thread=False
            )
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None
        except sqlite3.Error as error:
            raise self._unusable(str(error)) from None

    def _create_private(self) -> None:
        # Never open an existing one: closing a file takes away all locks that this process has on
        # it, those of another connection too (https://sqlite.org/howtocorrupt.html, 2.2).
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def _prepare(self) -> None:
        self._db.execute("PRAGMA synchronous = NORMAL")
        if self._version() == SCHEMA:
            return
        self._db.execute("PRAGMA journal_mode = WAL")
        with self._writing():
            for statements in MIGRATIONS[self._version() :]:
                for statement in statements:
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {SCHEMA}")

    def _version(self) -> int:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise LedgerError(
                f"the ledger {self.path} was written by a newer dynaport "
                f"(schema {version}, this one knows {SCHEMA}). "
                f"Update dynaport, or set {STATE_VARIABLE} to another folder."
            )
        return version

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._db.rollback()
            raise

    def _attempt(self, work: Callable[[], T]) -> T:
        """What `work` returns, tried again while another process keeps the file busy."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return work()
            except sqlite3.DatabaseError as error:
                if not _is_busy(error):
                    raise self._unusable(str(error)) from error
                if time.monotonic() >= deadline:
                    raise self._busy() from None
            # SQLite's own timeout does not cover the change to WAL and the recovery after a crash.
            time.sleep(0.005)

    def _busy(self) -> LedgerError:
        return LedgerError(
            f"the ledger {self.path} was kept busy by another process for {self._patience:g} s. "
            f"Try again; `lsof {self.path}` names who has it open."
        )

    def _unusable(self, why: str) -> LedgerError:
        return LedgerError(
            f"the ledger {self.path} cannot be used: {why}. Mend that, or move the file away "
            f"(ports are then chosen anew), or set {STATE_VARIABLE} to another folder."
        )

    def _select(self, where: str, *values: object) -> list[Lease]:
        return [_lease(row) for row in self._db.execute(f"{SELECT} {where}", values)]

    def _of_root(self, root: str) -> Leases:
        return {lease.key: lease for lease in self._select("WHERE root = ?", root)}

    def _grant(self, root: str, asked: Request) -> Leases:
        with self._writing():
            held = self._of_root(root)
            given: Leases = {}
            for want in asked.in_order():
                given[want.key] = self._granted(root, asked, want, held.get(want.key))
            return given

    def _granted(self, root: str, asked: Request, want: Want, held: Lease | None) -> Lease:
        if held and asked.is_settled(want, held):
            return held
        computed = asked.computed(want)
        since = time.time()
        why: str | None = None
        if want.pinned is not None:
            port = want.pinned
        elif held and asked.may_keep(want, held):
            port, since = held.port, held.since
            why = asked.why_kept(held, computed)
        else:
            port, why = self._chosen(root, want, computed, asked.ports)
        row = (root, *want.key, asked.project, port, computed, why, since, want.pinned is not None)
        self._db.execute(UPSERT, row)
        return _lease(row)

    def _chosen(self, root: str, want: Want, computed: int, ports: Range) -> tuple[int, str | None]:
        # Its own old row must not stand in its way.
        self._db.execute(f"DELETE FROM leases {OF_KEY}", (root, *want.key))
        rows = self._db.execute(f"SELECT port FROM given_up {OF_KEY}", (root, *want.key))
        avoided = {int(port) for (port,) in rows}
        for last in (False, True):
            leased = {lease.port: _owner(lease, root) for lease in self._select("")}
            try:
                return choose(
                    computed,
                    ports,
                    leased=leased,
                    avoided=avoided,
                    outgoing=outgoing_range(),
                    binds=is_free,
                )
            except NoFreePort:
                if last or not self._forget_vanished():
                    raise
        raise AssertionError("the second try returns or raises")

    def _forget_vanished(self) -> bool:
        """Drop the leases of project folders that no longer exist; whether there were any."""
        roots = [root for (root,) in self._db.execute("SELECT DISTINCT root FROM leases")]
        gone = [(root,) for root in roots if root and not Path(root).is_dir()]
        self._db.executemany("DELETE FROM leases WHERE root = ?", gone)
        self._db.executemany("DELETE FROM given_up WHERE root = ?", gone)
        return bool(gone)

    def _release(self, root: str, service: str, instance: str | None) -> list[int]:
        with self._writing():
            found = self._select("WHERE root = ? AND service = ?", root, service)
            found = [lease for lease in found if instance in (None, lease.instance)]
            for lease in found:
                self._db.execute(f"DELETE FROM leases {OF_KEY}", (root, *lease.key))
                if not lease.pinned:
                    self._give_up(lease)
        return [lease.port for lease in found]

    def _give_up(self, lease: Lease) -> None:
        key = (lease.root, *lease.key)
        row = (*key, lease.port, time.time())
        self._db.execute("INSERT OR REPLACE INTO given_up VALUES (?, ?, ?, ?, ?, ?)", row)
        self._db.execute(
            f"DELETE FROM given_up {OF_KEY} AND port NOT IN "
            f"(SELECT port FROM given_up {OF_KEY} ORDER BY at DESC LIMIT {KEPT_GIVEN_UP})",
            (*key, *key),
        )


def _lease(row: Sequence[object]) -> Lease:
    values = dict(zip(COLUMNS, row, strict=True))
    return Lease(**{**values, "pinned": bool(values["pinned"])})  # type: ignore[arg-type]


def _owner(lease: Lease, root: str) -> str:
    return lease.owner if lease.root in ("", root) else f"{lease.owner} in {lease.root}"


def _resolved(root: str) -> str:
    return os.path.realpath(root) if root else ""


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
