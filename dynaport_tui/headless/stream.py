"""Pulls what an engine has to say and writes it, at the pace of whoever reads."""

from __future__ import annotations

import asyncio
import time
from heapq import merge
from typing import TYPE_CHECKING

from ..model.machine import State
from ..model.view import (
    ActionError,
    Ended,
    EngineView,
    Event,
    Lagged,
    LogAdvanced,
    LogBlock,
    LogLine,
    Notice,
    PortMoved,
    ProjectChanged,
    StateChanged,
    Subscription,
)
from ..model.wire import positions
from .output import PIECE, Output, OutputGone
from .render import TAIL, Failure, Item, Renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .render import Part

PORTION = 256 * 1024
"""Bytes that are handed over at a time, at least, where there are so many."""
_EVENT = 100
"""Bytes of an event, about."""
SLOW = 0.2
"""Seconds in which a reader takes a piece: nobody waits any longer for one that takes less than a
megabyte a second.
"""
PATIENCE = 10.0
"""The same once the engine has ended: then the rest is not shown."""


class Stream:
    """One plain stream of one engine.

    A reader misses nothing while it takes a megabyte a second: the services wait for it. A slower
    one is overtaken until it has caught up; what has left a service's ring before it was shown is
    counted and said. A file is always waited for. A reader that is gone begins the orderly stop, as
    when a terminal is closed.
    """

    def __init__(
        self, view: EngineView, out: Output, render: Renderer, *, patience: float = PATIENCE
    ) -> None:
        self._view = view
        self._tail = view.tail() if render.shows_lines else None
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
        self._ending = False
        self._timers: list[asyncio.TimerHandle] = []
        """What befalls the present write if it takes long."""
        self._written: asyncio.Future[None] | None = None
        self.gone: str | None = None
        """Why nothing is shown any more."""

    def end_soon(self) -> None:
        """The engine has ended: from now on the reader's pace is bounded by the patience."""
        self._ending = True
        self._hurry()

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
            if self._tail is not None:
                self._tail.close()
            self._out.close()

    async def _show_all(self, events: Subscription) -> None:
        snapshot = events.snapshot
        self._shown = dict.fromkeys(positions(snapshot), 0)
        for status in snapshot.services:
            self._note(status.id, status.state, status.why)
        self._waits = {status.id: status.why for status in snapshot.services if status.waiting}
        await self._say(self._render.begin(snapshot))
        why = ""
        async for batch in events:
            await self._show(batch)
            if ended := next((event for event in batch if isinstance(event, Ended)), None):
                why = ended.why
                break
        await self._show_lines(self._last, [])
        await self._say(self._render.end(why, self._failed()))

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
        for portion in _portions(merge(*pages, items, key=_at)):
            await self._write(self._render.parts(portion))
        if self._tail is not None:
            self._tail.hold()  # the reader has caught up, if it was slow

    def _lines(self, service: str, last: int) -> Iterator[Item]:
        while self._tail is not None and self._shown.get(service, 0) < last:
            blocks = self._tail.blocks(service)
            if not blocks:
                return
            for block in blocks:
                missed = block.first - self._shown.get(service, 0) - 1
                if missed > 0:
                    yield _skipped(block, missed)
                self._shown[service] = block.last
                yield block

    def _followed(self, event: Event) -> list[Item]:
        if isinstance(event, ProjectChanged | PortMoved):
            self._render.know(self._view.snapshot())
        if isinstance(event, ProjectChanged):
            for service in event.removed:  # if it comes back, it counts from one again
                self._shown.pop(service, None)
                self._last.pop(service, None)
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
        shown = (self._last if self._tail is None else self._shown).get(service, 0)
        try:
            lines = self._view.logs(service, max(0, shown - TAIL), TAIL)
        except ActionError:
            return []  # it was taken out of services.toml, and its log with it
        return [line for line in lines if line.at >= self._started.get(service, 0.0)]

    async def _say(self, text: str) -> None:
        if text:
            await self._write([text.encode("utf-8", "replace")])

    async def _write(self, parts: Sequence[Part]) -> None:
        if not parts:
            return
        self._written = self._out.write(parts)
        if self._tail is not None and not self._out.is_file:
            self._expect(SLOW, self._tail.let_go)
        if self._ending:
            self._hurry()
        try:
            await self._written
        finally:
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()

    def _hurry(self) -> None:
        self._expect(self._patience, self._give_up)

    def _expect(self, seconds: float, otherwise: Callable[[], None]) -> None:
        """That the reader takes a piece in every so many seconds while this write lasts."""
        before = self._out.taken

        def judge() -> None:
            if self._out.taken - before < PIECE:
                otherwise()
            else:
                self._expect(seconds, otherwise)

        self._timers.append(asyncio.get_running_loop().call_later(seconds, judge))

    def _give_up(self) -> None:
        if self._written is not None and not self._written.done():
            self._written.set_exception(OutputGone(f"nobody read for {self._patience:g} s"))


def _portions(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items, as many at a time as are written at a time."""
    some: list[Item] = []
    size = 0
    for item in items:
        some.append(item)
        size += len(item.data) if isinstance(item, LogBlock) else _EVENT
        if size >= PORTION:
            yield some
            some, size = [], 0
    if some:
        yield some


def _at(item: Item) -> float:
    return getattr(item, "at", 0.0)


def _skipped(before: LogBlock, count: int) -> Notice:
    lines = f"{count:,} lines are" if count > 1 else "1 line is"
    text = (
        f"{before.service}: {lines} not shown here, output came faster than it was read; "
        f"the log files have everything (dynaport logs --path {before.service})"
    )
    return Notice(at=before.at, service=before.service, text=text)
