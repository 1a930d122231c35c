"""Hands events from the engine to any number of views without ever waiting for one of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..model.view import Event, Lagged, LogAdvanced, Snapshot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

BACKLOG = 1000
"""Events kept for a subscriber that does not take them."""


class BusSubscription:
    """The events since one snapshot, merged and bounded; a `model.view.Subscription`.

    Of several `LogAdvanced` of a service only the newest is kept, unless another event of that
    service lies between them: a view that pulls lines when it is told to sees them in their true
    place. When more than BACKLOG events wait, all of them are replaced by one `Lagged`.
    """

    def __init__(self, snapshot: Snapshot, left: Callable[[BusSubscription], None]) -> None:
        self.snapshot = snapshot
        self._left = left
        self._waiting: dict[int, Event] = {}
        self._advanced: dict[str, int] = {}
        self._next = 0
        self._ready = asyncio.Event()
        self._ended = False
        self._closed = False

    def add(self, event: Event) -> None:
        """Queue one event; never blocks."""
        service = getattr(event, "service", None)
        if isinstance(event, LogAdvanced):
            key = self._advanced.setdefault(event.service, self._next)
        else:
            key = self._next
            if service is not None:
                self._advanced.pop(service, None)
        self._next = max(self._next, key + 1)
        self._waiting[key] = event
        if len(self._waiting) > BACKLOG:
            self._overflow(event)
        self._ready.set()

    def end(self) -> None:
        """Let the stream end after what waits has been taken."""
        self._ended = True
        self._ready.set()

    def close(self) -> None:
        """Stop the stream at once; safe to repeat."""
        self._closed = True
        self._waiting.clear()
        self._left(self)
        self.end()

    async def __aiter__(self) -> AsyncIterator[list[Event]]:
        """Batches of events, oldest first; ends when the engine does or after `close`."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            batch = list(self._waiting.values())
            self._waiting.clear()
            self._advanced.clear()
            if batch:
                yield batch
            if self._closed or (self._ended and not self._waiting):
                return

    def _overflow(self, newest: Event) -> None:
        self._waiting = {self._next: Lagged(), self._next + 1: newest}
        self._next += 2
        self._advanced.clear()


class Bus:
    """One publisher, many subscribers, all on one event loop."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot
        self._subscriptions: set[BusSubscription] = set()
        self._closed = False

    def publish(self, event: Event) -> None:
        """Queue `event` for every subscriber."""
        for subscription in self._subscriptions:
            subscription.add(event)

    def subscribe(self) -> BusSubscription:
        """Snapshot and subscription in one step, so that no event falls between; ended when the bus
        is closed.
        """
        subscription = BusSubscription(self._snapshot(), self._subscriptions.discard)
        if self._closed:
            subscription.end()
        else:
            self._subscriptions.add(subscription)
        return subscription

    def close(self) -> None:
        """End every stream after its last event; safe to repeat."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.end()
        self._subscriptions.clear()
