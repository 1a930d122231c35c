"""Which services run on this machine, where they are, and whether they are well.

>>> from dynaport_tui import ServiceRegistry
>>> for service in ServiceRegistry().list_services():
...     print(service.app_id, service.url, service.health_status)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .ledger import registered
from .ledger.opened import opened
from .ledger.registered import BY_HAND, Registered
from .registry.arguments import (
    checked_dependency,
    checked_endpoint,
    checked_id,
    checked_port,
    checked_status,
)
from .registry.health import Health, ask
from .registry.record import UNASKED, ServiceRecord, chosen, merged, record, url_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .registry.address import ServiceAddress
    from .registry.places import Place

__all__ = ["Health", "ServiceRecord", "ServiceRegistry"]

ADDRESS_TIMEOUT = 5.0
"""Seconds that a service which is just starting is waited for."""

_THREADS = 16


class ServiceRegistry:
    """The registry of this user; holds nothing open, so it may be kept, shared and forked.

    Every method raises LedgerError when the file of the registry cannot be used, and ValueError for
    an id that can never be right.

    >>> registry = ServiceRegistry()
    >>> users = registry.get_service("user-service")
    >>> if users and users.health_status == "healthy":
    ...     print(users.url)
    """

    def __init__(self, path: Path | None = None) -> None:
        """Use the ledger at `path`, by default the one in the user's state folder."""
        self.path = path

    def register_service(
        self,
        app_id: str,
        port: int,
        *,
        name: str | None = None,
        instance_id: str = "default",
        health_endpoint: str | None = "/health",
        dependencies: Sequence[str] = (),
        pid: int | None = None,
        status: str = "running",
        host: str = "127.0.0.1",
    ) -> ServiceRecord:
        """Make a service known, in the place of an earlier record of the same app and instance.

        With a `pid` the record goes when that process ends; without one it is made by hand and
        stays until unregister_service(). Raises ValueError where no such process runs.

        >>> registry.register_service("search", 9200, health_endpoint=None).url
        'http://127.0.0.1:9200'
        """
        from .ledger.liveness import birth

        born = None if pid is None else birth(pid)
        if pid is not None and born is None:
            raise ValueError(f"no process {pid} runs: give a living pid, or none")
        row = Registered(
            app_id=checked_id(app_id, "app_id"),
            instance_id=checked_id(instance_id, "instance_id"),
            pid=BY_HAND if pid is None else pid,
            born=born,
            name=name or app_id,
            scheme="http",
            host=host,
            port=checked_port(port),
            status=checked_status(status),
            health_endpoint=checked_endpoint(health_endpoint),
            dependencies=tuple(":".join(checked_dependency(text)) for text in dependencies),
            project=None,
            root=None,
            since=time.time(),
        )
        with opened(self.path) as ledger:
            registered.put(ledger, row)
        return record(row, UNASKED)

    def get_service(self, app_id: str, instance_id: str = "default") -> ServiceRecord | None:
        """The service with its health, None where none is registered and alive.

        Where several run, the one of the caller's own project goes first, then the one that was
        there first.

        >>> registry.get_service("user-service", "default").health_status
        'healthy'
        """
        found = self.find(app_id, instance_id)
        return record(found, self._asked(found)) if found else None

    def list_services(self) -> list[ServiceRecord]:
        """Every service that lives or was registered by hand, by app and instance.

        All are asked for their health at once, so that it takes little longer than one.

        >>> [service.app_id for service in registry.list_services()]
        ['orders', 'user-service']
        """
        with opened(self.path) as ledger:
            rows = merged(registered.living(ledger))
        return [
            record(row, health) for row, health in zip(rows, self._all_asked(rows), strict=True)
        ]

    def update_status(self, app_id: str, status: str, instance_id: str = "default") -> bool:
        """Note one word about a service (`running`, `starting`, `draining`); whether there is one.

        Raises ValueError for what is no single word of at most 40 characters.

        >>> registry.update_status("user-service", "draining")
        True
        """
        with opened(self.path) as ledger:
            return registered.set_status(ledger, app_id, instance_id, checked_status(status))

    def check_health(self, app_id: str, instance_id: str = "default") -> Health:
        """Ask a service now; one that is not registered is unhealthy, and the reason says so.

        >>> health = registry.check_health("user-service")
        >>> health.healthy, health.reason
        (False, 'answered GET /health with 503: db failed (no connection)')
        """
        found = self.find(app_id, instance_id)
        if found is None:
            where = f"{app_id}:{instance_id} is not registered, or its process has ended"
            return Health(status="unhealthy", reason=where)
        return self._asked(found)

    def unregister_service(self, app_id: str, instance_id: str = "default") -> bool:
        """Forget a service, also one that runs on; whether there was one.

        >>> registry.unregister_service("search")
        True
        """
        with opened(self.path) as ledger:
            return registered.remove(ledger, app_id, instance_id)

    def url(
        self, app_id: str, instance_id: str = "default", *, timeout: float = ADDRESS_TIMEOUT
    ) -> str:
        """Where a service is, as soon as it accepts connections.

        Looked for in this order: inside a project the variable `<NAME>_URL` that its supervisor
        set; the registry; the port of the service of that name in the services.toml at or above the
        current folder. One that is starting, or restarting, is waited for: at most `timeout`
        seconds, then ServiceNotFound is raised, which says where was looked and what to do.

        >>> requests.get(registry.url("user-service") + "/users/1")
        """
        return self.address(app_id, instance_id, timeout=timeout).base_url

    def address(
        self, app_id: str, instance_id: str = "default", *, timeout: float = ADDRESS_TIMEOUT
    ) -> ServiceAddress:
        """A service's address that stays right when it restarts or moves to another port.

        Nothing is looked for before it is used.

        >>> users = registry.address("user-service")
        >>> requests.get(f"{users}/users/1")
        >>> session = users.bind(requests.Session())
        >>> session.get("/users/1")
        """
        from .registry.address import ServiceAddress

        checked_id(app_id, "app_id")
        return ServiceAddress(self, app_id, instance_id, timeout=timeout)

    def find(self, app_id: str, instance_id: str = "default") -> Registered | None:
        """What is registered, without asking for its health."""
        return chosen(self.rows(), app_id, instance_id, self.path)

    def rows(self) -> list[Registered]:
        """All that is registered and alive, one for each service."""
        with opened(self.path) as ledger:
            return merged(registered.living(ledger))

    def place(self, app_id: str, instance_id: str = "default") -> Place | None:
        """Where it is, as the registry knows it."""
        from .registry.places import Place

        row = self.find(app_id, instance_id)
        if row is None:
            return None
        return Place(url_of(row), None if row.by_hand else f"{row.pid} {row.born}")

    def _asked(self, row: Registered, timeout: float | None = None) -> Health:
        limit = health_timeout() if timeout is None else timeout
        return ask(row.scheme, row.host, row.port, row.health_endpoint, limit)

    def _all_asked(self, rows: Sequence[Registered]) -> Iterable[Health]:
        if len(rows) < 2:
            return [self._asked(row) for row in rows]
        from concurrent.futures import ThreadPoolExecutor

        limit = health_timeout()
        with ThreadPoolExecutor(min(len(rows), _THREADS), "dynaport-health") as threads:
            return list(threads.map(lambda row: self._asked(row, limit), rows))


def health_timeout() -> float:
    """The user's setting, in seconds."""
    from . import settings

    return float(settings.read().get("service_registry.health_timeout"))
