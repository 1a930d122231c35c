"""When to look whether anything is left of a start whose leader has ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import family

if TYPE_CHECKING:
    from collections.abc import Collection

    from .family import Spawn

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.1
"""Seconds between two looks; a look reads all of /proc."""
_SHARE = 2
"""So many times as long as a look took lies between two, however much ends meanwhile."""


class Survivors:
    """Looks less and less often, as long as nothing ends."""

    def __init__(self) -> None:
        self._pause, self._looked, self._look_at = FIRST_PAUSE, 0.0, 0.0
        self._took = 0.0

    def due_in(self, spawns: Collection[Spawn]) -> float | None:
        """Seconds until the next look; None where there is nothing to look for."""
        if not any(spawn.exited for spawn in spawns):
            return None
        return max(0.0, self._look_at - time.monotonic())

    def look_now(self) -> None:
        """A leader ended."""
        self._look_at = self._looked + _SHARE * self._took

    def look_soon(self) -> None:
        """Something ended."""
        self._pause = FIRST_PAUSE
        self._look_at = min(self._look_at, self._looked + FIRST_PAUSE)

    def look(self, spawns: Collection[Spawn]) -> list[Spawn]:
        """Those of which nothing is left."""
        began = time.monotonic()
        gone = family.gone(spawns)
        self._looked = time.monotonic()
        self._took = self._looked - began
        self._look_at = self._looked + self._pause
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE)
        return gone
