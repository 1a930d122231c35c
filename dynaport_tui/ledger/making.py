"""A new ledger: nobody sees it before it is whole, so an empty file is known to be damaged."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from .errors import busy
from .schema import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def make(path: Path, patience: float) -> None:
    """Make the file where there is none; raises LedgerError, OSError and sqlite3's errors."""
    with alone(path, patience):
        if not path.exists():
            place(path, lambda db: None)


@contextmanager
def alone(path: Path, patience: float) -> Iterator[None]:
    """Only one process at a time makes a ledger, or moves one away; raises LedgerError, OSError."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise busy(path, patience) from None
            time.sleep(0.005)
        yield
    finally:
        os.close(folder)


def place(path: Path, fill: Callable[[sqlite3.Connection], None]) -> None:
    """Make a ledger beside `path`, fill it, and put it there in one step."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)  # of somebody who was killed here
    try:
        os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(new, isolation_level=None)) as db:
            # Nobody waits for the disk: whatever is there after a power failure is rescued.
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            migrate(db)
            fill(db)
            db.execute("COMMIT")
        new.rename(path)
    finally:
        for rest in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                new.with_name(new.name + rest).unlink()
