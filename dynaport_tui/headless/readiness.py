"""The moment at which everything has come up, which no single event tells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..model.machine import State
from ..model.view import Notice, StateChanged
from ..model.wire import settled
from ..model.wording import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model.view import Snapshot
    from .render import Item


class Readiness:
    """Adds one notice when the last service of the beginning is READY, a task DONE."""

    def __init__(self) -> None:
        self._missing: set[str] = set()
        self._tasks: frozenset[str] = frozenset()
        self._since = 0.0

    def begin(self, snapshot: Snapshot) -> bool:
        """Wait for what is wanted now and not ready; whether that is nothing of something."""
        self._since = time.time()
        self._tasks = frozenset(status.id for status in snapshot.services if status.task)
        wanted = [status for status in snapshot.services if status.wanted]
        self._missing = {status.id for status in wanted if not settled(status)}
        return bool(wanted) and not self._missing

    def marked(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, with the notice behind the change that completes them."""
        for item in items:
            yield item
            if self._missing and isinstance(item, StateChanged) and self._completes(item):
                after = seconds(max(item.at - self._since, 0.0))
                yield Notice(at=item.at, text=f"everything is ready after {after}")

    def _completes(self, change: StateChanged) -> bool:
        up = (
            change.new is State.DONE if change.service in self._tasks else change.new is State.READY
        )
        if up:
            self._missing.discard(change.service)
        elif change.new is State.STOPPING:
            self._missing.clear()  # from here on it is somebody's doing when it comes up
        return up and not self._missing
