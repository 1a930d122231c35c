"""Who waits for whom, and why: questions about all services that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import wording
from .graph import closure
from .machine import State, satisfies

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .record import Record
    from .spec import Condition

    Records = Mapping[str, Record]

_CALM = (State.STOPPED, State.STARTING, State.STOPPING)
"""States that pass by themselves and need no word where several services are waited for."""


def with_dependencies(records: Records, services: Iterable[str]) -> list[str]:
    """These services and all that they depend on, directly or not, in the order of the file."""
    depends: dict[str, Collection[str]] = {
        s: [d for d in r.spec.depends_on if d in records] for s, r in records.items()
    }
    wanted = closure(services, depends)
    return [service for service in records if service in wanted]


def blockers(records: Records, record: Record) -> list[str]:
    """The dependencies that keep a service from starting."""
    return [
        service
        for service, condition in record.spec.depends_on.items()
        if not _satisfied(records.get(service), condition)
    ]


def _satisfied(other: Record | None, condition: Condition) -> bool:
    if other is None:
        return True
    if other.running and (other.cycle or not other.wanted):
        return False
    if other.spec.task and condition == "ready":
        condition = "completed"
    return satisfies(other.state, condition)


def waiting(records: Records, record: Record) -> bool:
    """Whether a service is wanted but held back by a dependency."""
    return record.wanted and record.state is State.STOPPED and bool(blockers(records, record))


def held_back(records: Records, record: Record) -> bool:
    """Whether a service waits for one that is not to run."""
    return waiting(records, record) and any(
        not records[blocker].wanted for blocker in blockers(records, record)
    )


def ending_dependents(records: Records, record: Record) -> bool:
    """Whether something that depends on it, directly or not, is there and is to end too."""
    return any(
        (not other.wanted or (other.cycle and other.cycle_in_order))
        and (other.active or other.alive)
        and not other.stuck
        and other is not record
        for other in _dependents(records, record)
    )


def _dependents(records: Records, record: Record) -> list[Record]:
    """What depends on a service, directly or not."""
    direct = used_by(records, record.id)
    if not direct:
        return []
    users = {service: used_by(records, service) for service in records}
    return [records[service] for service in closure(direct, users)]


def explain(records: Records, service: str) -> str:
    """Why a service is as it is, in one line: its cause, or the chain of those before it."""
    record = records[service]
    if record.behind is not None and record.state is State.READY:
        return record.behind
    if not waiting(records, record):
        return record.why
    direct = blockers(records, record)
    if len(direct) == 1:
        return _told(records, _paths(records, direct[0], set())[0])
    told = [f"waits for {_listed(direct)}"]
    seen: set[str] = set()
    for path in [path for first in direct for path in _paths(records, first, seen)]:
        first, *rest = path
        if rest and path[-1] not in direct:
            told.append(f"{first} {_told(records, rest)}")
        elif not rest and not _passes(records[first]):
            told.append(f"{first} {wording.predicate(records[first])}")
    return "; ".join(told)


def causes(records: Records, service: str) -> list[str]:
    """Why a service is as it is, a line for itself and one for each that it waits for."""
    told: list[str] = []
    seen = {service}
    ahead = [service]
    while ahead:
        record = records[ahead.pop(0)]
        held = waiting(records, record)
        direct = blockers(records, record) if held else []
        told.append(f"{record.id} {_state(record, direct)}")
        ahead += [other for other in direct if other not in seen]
        seen.update(direct)
    return told


def _state(record: Record, direct: list[str]) -> str:
    if direct:
        return f"waits for {_listed(direct)}"
    said = wording.predicate(record)
    return said if not record.wanted or said.endswith(record.why) else f"{said}: {record.why}"


def _listed(services: list[str]) -> str:
    *first, last = services
    return f"{', '.join(first)} and {last}" if first else last


def used_by(records: Records, service: str) -> list[str]:
    """The services that depend on it directly, in the order of the file."""
    return [other for other, record in records.items() if service in record.spec.depends_on]


def _paths(records: Records, service: str, seen: set[str]) -> list[list[str]]:
    """From a service along those that it waits for to each that waits for none; each way once."""
    seen.add(service)
    record = records[service]
    if not (record.wanted and waiting(records, record)):
        return [[service]]
    ways = [b for b in blockers(records, record) if b not in seen]
    return [[service, *path] for way in ways for path in _paths(records, way, seen)]


def _passes(record: Record) -> bool:
    return record.wanted and not record.cycle and record.state in _CALM


def _told(records: Records, path: list[str]) -> str:
    """`waits for billing, which waits for db, which is broken: exit 1 after 0.2 s`."""
    steps = ", which ".join(f"waits for {service}" for service in path)
    return f"{steps}, which {wording.predicate(records[path[-1]])}"
