"""What the ledger is told of an app that serves: its registration, and the port of this run."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..ledger import registered
from ..ledger.errors import LedgerError
from ..ledger.liveness import birth
from ..ledger.opened import opened
from ..ledger.ports import is_free
from ..ledger.registered import Registered
from .surroundings import supervised_port
from .wording import moved, twice, warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ledger.ledger import Ledger
    from .wording import Identity

_TRIES = 100
"""Ports that are tried when others take them at the same moment."""


class Where(NamedTuple):
    """Where an app serves."""

    scheme: str
    host: str
    port: int


def put(identity: Identity, where: Where, *, quiet: bool = False) -> None:
    """Register what serves already; unless `quiet`, a warning where it serves elsewhere too."""
    try:
        with opened() as ledger:
            registered.put(ledger, _row(ledger, identity, where))
            if not quiet and supervised_port() is None:
                _tell_of_twins(ledger, identity, where.port)
    except LedgerError as error:
        warn(identity, f"{identity.label} is not registered: {error}")


def claim(identity: Identity, where: Where) -> int:
    """Register with the app's own port, else with the next free one and a warning; returns it."""
    try:
        with opened() as ledger:
            claimed = registered.claim(ledger, _row(ledger, identity, where), _on_port(where.port))
            if claimed.stands and _binds(where):
                _tell_of_twins(ledger, identity, where.port)
                return where.port
            port = _next(ledger, identity, where)
    except LedgerError as error:
        warn(identity, f"{identity.label} is not registered: {error}")
        return where.port
    warn(identity, moved(identity, where.port, port, claimed.rivals))
    return port


def _tell_of_twins(ledger: Ledger, identity: Identity, port: int) -> None:
    """Warn where another program of the same app, which no supervisor runs, has another port."""
    for row in registered.living(ledger):
        if _is_mine(identity, row) and not row.by_hand and row.root is None and row.port != port:
            warn(identity, twice(identity, port, row))
            return


def remove(identity: Identity) -> None:
    """Forget what this process registered."""
    # Where that cannot be written: what is left behind ends with the process.
    with suppress(LedgerError), opened() as ledger:
        registered.remove(ledger, identity.app_id, identity.instance_id, os.getpid())


def parents_port(identity: Identity) -> int | None:
    """The port with which the parent of this process is registered; None where it is not."""
    with suppress(LedgerError), opened() as ledger:
        for row in registered.living(ledger):
            if _is_mine(identity, row) and row.pid == os.getppid():
                return row.port
    return None


def _is_mine(identity: Identity, row: Registered) -> bool:
    return row.is_app(identity.app_id, identity.instance_id)


def _next(ledger: Ledger, identity: Identity, where: Where) -> int:
    port = where.port
    for _ in range(_TRIES):
        port = ledger.find((min(port + 1, 65535), 65535))
        there = where._replace(port=port)
        row = _row(ledger, identity, there)
        if _binds(there) and registered.claim(ledger, row, _on_port(port)).stands:
            return port
    raise LedgerError(f"none of the {_TRIES} ports after {where.port} can be had")


def _binds(where: Where) -> bool:
    """Whether the port is free; of a host that there is not, the server itself is to complain."""
    try:
        return is_free(where.port, where.host)
    except OSError:
        return True


def _on_port(port: int) -> Callable[[Registered], bool]:
    """Whether a living program has that port; a record by hand may be out of date."""
    return lambda row: row.port == port and not row.by_hand and row.pid != os.getpid()


def _row(ledger: Ledger, identity: Identity, where: Where) -> Registered:
    from ..registry.places import supervised_root

    pid = os.getpid()
    project = os.environ.get("DYNAPORT_PROJECT") if supervised_port() else None
    return Registered(
        app_id=identity.app_id,
        instance_id=identity.instance_id,
        pid=pid,
        born=birth(pid),
        name=identity.name,
        scheme=where.scheme,
        host=where.host,
        port=where.port,
        status="running",
        health_endpoint=identity.health_endpoint,
        dependencies=identity.dependencies,
        project=project,
        root=supervised_root(ledger, os.environ) if project else None,
        since=time.time(),
    )
