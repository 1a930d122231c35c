"""Which events a person need not read, because another line says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.machine import State
from ..model.view import Reloaded, StateChanged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .render import Item


class Calm:
    """Leaves out the steps of a restart whose end or cause is told anyway.

    What belongs together comes in one batch: a stop that is a restart with its start, the end of a
    reload with the change of state that ended it.
    """

    def __init__(self) -> None:
        self._again: set[str] = set()
        """Services whose next start follows from what was said last of them."""

    def kept(self, items: Sequence[Item]) -> list[Item]:
        """The items that say something new, in their order."""
        reloaded = {item.service for item in items if isinstance(item, Reloaded)}
        started = {
            item.service
            for item in items
            if isinstance(item, StateChanged) and item.new is State.STARTING
        }
        return [
            item
            for item in items
            if not (isinstance(item, StateChanged) and self._is_said(item, reloaded, started))
        ]

    def _is_said(self, change: StateChanged, reloaded: set[str], started: set[str]) -> bool:
        service = change.service
        if change.new is State.STOPPED:
            restarts = change.old is State.BACKOFF or service in started
            (self._again.add if restarts else self._again.discard)(service)
            return restarts
        if change.new is State.STARTING:
            return service in self._again
        return service in reloaded and change.new is not State.STOPPING
