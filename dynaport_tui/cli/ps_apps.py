"""The registered apps that belong to no project, as `dynaport ps --all` shows them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from . import say

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..service_registry import ServiceRecord

TITLES = ["APP", "STATE", "URL", "PID", "UP", "WHY"]

_STATES = {"healthy": "READY", "unhealthy": "UNHEALTHY", "unknown": None}


def apps(roots: Collection[str]) -> list[ServiceRecord]:
    """What is registered, but for the services of the projects in these folders.

    A ledger that cannot be used is told of, and shows nobody.
    """
    from ..ledger.errors import LedgerError
    from ..service_registry import ServiceRegistry

    try:
        found = ServiceRegistry().list_services()
    except LedgerError as error:
        say.note(str(error))
        return []
    return [record for record in found if record.root not in roots]


def label(record: ServiceRecord) -> str:
    """`my-app`, or `my-app:second`."""
    only = record.instance_id == "default"
    return record.app_id if only else f"{record.app_id}:{record.instance_id}"


def state(record: ServiceRecord) -> str | None:
    """The state that a service with this health is in; None where it was not asked."""
    return _STATES[record.health_status]


def why(record: ServiceRecord) -> str:
    """What its state rests on, and what somebody noted about it."""
    noted = "" if record.status == "running" else f" ({record.status})"
    return record.health_reason + noted


def uptime(record: ServiceRecord) -> float | None:
    """Seconds since it was registered; None for a record that no process made."""
    return None if record.pid is None else max(time.time() - record.since, 0.0)


def document(record: ServiceRecord) -> dict[str, Any]:
    """As `ps --json` has the services of a project, with what only an app has."""
    asked = record.health_status != "unknown"
    return {
        "id": label(record),
        "name": record.app_id,
        "instance": record.instance_id,
        "state": state(record),
        "why": why(record),
        "stale": None,
        "port": record.port,
        "ports": {},
        "url": record.url,
        "pid": record.pid,
        "uptime_s": uptime(record),
        "restarts": None,
        "reloads": None,
        "exit": None,
        "depends_on": list(record.dependencies),
        "health": {"ok": record.health_status == "healthy"} if asked else None,
        "cpu_percent": None,
        "rss_bytes": None,
        "log_lines": None,
        "app_id": record.app_id,
        "instance_id": record.instance_id,
        "title": record.name,
        "status": record.status,
        "health_status": record.health_status,
    }
