"""What the registry says of one service, and which of several processes it speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .health import Health, Status, reachable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..ledger.registered import Registered


class ServiceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One service as it was at the moment of reading."""

    app_id: str
    instance_id: str
    name: str
    """What people call it; the app's id where nobody named it."""
    host: str
    """Where it listens: 127.0.0.1, or 0.0.0.0 for every address."""
    port: int
    url: str
    """Where this machine reaches it, without a slash at the end."""
    pid: int | None
    """The process that serves it; None for a record made by hand."""
    status: str
    """`running`, or what update_status() said."""
    health_status: Status
    """`healthy` or `unhealthy`, asked at the reading; `unknown` where it was not asked."""
    health_reason: str
    """What `health_status` rests on, one line for a person."""
    health_endpoint: str | None
    """The path that was asked; None where a connection is answer enough."""
    dependencies: tuple[str, ...]
    """`app_id:instance_id` each."""
    project: str | None
    """The project whose service it is, where a supervisor runs it; None for a program alone."""
    root: str | None
    """That project's folder."""
    since: float
    """When it was registered: seconds since 1970."""


UNASKED = Health(status="unknown", reason="it was not asked")


def record(row: Registered, health: Health) -> ServiceRecord:
    return ServiceRecord(
        app_id=row.app_id,
        instance_id=row.instance_id,
        name=row.name,
        host=row.host,
        port=row.port,
        url=url_of(row),
        pid=None if row.by_hand else row.pid,
        status=row.status,
        health_status=health.status,
        health_reason=health.reason,
        health_endpoint=row.health_endpoint,
        dependencies=row.dependencies,
        project=row.project,
        root=row.root,
        since=row.since,
    )


def url_of(row: Registered) -> str:
    """Where this machine reaches it."""
    host = reachable(row.host)
    return f"{row.scheme}://{f'[{host}]' if ':' in host else host}:{row.port}"


def merged(rows: Iterable[Registered]) -> list[Registered]:
    """One for each service: processes behind one port (a reloader's, a server's workers) are one.

    It has the process that came last, and the time of the one that came first.
    """
    found: dict[tuple[str, str, int], Registered] = {}
    for row in rows:
        key = (row.app_id, row.instance_id, row.port)
        before = found.get(key)
        if before is None or before.by_hand:
            found[key] = row
        elif not row.by_hand:
            found[key] = msgspec.structs.replace(row, since=before.since)
    return list(found.values())


def chosen(
    rows: Iterable[Registered], app_id: str, instance_id: str, ledger: Path | None = None
) -> Registered | None:
    """Which of several: the caller's own project's, a process before one by hand, the first."""
    found = [row for row in rows if row.is_app(app_id, instance_id)]
    if len(found) < 2:
        return found[0] if found else None
    from .places import current_root

    root = current_root(ledger)
    return min(found, key=lambda row: (row.root != root, row.by_hand, row.since))
