"""Ports that are given up, with an engine or without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from . import say
from .errors import OK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..ledger.lease import Lease
    from .here import Here


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A service that gave its port up; `new` is None where nothing has been chosen yet."""

    service: str
    old: int | None
    new: int | None = None


def give_up(here: Here, services: Sequence[str]) -> list[Move]:
    """What `release` does while no engine runs; no service means all whose port is not pinned.

    A service is known by its lease, since services.toml may be broken or leave it to a profile.
    Raises UnknownService, LedgerError, and ActionError for a pinned port.
    """
    from ..ledger.ledger import Ledger

    root = str(here.file.parent)
    with Ledger() as ledger:
        leases = [lease for lease in ledger.leases() if lease.root == root]
        if services:
            leases = [lease for lease in leases if not _names(lease).isdisjoint(services)]
            _expect_unpinned(here.file, leases)
        owners = {(le.service, le.instance): le.service_id for le in leases if not le.pinned}
        given = {name: ledger.release(root, *owner) for owner, name in owners.items()}
    unleased = [name for name in services if not any(name in _names(lease) for lease in leases)]
    moves = [Move(service=name, old=ports[0]) for name, ports in given.items()]
    return moves + [Move(service=name, old=None) for name in _written(here.file, unleased)]


def _names(lease: Lease) -> set[str]:
    """What a person may call it."""
    return {lease.service, lease.service_id, f"{lease.service}.{lease.instance}"}


def _written(file: Path, services: Sequence[str]) -> list[str]:
    """The ids that services.toml has for these names; raises UnknownService and ConfigError."""
    from ..engine.files import read_project
    from ..model.selection import select

    return select(services, read_project(file).services) if services else []


def _expect_unpinned(file: Path, leases: list[Lease]) -> None:
    from ..model.view import ActionError

    for lease in leases:
        if lease.pinned:
            raise ActionError(
                "pinned",
                f"the port of {lease.service_id} is pinned in {file}",
                f"Change or take away `port = {lease.port}` there.",
            )


def given_up(moves: Sequence[Move], *, as_json: bool) -> int:
    """Say what was given up; the exit code."""
    if as_json:
        say.document({"services": moves})
        return OK
    for move in moves:
        if move.old is None or move.old != move.new:  # what is pinned stays
            say.note(_sentence(move))
    return OK


def _sentence(move: Move) -> str:
    if move.old is None:
        return f"{move.service} has no port to give up"
    then = "chooses another" if move.new is None else f"uses {move.new}"
    return f"{move.service} gave port {move.old} up; its next start {then}"
