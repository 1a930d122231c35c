"""What the services of one interpreter import, what that does to a process, and what follows: which
modules are imported before the fork, and who waits for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .environment import OURS_ALONE
from .launch import OWN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

MOST_MODULES = 300
"""Modules that are remembered of one service."""
MOST_SERVICES = 100
KEPT = 30
"""Days after which a module is left to its services again: those that still import it say so."""
MANY = 4
"""Services that start at once, for which it is quicker to wait until a module was tried."""
LONG = 1000.0
"""Milliseconds; what takes longer is not waited for when only one of several services needs it,
since no other could be started meanwhile.
"""

Environment = dict[str, str]


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of importing a module, after those before it, in a process made for that."""

    ms: float = 0.0
    """Of processor time."""
    reads: list[str] = []
    """The variables that it looked at."""
    why: str | None = None
    """What it does so that it is left alone, after "it"; None where it is harmless."""
    fails: bool = False
    """Whether it could not be imported at all: then those that ask for it expect that."""


class Tried(Verdict, frozen=True, kw_only=True):
    """A verdict, as the nursery tells it."""

    module: str


class Habits(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What one service does."""

    imports: dict[str, int] = {}
    """Module -> the day on which it was last seen to import it, in the order of their imports."""
    sets: list[str] = []
    """The variables that it gives another value before it is ready."""


class Cold(msgspec.Struct, frozen=True, kw_only=True):
    """A service that came up in a fresh interpreter alone."""

    why: str
    """How it failed otherwise."""
    day: int


class Memory(msgspec.Struct, kw_only=True, omit_defaults=True):
    """All that is remembered of one interpreter."""

    packages: str = ""
    """Stands for the packages for which the verdicts hold."""
    sites: list[str] = []
    """The folders where packages are installed."""
    verdicts: dict[str, Verdict] = {}
    services: dict[str, Habits] = {}
    cold: dict[str, Cold] = {}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a nursery is to import."""

    needs: dict[str, list[str]]
    """Service -> what it waits for; those that need the least come first."""
    later: list[str]
    """What nobody waits for."""
    untried: list[str]
    """What has no verdict yet."""


def heard(
    memory: Memory, service: str, modules: Iterable[str], sets: Iterable[str], today: int
) -> bool:
    """Take in what a service said of itself; whether that was news."""
    habits = memory.services.pop(service, None) or Habits()
    memory.services[service] = habits
    known = (dict(habits.imports), habits.sets)
    habits.imports |= dict.fromkeys(modules, today)
    habits.imports = dict(list(habits.imports.items())[-MOST_MODULES:])
    habits.sets = sorted(sets)
    for other in list(memory.services)[:-MOST_SERVICES]:
        del memory.services[other]
    return (habits.imports, habits.sets) != known


def judged(memory: Memory, verdicts: Iterable[Tried]) -> None:
    """Take in what trials have shown."""
    for tried in verdicts:
        memory.verdicts[tried.module] = Verdict(
            ms=tried.ms, reads=tried.reads, why=tried.why, fails=tried.fails
        )
    asked = {module for habits in memory.services.values() for module in habits.imports}
    others = [m for m, v in memory.verdicts.items() if m not in asked and v.why is not None]
    kept = asked.union(others[-MOST_MODULES:])
    memory.verdicts = {m: v for m, v in memory.verdicts.items() if m in kept}


def read(memory: Memory, module: str, names: Iterable[str]) -> bool:
    """A harmless module looked at these variables, now or here alone; whether that was news."""
    verdict = memory.verdicts.get(module) or Verdict()
    every = sorted({*verdict.reads, *names})
    memory.verdicts[module] = msgspec.structs.replace(verdict, reads=every)
    return every != verdict.reads


def shared(
    services: Mapping[str, Environment], addresses: Collection[str] = frozenset()
) -> Environment:
    """The variables that all of these services have with one and the same value; those that speak
    of one process are not among them.

    The `addresses` of services may be missing where they are a service's own.
    """
    every = {
        name: value for environment in services.values() for name, value in environment.items()
    }
    return {
        name: value
        for name, value in every.items()
        if not _is_own(name) and _agree(services, name, value, given=name in addresses)
    }


def _agree(services: Mapping[str, Environment], name: str, value: str, *, given: bool) -> bool:
    missing = value if given else None
    return all(environment.get(name, missing) == value for environment in services.values())


def _is_own(name: str) -> bool:
    return name in OWN or name.startswith(OURS_ALONE)


def verified(memory: Memory, packages: str) -> bool:
    """These packages are installed now: what others did says nothing about them; whether others
    were known.
    """
    if memory.packages == packages:
        return False
    memory.packages, memory.verdicts, memory.cold = packages, {}, {}
    return True


def cold_from_now_on(memory: Memory, service: str, why: str, today: int) -> None:
    """The service is to start in a fresh interpreter, until packages change or KEPT days passed."""
    memory.cold[service] = Cold(why=why, day=today)
    for other in list(memory.cold)[:-MOST_SERVICES]:
        del memory.cold[other]


def starts_cold(memory: Memory, service: str, today: int) -> bool:
    """Whether the service is to start in a fresh interpreter."""
    cold = memory.cold.get(service)
    return cold is not None and today - cold.day < KEPT


def left_alone(memory: Memory) -> dict[str, str]:
    """Modules that must not be imported before the fork, and why; not those that only fail."""
    return {m: v.why for m, v in memory.verdicts.items() if v.why is not None and not v.fails}


def plan(memory: Memory, services: Mapping[str, Environment], today: int) -> Plan:
    """What a nursery for these services, each with its environment, is to import."""
    needs: dict[str, list[str]] = {}
    later: dict[str, None] = {}
    untried: dict[str, None] = {}
    wanted = {s: _wanted(memory, s, today) for s in services}
    for service, modules in wanted.items():
        untried |= dict.fromkeys(m for m in modules if m not in memory.verdicts)
        known = [m for m in modules if _harmless(memory, m, services)]
        put_off = {m for m in known if _is_long(memory, m) and _is_alone(m, wanted)}
        later |= dict.fromkeys(m for m in known if m in put_off)
        needs[service] = [m for m in known if m not in put_off]
    ordered = sorted(needs, key=lambda s: sum(memory.verdicts[m].ms for m in needs[s]))
    return Plan(
        needs={service: needs[service] for service in ordered if needs[service]},
        later=list(later),
        untried=list(untried),
    )


def awaited(memory: Memory, services: Collection[str], today: int) -> dict[str, list[str]]:
    """Module without a verdict -> those of the services that do best to wait for it."""
    found: dict[str, list[str]] = {}
    for service in services:
        for module in _wanted(memory, service, today):
            if module not in memory.verdicts:
                found.setdefault(module, []).append(service)
    return {module: those for module, those in found.items() if len(those) >= MANY}


def _wanted(memory: Memory, service: str, today: int) -> list[str]:
    habits = memory.services.get(service)
    if habits is None:
        return []
    return [module for module, day in habits.imports.items() if today - day < KEPT]


def _harmless(memory: Memory, module: str, services: Mapping[str, Environment]) -> bool:
    """Whether all of these services find it as if they had imported it themselves."""
    verdict = memory.verdicts.get(module)
    if verdict is None or verdict.why is not None:
        return False
    return not differing(memory, verdict.reads, services)


def differing(
    memory: Memory, names: Iterable[str], services: Mapping[str, Environment]
) -> list[str]:
    """The variables for which not all services have one and the same value from the beginning."""
    own = {n for s in services if s in memory.services for n in memory.services[s].sets}
    found = []
    for name in names:
        values = {environment.get(name) for environment in services.values()}
        if len(values) > 1 or name in own or _is_own(name):
            found.append(name)
    return found


def _is_long(memory: Memory, module: str) -> bool:
    return memory.verdicts[module].ms >= LONG


def _is_alone(module: str, wanted: Mapping[str, list[str]]) -> bool:
    return len(wanted) > 1 and sum(module in modules for modules in wanted.values()) == 1
