"""Pulls what an engine has to say and writes it, at the pace of whoever reads."""

from __future__ import annotations

import asyncio
import time
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from ..model.machine import State
from ..model.view import (
    ActionError,
    Ended,
    EngineView,
    Event,
    Lagged,
    LogAdvanced,
    LogLine,
    Notice,
    PortMoved,
    ProjectChanged,
    StateChanged,
    Subscription,
)
from ..model.wire import positions
from .output import Output, OutputGone
from .render import TAIL, Failure, Item, Renderer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHUNK = 2000
"""Items in one write."""
PAGE = 500
"""Lines pulled at a time."""
LEAP = 10_000
"""Lines that are left out beside those that are gone, when the ring has overtaken us."""
PATIENCE = 10.0
"""Seconds that a reader may take nothing once the engine has ended."""


class Stream:
    """One plain stream of one engine.

    While the reader is slow the lines wait in the services' rings; what has left a ring before it
    was shown is counted and said. A reader that is gone begins the orderly stop, as when a terminal
    is closed.
    """

    def __init__(
        self, view: EngineView, out: Output, render: Renderer, *, patience: float = PATIENCE
    ) -> None:
        self._view = view
        self._out = out
        self._render = render
        self._patience = patience
        self._shown: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._states: dict[str, State] = {}
        self._waits: dict[str, str] = {}
        self._failures: dict[str, str] = {}
        self._started: dict[str, float] = {}
        """Service -> when it was last started: what it said before is no word on its failure."""
        self._ending = asyncio.Event()
        self.gone: str | None = None
        """Why nothing is shown any more."""

    def end_soon(self) -> None:
        """The engine has ended: from now on the reader's pace is bounded by the patience."""
        self._ending.set()

    async def run(self) -> None:
        """Show everything until the engine ends or the reader is gone."""
        events = self._view.subscribe()
        try:
            await self._show_all(events)
        except OutputGone as gone:
            self.gone = str(gone)
            await self._view.down()
        finally:
            events.close()
            self._out.close()

    async def _show_all(self, events: Subscription) -> None:
        snapshot = events.snapshot
        self._shown = dict.fromkeys(positions(snapshot), 0)
        for status in snapshot.services:
            self._note(status.id, status.state, status.why)
        self._waits = {status.id: status.why for status in snapshot.services if status.waiting}
        await self._write(self._render.begin(snapshot))
        why = ""
        async for batch in events:
            await self._show(batch)
            if ended := next((event for event in batch if isinstance(event, Ended)), None):
                why = ended.why
                break
        await self._show_lines(self._last, [])
        await self._write(self._render.end(why, self._failed()))

    async def _show(self, batch: list[Event]) -> None:
        marks: dict[str, int] = {}
        items: list[Item] = []
        for event in batch:
            if isinstance(event, LogAdvanced):
                self._last[event.service] = marks[event.service] = event.last
            elif isinstance(event, Lagged):
                items += self._missed()
                marks |= positions(self._view.snapshot())
            else:
                items += self._followed(event)
        await self._show_lines(marks, items)

    async def _show_lines(self, marks: dict[str, int], items: list[Item]) -> None:
        pages = [self._lines(service, last) for service, last in marks.items()]
        merged = merge(*pages, items, key=_at)
        while chunk := list(islice(merged, CHUNK)):
            await self._write(self._render.items(chunk))

    def _lines(self, service: str, last: int) -> Iterator[Item]:
        shown = self._shown.get(service, 0)
        while shown < last:
            lines = self._pulled(service, shown, PAGE)
            if not lines:
                return
            if lines[0].number > shown + 1:
                # The oldest lines are about to go too: one large gap is better than many small.
                lines = self._pulled(service, lines[0].number + LEAP, PAGE) or lines
                yield _skipped(lines[0], lines[0].number - shown - 1)
            shown = self._shown[service] = lines[-1].number
            yield from lines

    def _followed(self, event: Event) -> list[Item]:
        if isinstance(event, ProjectChanged | PortMoved):
            self._render.know(self._view.snapshot())
        if not isinstance(event, StateChanged):
            return [event]
        self._note(event.service, event.new, event.why)
        if event.new is State.STARTING:
            self._started[event.service] = event.at
        return [event, *(self._waiting(event.at) if event.new is State.FAILED else [])]

    def _note(self, service: str, state: State, why: str) -> None:
        self._states[service] = state
        if state is State.FAILED:
            self._failures[service] = why
        elif state in (State.STARTING, State.READY, State.DONE):
            self._failures.pop(service, None)

    def _waiting(self, at: float) -> list[Item]:
        """Who waits for what, where that has changed."""
        waits = {s.id: s.why for s in self._view.snapshot().services if s.waiting}
        changed = {s: why for s, why in waits.items() if self._waits.get(s) != why}
        self._waits = waits
        return [Notice(at=at, service=s, text=f"{s} {why}") for s, why in changed.items()]

    def _missed(self) -> list[Item]:
        """What must have happened while events were dropped."""
        now = time.time()
        items: list[Item] = []
        for status in self._view.snapshot().services:
            old = self._states.get(status.id)
            if old not in (None, status.state):
                changed = StateChanged(
                    at=now, service=status.id, old=old, new=status.state, why=status.why
                )
                items.append(changed)
            self._note(status.id, status.state, status.why)
        return items

    def _failed(self) -> list[Failure]:
        return [
            Failure(service=service, why=why, lines=self._last_words(service))
            for service, why in self._failures.items()
        ]

    def _last_words(self, service: str) -> list[LogLine]:
        lines = self._pulled(service, max(0, self._shown.get(service, 0) - TAIL), TAIL)
        return [line for line in lines if line.at >= self._started.get(service, 0.0)]

    def _pulled(self, service: str, after: int, limit: int) -> Sequence[LogLine]:
        try:
            return self._view.logs(service, after, limit)
        except ActionError:
            return ()  # it was taken out of services.toml, and its log with it

    async def _write(self, text: str) -> None:
        if not text:
            return
        written = self._out.write(text)
        ending = asyncio.ensure_future(self._ending.wait())
        written.add_done_callback(lambda _: ending.cancel())
        await asyncio.wait({ending})
        try:
            async with asyncio.timeout(self._patience):
                await written
        except TimeoutError:
            raise OutputGone(f"nobody read for {self._patience:g} s") from None


def _at(item: Item) -> float:
    return getattr(item, "at", 0.0)


def _skipped(before: LogLine, count: int) -> Notice:
    lines = f"{count:,} lines are" if count > 1 else "1 line is"
    text = (
        f"{before.service}: {lines} not shown here, output came faster than it was read; "
        f"the log files have everything (dynaport logs --path {before.service})"
    )
    return Notice(at=before.at, service=before.service, text=text)
