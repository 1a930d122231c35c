"""Views that are to miss nothing, and for which services therefore wait, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.pages import LogBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from .logs import ServiceLog
    from .ring import Chunk, Ring

LEAD = 4 * 1024 * 1024
"""Bytes that a service may be ahead of a view that it waits for."""
PORTION = 1024 * 1024
"""Bytes that a view takes at a time."""


class Place:
    """How far one view is in one log."""

    def __init__(self, ring: Ring, moved: Callable[[], None]) -> None:
        self._ring = ring
        self._moved = moved
        self._after = 0
        self._held = True
        self._ahead = self._left()
        self.awaited = False
        """Whether the service is to wait for this view."""

    @property
    def kept(self) -> int | None:
        """The line after which everything is to be kept; None where nothing is."""
        return self._after if self._held else None

    def came(self, size: int) -> None:
        """So many bytes were printed."""
        self._ahead += size
        self.awaited = self.awaited or (self._held and self._ahead > LEAD)

    def take(self) -> list[Chunk]:
        """The next lines."""
        chunks = self._ring.after(self._after, PORTION)
        if chunks and chunks[0].first > self._after + 1:
            # The oldest lines are about to go too: one large gap is better than many small.
            middle = (self._ring.first + self._ring.last) // 2
            chunks = self._ring.after(middle, PORTION) or chunks
            self._after = chunks[0].first - 1
            self._ahead = self._left()
        if chunks:
            self._after = chunks[-1].first + chunks[-1].length - 1
            self._ahead -= sum(len(chunk.data) for chunk in chunks)
            self._judge()
        return chunks

    def hold(self, held: bool) -> None:
        """Have what follows kept, or not."""
        if held != self._held:
            self._held = held
            self._ahead = self._left()
            self._judge()

    def _judge(self) -> None:
        self.awaited = self._held and self._ahead > (LEAD // 2 if self.awaited else LEAD)
        self._moved()

    def _left(self) -> int:
        return sum(len(chunk.data) for chunk in self._ring.after(self._after, 1 << 62))


class Tail:
    """All logs, for one view; a `model.view.Tail`."""

    def __init__(self, closed: Callable[[Tail], None]) -> None:
        self._closed = closed
        self._logs: dict[str, tuple[ServiceLog, Place]] = {}
        self._held = True

    def add(self, log: ServiceLog) -> None:
        """Take this log in."""
        place = log.enter()
        place.hold(self._held)
        self._logs[log.service] = log, place

    def drop(self, service: str) -> None:
        """The service is no more."""
        if service in self._logs:
            log, place = self._logs.pop(service)
            log.leave(place)

    def blocks(self, service: str) -> list[LogBlock]:
        """The next lines of a service, once."""
        if service not in self._logs:
            return []
        _, place = self._logs[service]
        return [LogBlock(service, *chunk) for chunk in place.take()]

    def let_go(self) -> None:
        """From now on nobody waits for this view."""
        self._hold(False)

    def hold(self) -> None:
        """Be waited for again."""
        self._hold(True)

    def close(self) -> None:
        """Let go for good; safe to repeat."""
        for service in tuple(self._logs):
            self.drop(service)
        self._closed(self)

    def _hold(self, held: bool) -> None:
        if held != self._held:
            self._held = held
            for _, place in self._logs.values():
                place.hold(held)
