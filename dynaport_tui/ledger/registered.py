"""The services that registered themselves, or that somebody registered by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from .liveness import lives

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from .ledger import Ledger

BY_HAND = 0
"""The pid of a record that no process made."""


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a service, or a record made by hand."""

    app_id: str
    instance_id: str
    pid: int
    """BY_HAND where no process made it."""
    born: str | None
    """The mark of the process's start (`liveness.birth`); None by hand."""
    name: str
    scheme: str
    """`http` or `https`."""
    host: str
    port: int
    status: str
    health_endpoint: str | None
    """A path; None where a connection is answer enough."""
    dependencies: tuple[str, ...]
    """`app_id:instance_id` each."""
    project: str | None
    """With `root`: the project whose service it is."""
    root: str | None
    since: float
    """Seconds since 1970."""

    @property
    def by_hand(self) -> bool:
        """Whether it stays until somebody unregisters it."""
        return self.pid == BY_HAND

    @property
    def living(self) -> bool:
        """Whether it still holds: its process runs, or nobody's does."""
        return self.by_hand or lives(self.pid, self.born)

    def is_app(self, app_id: str, instance_id: str) -> bool:
        """Whether it is of that app and instance."""
        return (self.app_id, self.instance_id) == (app_id, instance_id)


COLUMNS = Registered.__struct_fields__

_SELECT = f"SELECT {', '.join(COLUMNS)} FROM services ORDER BY app_id, instance_id, since, pid"
_PUT = (
    f"INSERT OR REPLACE INTO services ({', '.join(COLUMNS)}) "
    f"VALUES ({', '.join('?' * len(COLUMNS))})"
)
_OF_APP = "WHERE app_id = ? AND instance_id = ?"
_OF_PROCESS = f"{_OF_APP} AND pid = ?"


class Claim(NamedTuple):
    """What became of the wish to register with a port."""

    stands: bool
    """Whether it is registered now."""
    rivals: tuple[Registered, ...]
    """Who stands in the way, if it is not."""


def living(ledger: Ledger) -> list[Registered]:
    """What is registered and still holds, by app and instance, the oldest first.

    Raises LedgerError.
    """
    return [row for row in ledger.read(_rows) if row.living]


def put(ledger: Ledger, row: Registered) -> None:
    """Register it, in the place of what the same process had registered; raises LedgerError."""
    claim(ledger, row, lambda _: False)


def claim(ledger: Ledger, row: Registered, rivals: Callable[[Registered], bool]) -> Claim:
    """Register it unless something living is a rival to it, in one step; raises LedgerError."""

    def work(db: sqlite3.Connection) -> Claim:
        found = tuple(other for other in _swept(db) if rivals(other))
        if not found:
            db.execute(_PUT, _values(row))
        return Claim(not found, found)

    return ledger.write(work)


def set_status(ledger: Ledger, app_id: str, instance_id: str, status: str) -> bool:
    """Whether there was something living to give that status; raises LedgerError."""

    def work(db: sqlite3.Connection) -> bool:
        _swept(db)
        done = db.execute(
            f"UPDATE services SET status = ? {_OF_APP}", (status, app_id, instance_id)
        )
        return done.rowcount > 0

    return ledger.write(work)


def remove(ledger: Ledger, app_id: str, instance_id: str, pid: int | None = None) -> bool:
    """Forget all of an app's instance, or what one process registered; whether there was one.

    Raises LedgerError.
    """

    def work(db: sqlite3.Connection) -> bool:
        _swept(db)
        if pid is None:
            done = db.execute(f"DELETE FROM services {_OF_APP}", (app_id, instance_id))
        else:
            done = db.execute(f"DELETE FROM services {_OF_PROCESS}", (app_id, instance_id, pid))
        return done.rowcount > 0

    return ledger.write(work)


def _swept(db: sqlite3.Connection) -> list[Registered]:
    """What still holds; what does not is taken out."""
    rows = _rows(db)
    gone = [row for row in rows if not row.living]
    for row in gone:
        db.execute(f"DELETE FROM services {_OF_PROCESS}", (row.app_id, row.instance_id, row.pid))
    return [row for row in rows if row not in gone]


def _rows(db: sqlite3.Connection) -> list[Registered]:
    return [_row(values) for values in db.execute(_SELECT)]


def _row(values: tuple[object, ...]) -> Registered:
    named = dict(zip(COLUMNS, values, strict=True))
    named["dependencies"] = tuple(json.loads(str(named["dependencies"])))
    return Registered(**named)  # type: ignore[arg-type]


def _values(row: Registered) -> tuple[object, ...]:
    named = {**msgspec.structs.asdict(row), "dependencies": json.dumps(row.dependencies)}
    return tuple(named[column] for column in COLUMNS)
