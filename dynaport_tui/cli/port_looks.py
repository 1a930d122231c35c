"""Who has which port: a look at leases and sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from . import say
from .errors import OK
from .port_leases import NUMBER, as_json_option, named
from .speaking import speaking
from .times import ago

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..engine.holders import Holder
    from ..port_allocator import Allocation

_ONLY = ("1", "default")
"""Instances that need not be told apart."""


@click.command("list", epilog="Example: `dynaport port list --json | jq '.[] | select(.in_use)'`")
@as_json_option
def list_command(as_json: bool) -> int:
    """Show every port that an app or a project's service of yours has, and who uses it."""
    from ..engine.holders import listeners
    from ..port_allocator import PortAllocator
    from .table import table, terminal_width

    with speaking():
        found = PortAllocator().list_allocations()
    users = listeners({one.port for one in found}) if found else {}
    if as_json:
        say.document([_document(one, users) for one in found])
        return OK
    if not found:
        say.note("nobody has a port yet; `dynaport port allocate my-app` gives one")
        return OK
    rows = [["PORT", "SERVICE", "PROJECT", "USE", "PID", "SINCE", "FOLDER"]]
    rows += [_row(one, users) for one in found]
    for line in table(rows, terminal_width()):
        say.fact(line)
    return OK


@click.command("check", epilog="Example: `dynaport port check 8080`")
@click.argument("port", type=NUMBER)
@as_json_option
def check_command(port: int, as_json: bool) -> int:
    """Say whether PORT is free on IPv4 and IPv6, and who uses it or was given it."""
    found = what_is(port)
    if as_json:
        say.document(found.document())
        return OK
    for line in found.lines():
        say.fact(line)
    return OK


class Finding(NamedTuple):
    """What there is to know of one port."""

    port: int
    free: bool
    """It binds on IPv4 and IPv6."""
    holders: list[Holder]
    why: str | None
    """Why nobody can be named, where it is not free."""
    leases: list[Allocation]

    def document(self) -> dict[str, Any]:
        """As JSON: the first holder, then all of them, then who was given it."""
        import dataclasses

        first = self.holders[0] if self.holders else None
        return {
            "port": self.port,
            "free": self.free,
            "pid": first.pid if first else None,
            "command": first.command if first else None,
            "project": first.project if first else None,
            "service": first.service if first else None,
            "why": self.why,
            "holders": self.holders,
            "leases": [dataclasses.asdict(lease) for lease in self.leases],
        }

    def lines(self) -> Iterator[str]:
        """For a person, one at least."""
        if self.free and not self.leases:
            yield f"port {self.port} is free"
        elif self.why:
            yield f"port {self.port} is in use: {self.why}"
        for pid in dict.fromkeys(holder.pid for holder in self.holders):
            yield self._held([holder for holder in self.holders if holder.pid == pid])
        for lease in self.leases:
            where = f" in {lease.root}" if lease.root else ""
            given = f"was given to {_owner(lease)}{where}" if lease.app_id else "is reserved"
            free = "is free, but " if self.free else ""
            yield f"port {self.port} {free}{given}, {ago(lease.since)}"

    def _held(self, same: list[Holder]) -> str:
        holder = same[0]
        families = " and ".join(dict.fromkeys(one.family for one in same))
        verb = "is held by" if holder.listening else "has a connection of"
        ours = f", {holder.project}/{holder.service}" if holder.project else ""
        return f"port {self.port} {verb} pid {holder.pid} ({holder.command}){ours}, on {families}"


def what_is(port: int) -> Finding:
    """All that can be seen of a port now; raises LedgerError."""
    from ..engine.holders import holders, why_unnamed
    from ..ledger.ports import is_free
    from ..port_allocator import PortAllocator

    with speaking():
        leases = [one for one in PortAllocator().list_allocations() if one.port == port]
    free = is_free(port)
    found = [] if free else holders(port)
    return Finding(port, free, found, None if free or found else why_unnamed(port), leases)


def _document(one: Allocation, users: Mapping[int, int | None]) -> dict[str, Any]:
    return {
        "port": one.port,
        "app_id": one.app_id,
        "instance_id": one.instance_id,
        "project": one.project,
        "root": one.root,
        "in_use": one.port in users,
        "pid": users.get(one.port),
        "since": one.since,
        "slot": one.slot,
    }


def _row(one: Allocation, users: Mapping[int, int | None]) -> list[str]:
    used = one.port in users
    colour = say.colour()
    return [
        str(one.port),
        _service(one),
        one.project or "-",
        say.painted("in use", say.GREEN, on=colour) if used else "-",
        str(users.get(one.port) or "-"),
        ago(one.since),
        one.root or "-",
    ]


def _owner(one: Allocation) -> str:
    return f"{one.project}/{_service(one)}" if one.root else f"app {_service(one)}"


def _service(one: Allocation) -> str:
    """`my-app:blue` for an app, `users.2 (debug)` for a project's service."""
    if one.app_id is None or one.instance_id is None:
        return "(reserved)"
    if not one.root:
        return named(one.app_id, one.instance_id)
    name = one.app_id if one.instance_id in _ONLY else f"{one.app_id}.{one.instance_id}"
    return f"{name} ({one.slot})" if one.slot else name
