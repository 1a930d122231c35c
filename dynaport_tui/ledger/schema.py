"""The tables of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # Not unique by port: two projects may pin the same one and never run together.
        """CREATE TABLE leases (
            root TEXT NOT NULL,
            service TEXT NOT NULL,
            instance TEXT NOT NULL,
            slot TEXT NOT NULL,
            project TEXT NOT NULL,
            port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
            computed INTEGER NOT NULL,
            why TEXT,
            since REAL NOT NULL,
            pinned INTEGER NOT NULL,
            PRIMARY KEY (root, service, instance, slot)
        ) WITHOUT ROWID""",
        "CREATE INDEX leases_by_port ON leases (port)",
        """CREATE TABLE given_up (
            root TEXT NOT NULL,
            service TEXT NOT NULL,
            instance TEXT NOT NULL,
            slot TEXT NOT NULL,
            port INTEGER NOT NULL,
            at REAL NOT NULL,
            PRIMARY KEY (root, service, instance, slot, port)
        ) WITHOUT ROWID""",
    ),
    (
        # pid 0 and no birth: registered by hand, so it stays until somebody unregisters it.
        """CREATE TABLE services (
            app_id TEXT NOT NULL,
            instance_id TEXT NOT NULL,
            pid INTEGER NOT NULL,
            born TEXT,
            name TEXT NOT NULL,
            scheme TEXT NOT NULL,
            host TEXT NOT NULL,
            port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
            status TEXT NOT NULL,
            health_endpoint TEXT,
            dependencies TEXT NOT NULL,
            project TEXT,
            root TEXT,
            since REAL NOT NULL,
            PRIMARY KEY (app_id, instance_id, pid)
        ) WITHOUT ROWID""",
        # A folder that was renamed is known by its inode.
        """CREATE TABLE roots (
            root TEXT PRIMARY KEY,
            inode INTEGER NOT NULL
        ) WITHOUT ROWID""",
    ),
)
"""Statements that lead from one schema to the next; what is released is never edited."""

SCHEMA = len(MIGRATIONS)
"""Kept in the file as PRAGMA user_version."""

COLUMNS = (
    "root", "service", "instance", "slot", "project", "port", "computed", "why", "since", "pinned",
)  # fmt: skip

SELECT = f"SELECT {', '.join(COLUMNS)} FROM leases"
UPSERT = f"INSERT OR REPLACE INTO leases VALUES ({', '.join('?' * len(COLUMNS))})"
OF_KEY = "WHERE root = ? AND service = ? AND instance = ? AND slot = ?"


def version(db: sqlite3.Connection) -> int:
    """The schema that a file has; 0 for a new one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file up to date, inside a transaction; an older dynaport may have it open."""
    for statements in MIGRATIONS[version(db) :]:
        for statement in statements:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA}")
