"""Which modules are still to be imported before the fork, and which services wait for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from .wire import Frame


class Stock:
    """What the engine asked for, in the order in which it is to be imported."""

    def __init__(self) -> None:
        self.left_out: list[str] = []
        """What is not imported, whoever asks."""
        self._asked: dict[str, list[str]] = {}
        self._later: list[str] = []
        self._missing: dict[str, list[str]] = {}
        """Service -> what it still waits for, the first of it last."""
        self._done: set[str] = set()
        self._held: set[str] = set()
        """Services that wait until the engine knows what else they need."""

    def order(self, frame: Frame) -> None:
        """Services are forked when the modules that they need were imported; for those that are
        wanted `later` nobody waits. Those to `hold` wait until they are `free`.
        """
        self._held = self._held.union(frame.get("hold", ())).difference(frame.get("free", ()))
        self.left_out += frame.get("without", ())
        for service, modules in frame.get("needs", {}).items():
            self._asked[service] = [*self._asked.get(service, ()), *modules]
            self._missing[service] = self._asked[service][::-1]
        self._later += frame.get("later", ())

    def carried(self) -> dict[str, Any]:
        """All of it as JSON can hold it, for a process that has imported nothing yet."""
        held = sorted(self._held)
        return {"without": self.left_out, "needs": self._asked, "later": self._later, "hold": held}

    @property
    def holds(self) -> bool:
        """Whether any service waits for the outcome of a trial."""
        return bool(self._held)

    def complete(self, service: str) -> bool:
        """Whether everything that the service needs was imported."""
        return service not in self._held and self._first(self._missing.get(service, [])) is None

    def next(self, waiting: Collection[str]) -> str | None:
        """What to import now: for those who wait, and for those who may come."""
        for service in [s for s in self._missing if s in waiting] or list(self._missing):
            if (name := self._first(self._missing[service])) is not None:
                return name
            del self._missing[service]
        return None

    def _first(self, missing: list[str]) -> str | None:
        while missing and missing[-1] in self._done:
            missing.pop()
        return missing[-1] if missing else None

    def next_later(self) -> str | None:
        """What to import when there is time."""
        return next((name for name in self._later if name not in self._done), None)

    @property
    def state(self) -> str:
        """Stands for what was imported here on order."""
        return f"{os.getpid()}/{len(self._done)}"

    def imported(self, name: str) -> None:
        """It was, as far as that can be done."""
        self._done.add(name)
