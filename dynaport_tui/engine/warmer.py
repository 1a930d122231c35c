"""Has one nursery import what its services are known to need, and learns what they need."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec

from ..model import learned
from ..model.learned import Tried
from .packages import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from ..model.learned import Environment, Memory
    from .nursery import Event, Nursery
    from .packages import Installed

CALM = 0.3
"""Seconds that nothing was learned before anything is done about it."""
BUSY = 0.25
"""Seconds that a nursery has to look at the files of what it has imported."""
HELD = 15.0
"""Seconds that services wait for a trial at most."""
_DAY = 86_400


class Warmer:
    """The engine's end of what a nursery imports.

    Of `services` those that are `starting` now may wait until their libraries were tried. `changed`
    is called when there is something new to remember.
    """

    def __init__(
        self,
        nursery: Nursery,
        memory: Memory,
        installed: Installed,
        services: Mapping[str, Environment],
        starting: Collection[str],
        changed: Callable[[], None],
    ) -> None:
        self.nursery, self.memory = nursery, memory
        self._changed, self._installed = changed, installed
        self._packages = installed.now()
        self._verify()
        self._services = dict(services)
        self._asked: set[str] = set()
        """Modules that were asked for, by whomever."""
        self._awaited: set[str] = set()
        """Services whose modules were asked for."""
        self._reads: set[str] = set()
        """Variables that modules read when they were imported here."""
        self._trying = False
        self._verified: asyncio.Future[bool] | None = None
        """Whether all files are as they were imported, where that was asked."""
        self._held: set[str] = set()
        """Services that wait for a trial."""
        self._soon: asyncio.TimerHandle | None = None
        self._ask()
        self._hold(starting)
        self._look_soon()

    @property
    def services(self) -> frozenset[str]:
        """Those that are, or were, to be started here."""
        return frozenset(self._services)

    def fits(self, services: Mapping[str, Environment]) -> bool:
        """Whether these find what was imported as if each had imported it now, by itself."""
        if self._packages is not self._installed.now():
            return False
        together = {**services, "": self.nursery.env}
        return not learned.differing(self.memory, self._reads, together)

    def _verify(self) -> None:
        """What was seen of other packages says nothing about these."""
        found = fingerprint(self._packages)
        if found and learned.verified(self.memory, found):
            self._changed()

    def expect(self, service: str, environment: Environment) -> None:
        """The service is about to be started here."""
        if service not in self._awaited:
            self._services[service] = environment
            self._ask()
            self._look_soon()

    def learn(self, service: str, modules: Iterable[str], sets: Iterable[str]) -> list[str]:
        """A service that was started here told what it imported, and what it sets.

        Returns what it set too late, since a library that was imported here had read it already.
        """
        before = set(self.memory.services[service].sets if service in self.memory.services else ())
        if learned.heard(self.memory, service, modules, sets, today()):
            self._changed()
            self._look_soon()
        return sorted(self._reads.intersection(sets) - before)

    def heard(self, event: Event) -> None:
        """The nursery tells what it has imported, or tried."""
        match event["event"]:
            case "hello":
                self._find(event["sites"])
            case "verified" if self._verified is not None and not self._verified.done():
                self._verified.set_result(event["edited"] is None)
            case "imported":
                self._read(event["reads"])
            case "tried":
                self._trying = self._trying and not event.get("done", False)
                learned.judged(self.memory, msgspec.convert(event["verdicts"], list[Tried]))
                self._changed()
                self._look()

    async def verified(self) -> bool:
        """Whether the files of all that was imported are as they were then.

        Not asked twice at a time; one that is too busy to answer is believed.
        """
        if self._verified is None or self._verified.done():
            self._verified = asyncio.get_running_loop().create_future()
            self._send({"op": "verify"})
        await asyncio.wait([self._verified], timeout=BUSY)
        return not self._verified.done() or self._verified.result()

    def _find(self, sites: list[str]) -> None:
        """Where packages are, as the interpreter itself knows."""
        if sites != self._installed.folders:
            self._installed.folders = sites
            self._packages = self._installed.now()
            self._verify()
        if sites != self.memory.sites:
            self.memory.sites = sites
            self._changed()

    def _read(self, reads: Mapping[str, list[str]]) -> None:
        for module, names in reads.items():
            self._reads |= set(names)
            if learned.read(self.memory, module, names):
                self._changed()

    def close(self) -> None:
        """Ask for no more."""
        if self._soon is not None:
            self._soon.cancel()
        if self._held:
            self._free_at.cancel()

    def _hold(self, starting: Collection[str]) -> None:
        """Many that need the same start sooner when that is tried, and imported, before."""
        awaited = learned.awaited(self.memory, starting, today())
        self._held = {service for services in awaited.values() for service in services}
        if self._held:
            self._send({"op": "preload", "hold": sorted(self._held)})
            self._free_at = asyncio.get_running_loop().call_later(HELD, self._free)
            self._try(list(awaited))

    def _free(self) -> None:
        self._free_at.cancel()
        self._send({"op": "preload", "free": sorted(self._held)})
        self._held = set()

    def _try(self, modules: list[str]) -> None:
        self._trying = True
        without, urgent = learned.left_alone(self.memory), bool(self._held)
        self._send({"op": "try", "modules": modules, "without": without, "urgent": urgent})

    def _look_soon(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
        self._soon = asyncio.get_running_loop().call_later(CALM, self._look)

    def _look(self) -> None:
        """Have imported what was found harmless, and tried what is not known yet."""
        plan = self._ask()
        if plan.later and not self._asked.issuperset(plan.later):
            self._send({"op": "preload", "later": self._new(plan.later)})
        if self._trying:
            return
        awaited = learned.awaited(self.memory, self._held, today())
        if self._held and not awaited:
            self._free()
        if untried := list(awaited) or plan.untried:
            self._try(untried)

    def _ask(self) -> learned.Plan:
        """Have imported what services wait for."""
        plan = learned.plan(self.memory, self._services, today())
        needs = {
            service: modules
            for service, modules in plan.needs.items()
            if service not in self._awaited or not self._asked.issuperset(modules)
        }
        self._awaited |= self._services.keys()
        if needs:
            for modules in needs.values():
                self._new(modules)
            without = list(learned.left_alone(self.memory))
            self._send({"op": "preload", "needs": needs, "without": without})
        return plan

    def _new(self, modules: Iterable[str]) -> list[str]:
        """Those that were not asked for yet, and now are."""
        new = [module for module in modules if module not in self._asked]
        self._asked |= set(new)
        for module in new:
            self._reads |= set(self.memory.verdicts[module].reads)
        return new

    def _send(self, frame: dict[str, Any]) -> None:
        self.nursery.send(frame)


def today() -> int:
    """A number that grows by one a day."""
    return int(time.time()) // _DAY
