"""The file of the ledger: made whole, brought up to date, and asked with patience."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from .errors import busy, newer, unusable
from .folders import state_folder
from .making import make
from .schema import SCHEMA, migrate, version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from .lease import Key, Lease

FILE_NAME = "ledger.sqlite3"

PATIENCE = 5.0
"""Seconds that an operation waits for another process to finish writing."""

SHORTEST, LONGEST = 0.001, 0.012
"""Seconds between two tries. SQLite's own steps grow to 0.1 s, for which the file then lies idle;
equal ones would let all that wait try at the same moment."""

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

T = TypeVar("T")


class Damaged(sqlite3.DatabaseError):
    """What is there is no ledger, although SQLite finds no fault with it."""


class LedgerFile:
    """A connection to the ledger, for one call at a time.

    It follows its path: where another file lies there now, that one is opened. A damaged file is
    moved aside and made anew. Every method raises LedgerError when the file cannot be used.
    """

    def __init__(self, path: Path | None = None, *, patience: float = PATIENCE) -> None:
        """Open `path`, by default in the state folder, and make it when it is missing."""
        self.path = path or default_path()
        self._patience = patience
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._replaced = False
        """Whether another file than the one that was open lies there now."""
        self._known: dict[tuple[str, Key], Lease] = {}
        self.read(lambda db: None)

    def close(self) -> None:
        """Let go of the file; safe to repeat. What is asked afterwards opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, tried again while another process keeps the file busy."""
        deadline = time.monotonic() + self._patience
        rescued = False
        while True:
            try:
                return work(self._opened())
            except sqlite3.DatabaseError as error:
                code = _code(error)
                if (code in DAMAGED or isinstance(error, Damaged)) and not rescued:
                    rescued = True
                    self._rescue(str(error))
                    continue
                if code not in BUSY:
                    raise unusable(self.path, error) from error
                if time.monotonic() >= deadline:
                    raise busy(self.path, self._patience) from None
            time.sleep(random.uniform(SHORTEST, LONGEST))

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns; all that it writes is kept, or nothing when it raises."""

        def whole(db: sqlite3.Connection) -> T:
            with _writing(db):
                return work(db)

        return self.read(whole)

    def _opened(self) -> sqlite3.Connection:
        try:
            if self._db is not None and self.path.stat().st_ino == self._inode:
                return self._db
        except FileNotFoundError:
            pass  # somebody took it away, so it is made anew
        except OSError as error:
            raise unusable(self.path, error) from None
        self._replaced |= self._db is not None
        self.close()
        self._db = self._connect()
        if self._replaced:
            self._restore(self._db)
            self._replaced = False
        return self._db

    def remember(self, leases: Iterable[Lease]) -> None:
        """What was given stays given, should the file be damaged or taken away."""
        self._known.update({(lease.root, lease.key): lease for lease in leases})

    def forget(self, root: str, service: str, instance: str | None) -> None:
        """What was given up is not brought back."""
        for where, key in list(self._known):
            if (where, key[0]) == (root, service) and instance in (None, key[1]):
                del self._known[where, key]

    def _restore(self, db: sqlite3.Connection) -> None:
        from .rescue import restore
        from .rows import Rows

        with _writing(db):
            restore(Rows(db), self._known.values())

    def _connect(self) -> sqlite3.Connection:
        try:
            # Never open an existing one but through SQLite: closing a file takes away all locks
            # that this process has on it, those of another connection too
            # (https://sqlite.org/howtocorrupt.html, 2.2).
            if not self.path.exists():
                make(self.path, self._patience)
            self._inode = self.path.stat().st_ino
            db = sqlite3.connect(
                self.path, timeout=0, isolation_level=None, check_same_thread=False
            )
        except OSError as error:
            raise unusable(self.path, error) from None
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        # Whoever writes is killed now and then, the machine hardly ever: what was acknowledged
        # outlives the process in either mode.
        db.execute("PRAGMA synchronous = NORMAL")
        found = version(db)
        if not found:
            raise Damaged("it is empty")  # nobody sees a new one before it is whole
        if found > SCHEMA:
            raise newer(self.path, found, SCHEMA)
        if found < SCHEMA:
            db.execute("PRAGMA journal_mode = WAL")
            with _writing(db):
                migrate(db)

    def _rescue(self, why: str) -> None:
        from .rescue import rescue

        inode, self._replaced = self._inode, True
        self.close()
        try:
            rescue(self.path, inode, why, list(self._known.values()), self._patience)
        except OSError as error:
            raise unusable(self.path, error) from None


def default_path() -> Path:
    """The ledger of this user; raises FolderError when its folder cannot be used."""
    return state_folder() / FILE_NAME


@contextmanager
def _writing(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise


def _code(error: sqlite3.DatabaseError) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
