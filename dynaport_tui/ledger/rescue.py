"""A damaged ledger: moved aside, and made anew from what is readable in it and from what runs."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from .making import alone, place
from .registered import Registered
from .rows import Rows
from .running import running
from .schema import COLUMNS, SELECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from .lease import Lease

PARTS = ("", "-wal", "-shm")
"""A file of SQLite's in WAL mode, and what belongs to it."""

MOST_READ = 100_000
"""Rows that are read of a damaged file."""


def rescue(path: Path, inode: int, why: str, known: Sequence[Lease], patience: float) -> None:
    """Put a good ledger in the place of the damaged one with that inode, and say so on stderr.

    Nothing happens when another process has done it meanwhile. `known`: what this process was
    given. The damaged file stays in its folder, with the time in its name. Raises LedgerError,
    OSError and sqlite3's errors.
    """
    with alone(path, patience):
        try:
            if path.stat().st_ino != inode:
                return
        except FileNotFoundError:
            return
        aside = _move_aside(path)
        told = running()
        counts: list[int] = []

        def fill(db: sqlite3.Connection) -> None:
            rows = Rows(db)
            counts.extend(restore(rows, leases) for leases in (known, told, _readable(aside)))
            _register(db, aside)

        place(path, fill)
    sys.stderr.write(_told(path, aside, why, counts[0] + counts[1], counts[2]))


def restore(rows: Rows, leases: Iterable[Lease]) -> int:
    """Write those that are in nobody's way; how many."""
    count = 0
    for lease in leases:
        others = rows.on_port(lease.port)
        pins = lease.pinned and all(other.pinned for other in others)
        if lease.key not in rows.held(lease.root, [lease.key]) and (pins or not others):
            rows.put([lease])
            count += 1
    return count


def _move_aside(path: Path) -> Path:
    """The new path of the damaged file; the time in it is UTC."""
    name = f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    aside = path.with_name(name)
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{name}-{number}")
    for part in PARTS:  # the file first: nobody opens it any more without its log
        with suppress(FileNotFoundError):
            path.with_name(path.name + part).rename(aside.with_name(aside.name + part))
    return aside


def _readable(aside: Path) -> Iterator[Lease]:
    """What can still be read: from the front up to the first damage, and from the back."""
    for order in ("", " ORDER BY root DESC, service DESC, instance DESC, slot DESC"):
        yield from filter(None, map(_sound, _rows_of(aside, SELECT + order)))


def _rows_of(aside: Path, question: str) -> Iterator[Sequence[object]]:
    with (
        suppress(sqlite3.Error, ValueError),
        closing(sqlite3.connect(aside, timeout=0, isolation_level=None)) as db,
    ):
        # Reads a file, too, that is shorter than it says of itself.
        db.execute("PRAGMA writable_schema = ON")
        yield from db.execute(f"{question} LIMIT {MOST_READ}")


def _register(db: sqlite3.Connection, aside: Path) -> None:
    """Bring the registered services back; those that ended are left out when they are read."""
    names = Registered.__struct_fields__
    columns, places = ", ".join(names), ", ".join("?" * len(names))
    put = f"INSERT OR IGNORE INTO services ({columns}) VALUES ({places})"
    for row in _rows_of(aside, f"SELECT {columns} FROM services"):
        with suppress(sqlite3.Error, ValueError):
            json.loads(str(row[names.index("dependencies")]))
            db.execute(put, row)


def _sound(row: Sequence[object]) -> Lease | None:
    import msgspec

    from .lease import Lease

    values = dict(zip(COLUMNS, row, strict=True))
    try:
        lease = msgspec.convert({**values, "pinned": values["pinned"] == 1}, Lease)
    except msgspec.ValidationError:
        return None
    return lease if 1 <= lease.port <= 65535 else None


def _told(path: Path, aside: Path, why: str, running: int, readable: int) -> str:
    counts = {"could still be read in it": readable, "are known from what runs": running}
    parts = [f"{count} {what}" for what, count in counts.items() if count]
    kept = (
        f"of its ports {' and '.join(parts)}, all others are chosen anew"
        if parts
        else "none of its ports could be read, so all are chosen anew"
    )
    return (
        f"dynaport: the ledger {path} was damaged ({why}). It was moved to {aside.name}, "
        f"beside a new one: {kept}.\n"
    )
