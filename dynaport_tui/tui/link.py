"""The connection to an engine: the newest snapshot, and word of all that happens."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from ..control.client import NoAnswer, NotRunning
from ..model.view import ActionError, Ended, LogAdvanced, LogLine, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..model.view import Event
    from .source import Source

_KILLED = "the engine is gone without a word: it was killed"
_SILENT = "the engine does not answer"


class Pace(NamedTuple):
    """How often things are done, in seconds."""

    poll: float = 2.0
    """Between two snapshots while nothing happens."""
    rest: float = 0.1
    """After a snapshot, whatever happens meanwhile."""
    marks: float = 0.05
    """Between two calls of `advanced`."""
    knock: float = 0.05
    """Between two attempts to reach an engine that is just coming up."""
    patience: float = 10.0
    """Until one that never listened counts as gone."""
    retry: float = 0.2
    """Before the second attempt after a connection was lost; the pause doubles …"""
    most: float = 2.0
    """… up to here. A connection that held this long is tried again at once."""
    answer: float = 4.0
    """That an engine has for a snapshot; one that misses it twice does not answer."""
    last_words: float = 0.5
    """That the stream of events has to end when a snapshot is refused."""


class Link:
    """Keeps a connection to whatever engine listens for the project.

    `changed` gets each new snapshot, `advanced` the newest line of each log that has grown, `event`
    everything else, `gone` in one sentence why there is no engine any more: once. `back` says that
    there is one again, perhaps another one: nothing that was known holds, and a snapshot follows.
    `gone` and `back` concern what was there: neither is called for an engine that is coming up.
    """

    def __init__(
        self,
        source: Source,
        *,
        changed: Callable[[Snapshot], None],
        advanced: Callable[[Mapping[str, int]], None],
        event: Callable[[Event], None],
        gone: Callable[[str], None],
        back: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        pace: Pace | None = None,
    ) -> None:
        self.snapshot: Snapshot | None = None
        """The newest."""
        self.away = False
        """Whether there is no engine."""
        self._source = source
        self._tell_changed = changed
        self._tell_advanced = advanced
        self._tell_event = event
        self._tell_gone = gone
        self._tell_back = back
        self._clock = clock
        self._pace = pace or Pace()
        self._wanted = asyncio.Event()
        self._marks: dict[str, int] = {}
        self._marked_at = 0.0
        self._flushing: asyncio.TimerHandle | None = None
        self._connected = False
        self._ended: Ended | None = None
        self._over_pid: int | None = None
        """Of the engine that said that it ends: it may answer for a moment longer."""

    def poke(self) -> None:
        """Ask for a snapshot, or for a connection, now."""
        self._wanted.set()

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        try:
            await self._keep()
        finally:
            self._stop_flushing()

    async def _keep(self) -> None:
        pause, since = 0.0, self._clock()
        while True:
            began = self._clock()
            why = await self._hold()
            now = self._clock()
            steady = self._connected and now - began >= self._pace.most
            if self._ended is not None:
                why, self._ended = f"the engine has ended: {self._ended.why}", None
                self._lose(why)
            elif steady:  # nobody read for long, say, because we were suspended
                pause = 0.0
                continue
            elif self.snapshot is not None or now - since >= self._pace.patience:
                self._lose(why)
            pause = self._next_pause(pause)
            await self._wait(pause)

    def _next_pause(self, last: float) -> float:
        if self.snapshot is None and not self.away:
            return self._pace.knock
        return min(max(last * 2, self._pace.retry), self._pace.most)

    async def _wait(self, seconds: float) -> None:
        """Until somebody pokes, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            pass
        self._wanted.clear()

    # ---- one connection

    async def _hold(self) -> str:
        """One connection from its beginning to its end; says why that came."""
        self._connected = False
        both = [asyncio.create_task(self._listen()), asyncio.create_task(self._poll())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            # An engine that ends refuses the poll while its last words are still to be read.
            done, _ = await asyncio.wait(both[:1], timeout=self._pace.last_words)
        finally:
            for task in both:
                task.cancel()
            results = await asyncio.gather(*both, return_exceptions=True)
        return _why(results[0] if done else results[1])

    async def _listen(self) -> None:
        async for event in self._source.events(logs="marks"):
            if isinstance(event, Snapshot):
                self._begin(event)
            elif self._connected and not isinstance(event, LogLine):
                self._take(event)
        self._flush()

    def _begin(self, snapshot: Snapshot) -> None:
        pid = snapshot.project.engine_pid
        if pid == self._over_pid:
            return
        before, self.snapshot = self.snapshot, snapshot
        another = before is not None and before.project.engine_pid != pid
        self._connected = True
        self._marks.clear()
        if self.away or another:
            self.away = False
            self._tell_back()
        self._tell_changed(snapshot)

    def _take(self, event: Event) -> None:
        if isinstance(event, LogAdvanced):
            self._marks[event.service] = event.last
            self._flush_soon()
            return
        if isinstance(event, Ended):
            self._flush()
            self._ended = event
            self._over_pid = self.snapshot.project.engine_pid if self.snapshot else None
        self.poke()
        self._tell_event(event)

    def _lose(self, why: str) -> None:
        if not self.away:
            self.away = True
            self._tell_gone(why)

    async def _poll(self) -> None:
        began = self._clock()
        while True:
            await self._wait(self._pace.poll)
            if not self._connected and self._clock() - began >= self._pace.answer:
                raise NoAnswer(_SILENT)
            if not self._connected or self._ended is not None:
                continue
            snapshot = await self._asked()
            if self.snapshot and snapshot.project.engine_pid != self.snapshot.project.engine_pid:
                return  # another engine: its stream is not the one that we hear
            if snapshot != self.snapshot:
                self.snapshot = snapshot
                self._tell_changed(snapshot)
            await asyncio.sleep(self._pace.rest)

    async def _asked(self) -> Snapshot:
        try:
            async with asyncio.timeout(self._pace.answer):
                return await self._source.snapshot()
        except TimeoutError as error:
            raise NoAnswer(_SILENT) from error

    # ---- marks

    def _flush_soon(self) -> None:
        if self._flushing is None:
            pause = self._marked_at + self._pace.marks - self._clock()
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_later(max(pause, 0.0), self._flush)

    def _flush(self) -> None:
        self._stop_flushing()
        if self._marks:
            marks, self._marks = self._marks, {}
            self._marked_at = self._clock()
            self._tell_advanced(marks)

    def _stop_flushing(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None


def _why(broken: BaseException | None) -> str:
    """What to say of a connection that ended with this; raises what is a bug."""
    if broken is None or isinstance(broken, NotRunning):
        return _KILLED
    if isinstance(broken, NoAnswer | ActionError):
        return str(broken)
    raise broken
