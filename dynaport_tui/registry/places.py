"""Where a service may be: what the supervisor of this process says, and its project's leases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ..ledger.opened import opened
from ..model.launch import variable
from .health import accepts, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ledger.lease import Lease
    from ..ledger.ledger import Ledger

FILE_NAME = "services.toml"

_CONNECT = 0.5
"""Seconds that a port of this machine has to accept a connection."""


class Place(NamedTuple):
    """A place where a service may be."""

    url: str
    mark: str | None
    """Another one when another process serves it; None where nobody can tell."""

    def answers(self) -> bool:
        """Whether connections are accepted there; what is elsewhere than here is not tried."""
        parts = urlsplit(self.url)
        if not parts.hostname or not is_loopback(parts.hostname):
            return True
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return accepts(parts.hostname, port, _CONNECT)


def by_variable(app_id: str, instance_id: str, environ: Mapping[str, str]) -> Place | None:
    """What the supervisor of this process says; None where there is none, or it says nothing."""
    if "DYNAPORT_PROJECT" not in environ:
        return None
    instance = environ.get("DYNAPORT_INSTANCE", "")
    own = environ.get("DYNAPORT_SERVICE", "").removesuffix(f".{instance}")
    if app_id == own and instance_id in ("default", instance):
        url = environ.get("DYNAPORT_URL")
    elif instance_id == "default":
        url = environ.get(f"{variable(app_id)}_URL")
    else:
        url = _numbered(environ.get(f"{variable(app_id)}_URLS", ""), instance_id)
    return Place(url.rstrip("/"), "") if url else None


def _numbered(urls: str, instance_id: str) -> str | None:
    """The URL of an instance that has a number; which is which of named ones is not known."""
    found = urls.split(",")
    if not instance_id.isdecimal() or not 0 < int(instance_id) <= len(found):
        return None
    return found[int(instance_id) - 1]


def by_lease(path: Path | None, app_id: str, instance_id: str) -> Place | None:
    """The port that the caller's project keeps for the service of that name; raises LedgerError."""
    root = current_root(path)
    if root is None:
        return None
    with opened(path) as ledger:
        found = [lease for lease in ledger.leases() if lease.root == root and not lease.slot]
    meant = [lease for lease in found if _is_service(lease, app_id, instance_id)]
    if not meant:
        return None
    return Place(f"http://127.0.0.1:{min(meant, key=lambda lease: lease.instance).port}", None)


def _is_service(lease: Lease, app_id: str, instance_id: str) -> bool:
    return lease.service == app_id and instance_id in ("default", lease.instance)


def current_root(path: Path | None = None) -> str | None:
    """The folder of the project that this process belongs to, else of the one that it stands in.

    None where there is neither; raises LedgerError.
    """
    root = None
    if "DYNAPORT_SOCKET" in os.environ:
        with opened(path) as ledger:
            root = supervised_root(ledger, os.environ)
    return root or nearest_root()


def nearest_root() -> str | None:
    """The folder of the services.toml that is in the current folder or above it, None without."""
    try:
        start = Path.cwd()
    except FileNotFoundError:  # it was deleted
        return None
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return os.path.realpath(folder)
    return None


def supervised_root(ledger: Ledger, environ: Mapping[str, str]) -> str | None:
    """The folder of the project whose supervisor gave a process its variables, None without one.

    Raises LedgerError.
    """
    from ..ledger.folders import project_key

    # The control socket lies in a folder that is named by the project's key.
    key = Path(environ.get("DYNAPORT_SOCKET", "")).parent.name
    roots = {lease.root for lease in ledger.leases() if lease.root} if key else set()
    return next((root for root in roots if project_key(Path(root, FILE_NAME)) == key), None)
