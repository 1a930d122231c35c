"""The ports of a project, from the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ledger.lease import Want
from ..ledger.ledger import Ledger

if TYPE_CHECKING:
    from ..ledger.lease import Lease
    from ..model.spec import ProjectSpec, ServiceSpec


class Ports:
    """Leases of one project; keeps the ledger open."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._leases: dict[str, dict[str, Lease]] = {}

    def lease(self, project: ProjectSpec) -> dict[str, dict[str, int]]:
        """Service id -> slot -> port, of all that listens; raises LedgerError and NoFreePort."""
        wants = [want for spec in project.services.values() for want in _wants(spec)]
        leases = self._ledger.lease(project.root, project.name, wants, _range(project))
        self._leases = {
            service: {want.slot: leases[want.key] for want in _wants(spec)}
            for service, spec in project.services.items()
        }
        return self.numbers

    @property
    def numbers(self) -> dict[str, dict[str, int]]:
        """Service id -> slot -> port, as last leased."""
        return {s: {n: lease.port for n, lease in own.items()} for s, own in self._leases.items()}

    def why(self, service: str, slot: str = "") -> str | None:
        """Why a service's port is not the computed one; None when it is, or is pinned."""
        lease = self._leases.get(service, {}).get(slot)
        return lease.why if lease else None

    def release(self, project: ProjectSpec, spec: ServiceSpec) -> None:
        """Give up the ports of one instance; the next lease chooses others."""
        self._ledger.release(project.root, spec.name, spec.instance)

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()


def _range(project: ProjectSpec) -> tuple[int, int]:
    """Where services.toml says to choose from, else where the user does."""
    if project.ports_given:
        return project.ports
    from ..settings import read

    low, high = read().get("port_allocator.port_range")
    return low, high


def _wants(spec: ServiceSpec) -> list[Want]:
    main = [Want(service=spec.name, instance=spec.instance, pinned=spec.port)]
    further = [Want(service=spec.name, instance=spec.instance, slot=name) for name in spec.ports]
    return (main if spec.listens else []) + further
