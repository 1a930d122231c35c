"""The event stream of one reader, as the bytes that are sent to it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from ..model.view import ActionError, Event, LogAdvanced
from ..model.wire import encode_event, encode_snapshot, positions
from .protocol import HEARTBEAT, concerns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from ..model.view import EngineView, LogLine, Subscription

PACE = 0.05
"""Seconds between two batches of nothing but marks: nobody can look more often."""


class Feed:
    """One reader's share of the events, as chunks of whole lines."""

    def __init__(
        self, view: EngineView, events: Subscription, services: frozenset[str], logs: str
    ) -> None:
        """`logs`: one of `protocol.Logs`; anything else is taken for `none`."""
        self._view = view
        self._events = events
        self._services = services
        self._logs = logs
        self._shown = positions(events.snapshot)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The snapshot, then every event, and an empty line when nothing happens for long."""
        yield encode_snapshot(self._events.snapshot, time.time())
        pace = PACE if self._logs == "marks" else 0.0
        async for batch in Paced(self._events, HEARTBEAT, pace).batches():
            if not batch:
                yield b"\n"
            for event in batch:
                if concerns(event, self._services):
                    for chunk in self._encoded(event):
                        yield chunk

    def _encoded(self, event: Event) -> list[bytes]:
        if not isinstance(event, LogAdvanced) or self._logs == "marks":
            return [encode_event(event)]
        return self._lines(event) if self._logs == "lines" else []

    def _lines(self, mark: LogAdvanced) -> list[bytes]:
        chunks = []
        shown = self._shown.get(mark.service, 0)
        while shown < mark.last:
            lines = self._pulled(mark.service, shown)
            if not lines:
                break
            chunks.append(b"".join(encode_event(line) for line in lines))
            shown = lines[-1].number
        self._shown[mark.service] = shown
        return chunks

    def _pulled(self, service: str, after: int) -> Sequence[LogLine]:
        try:
            return self._view.logs(service, after, 1000)
        except ActionError:
            return ()  # it was taken out of services.toml, and its log with it


class Paced:
    """The batches of a subscription, and an empty one whenever there was none for `silence` s.

    With a `pace`, marks that come alone are merged and handed on every so many seconds at most;
    whatever else happens is handed on at once, behind the marks that came before it.
    """

    def __init__(self, events: Subscription, silence: float, pace: float) -> None:
        self._events = events
        self._silence = silence
        self._pace = pace
        self._held: dict[str, Event] = {}
        self._due = 0.0

    async def batches(self) -> AsyncIterator[list[Event]]:
        """Until the subscription ends."""
        source = aiter(self._events)
        coming: asyncio.Task[list[Event] | None] | None = None
        try:
            while True:
                coming = coming or asyncio.create_task(_next(source))
                done, _ = await asyncio.wait({coming}, timeout=self._patience())
                if not done:
                    yield self._released()
                    continue
                batch, coming = coming.result(), None
                if batch is None:
                    break
                if ready := self._taken(batch):
                    yield ready
        finally:
            if coming is not None:
                coming.cancel()
        if self._held:
            yield self._released()

    def _patience(self) -> float:
        return max(self._due - time.monotonic(), 0.0) if self._held else self._silence

    def _taken(self, batch: list[Event]) -> list[Event]:
        """What is to be handed on now; nothing where it is held back."""
        alone = self._pace and all(isinstance(event, LogAdvanced) for event in batch)
        if not alone:
            return [*self._released(), *batch] if self._held else batch
        for event in batch:
            assert isinstance(event, LogAdvanced)
            self._held[event.service] = event
        return self._released() if time.monotonic() >= self._due else []

    def _released(self) -> list[Event]:
        held, self._held = self._held, {}
        if held:
            self._due = time.monotonic() + self._pace
        return list(held.values())


async def _next(batches: AsyncIterator[list[Event]]) -> list[Event] | None:
    """The next batch; None when that was the last."""
    return await anext(batches, None)
