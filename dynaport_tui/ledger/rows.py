"""The rows of leases: read, written and taken away within one transaction of the caller's."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from .lease import Key, Lease
from .moved import Vanished, moved_from
from .schema import COLUMNS, OF_KEY, SELECT, UPSERT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from .request import Request

KEPT_GIVEN_UP = 16
"""Released ports remembered for each service."""


class Rows:
    """What one connection sees; whoever writes is in a transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def all(self) -> list[Lease]:
        """Ordered by root, service, instance and slot."""
        return self._select("ORDER BY root, service, instance, slot")

    def of_root(self, root: str) -> dict[Key, Lease]:
        """Those of one folder, or of the apps."""
        return {lease.key: lease for lease in self._select("WHERE root = ?", root)}

    def held(self, root: str, keys: Iterable[Key]) -> dict[Key, Lease]:
        """Those of one folder; of the apps, of whom there may be thousands, the ones that ask."""
        if root:
            return self.of_root(root)
        found = (self._select(OF_KEY, root, *key) for key in keys)
        return {lease.key: lease for leases in found for lease in leases}

    def on_port(self, port: int) -> list[Lease]:
        """Those of one port."""
        return self._select("WHERE port = ?", port)

    def given_up(self, root: str, key: Key) -> set[int]:
        """The ports that a service has released."""
        rows = self._db.execute(f"SELECT port FROM given_up {OF_KEY}", (root, *key))
        return {int(port) for (port,) in rows}

    def put(self, leases: Iterable[Lease]) -> None:
        """Write them, each in the place of what its service had."""
        self._db.executemany(UPSERT, map(_row, leases))

    def release(self, root: str, service: str, instance: str | None) -> list[int]:
        """Take away those of a service; the ports."""
        found = self._select("WHERE root = ? AND service = ?", root, service)
        found = [lease for lease in found if instance in (None, lease.instance)]
        for lease in found:
            self._db.execute(f"DELETE FROM leases {OF_KEY}", (root, *lease.key))
            if not lease.pinned:
                self._give_up(lease)
        return [lease.port for lease in found]

    def reserve(self, port: int) -> bool:
        """Whether nobody had it."""
        if self.on_port(port):
            return False
        lease = Lease(
            root="", project="", service="", instance=str(port), slot="", port=port,
            computed=port, why=None, since=time.time(), pinned=True,
        )  # fmt: skip
        self.put([lease])
        return True

    def release_reservation(self, port: int) -> bool:
        """Whether there was one."""
        key = ("", "", str(port), "")
        return self._db.execute(f"DELETE FROM leases {OF_KEY}", key).rowcount > 0

    def adopt(self, root: str, asked: Request) -> dict[Key, Lease]:
        """Hand on what a folder had before it was renamed; what that is, or nothing."""
        inode = _inode(root)
        if not root or inode is None:
            return {}
        old = moved_from(root, inode, asked.project, asked.keys, self._vanished())
        if old is None:
            return {}
        for table in ("leases", "given_up"):
            self._db.execute(f"UPDATE {table} SET root = ? WHERE root = ?", (root, old))
        self._db.execute("DELETE FROM roots WHERE root = ?", (old,))
        return self.of_root(root)

    def know(self, root: str) -> None:
        """Remember which folder that path means now."""
        inode = _inode(root)
        if root and inode is not None:
            self._db.execute("INSERT OR REPLACE INTO roots VALUES (?, ?)", (root, inode))

    def forget_vanished(self) -> bool:
        """Drop the leases of project folders that no longer exist; whether there were any."""
        gone = [(old.root,) for old in self._vanished()]
        for table in ("leases", "given_up", "roots"):
            self._db.executemany(f"DELETE FROM {table} WHERE root = ?", gone)
        return bool(gone)

    def _vanished(self) -> list[Vanished]:
        roots = [root for (root,) in self._db.execute("SELECT DISTINCT root FROM leases")]
        gone = [root for root in roots if root and not Path(root).is_dir()]
        inodes = dict(self._db.execute("SELECT root, inode FROM roots"))
        return [
            Vanished(root, inodes.get(root), self.of_root(root), Path(root).parent.is_dir())
            for root in gone
        ]

    def _give_up(self, lease: Lease) -> None:
        key = (lease.root, *lease.key)
        # Later than all before it even when the clock was set back.
        self._db.execute(
            "INSERT OR REPLACE INTO given_up VALUES (?, ?, ?, ?, ?, max(?, "
            f"(SELECT coalesce(max(at), 0) + 1 FROM given_up {OF_KEY})))",
            (*key, lease.port, time.time(), *key),
        )
        self._db.execute(
            f"DELETE FROM given_up {OF_KEY} AND port NOT IN "
            f"(SELECT port FROM given_up {OF_KEY} ORDER BY at DESC LIMIT {KEPT_GIVEN_UP})",
            (*key, *key),
        )

    def _select(self, where: str, *values: object) -> list[Lease]:
        return [_lease(row) for row in self._db.execute(f"{SELECT} {where}", values)]


def _lease(row: Sequence[object]) -> Lease:
    values = dict(zip(COLUMNS, row, strict=True))
    return Lease(**{**values, "pinned": bool(values["pinned"])})  # type: ignore[arg-type]


def _row(lease: Lease) -> tuple[object, ...]:
    return tuple(getattr(lease, name) for name in COLUMNS)


def _inode(root: str) -> int | None:
    try:
        return Path(root).stat().st_ino if root else None
    except OSError:
        return None
