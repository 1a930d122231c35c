"""Decides when a service is asked: quickly while it starts, then every few seconds."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..model.text import plain
from .probe import ProbeResult

if TYPE_CHECKING:
    from ..model.spec import ProbeSpec

FIRST = 0.05
"""Seconds between the first two probes of a starting service."""
SLOWEST = 0.5
"""Seconds that the pause grows to until the service is ready or its start deadline has passed."""
ALIVE = 1.0
"""Seconds after which a service that listens to nothing counts as ready."""
_GROWTH = 1.4
_JITTER = 0.1
TOGETHER = 0.1
"""The part of the interval by whose multiples questions are put: several services are asked at the
same moment, which wakes this process once for all of them."""
_SPREAD = 0.5
"""How much the first questions to services that started together lie apart."""

Ask = Callable[[], Awaitable[ProbeResult]]
Report = Callable[[ProbeResult], None]
Follow = Callable[[Callable[[bytes], None]], Callable[[], None]]
"""Takes a callable for each block of whole new log lines, and returns what ends that
(`ServiceLog.follow`).
"""


class Prober:
    """Probes one process of a service until it is cancelled; two probes never overlap.

    `ask` puts the question (kinds runner, http, tcp, command); `follow` gives the log's new lines
    (kind log). The kinds `log` and `alive` report once, when it is so. `calm`: so many seconds
    lie at least between two questions while it answers. `leave`: so many pass, roughly, before the
    first one.
    """

    def __init__(
        self,
        spec: ProbeSpec,
        report: Report,
        *,
        ask: Ask | None = None,
        follow: Follow | None = None,
        calm: float = 0.0,
        leave: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
        together: float = TOGETHER,
    ) -> None:
        self._spec = spec
        self._report = report
        self._ask = ask
        self._follow = follow
        self._calm = calm
        self._leave = leave
        self._sleep = sleep
        self._clock = clock
        self._jitter, self._together = jitter, together
        self._task: asyncio.Task[None] | None = None
        self._unfollow: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin; without `leave` the first question is put at once."""
        if self._spec.kind == "log":
            self._search()
            return
        work = self._alive() if self._spec.kind == "alive" else self._pace()
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(_raise)

    def cancel(self) -> None:
        """End; no report follows. Safe to repeat."""
        self._report = _ignore
        if self._task is not None:
            self._task.cancel()
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None

    async def _alive(self) -> None:
        await self._sleep(ALIVE)
        self._report(ProbeResult(ok=True, why="alive for one second"))

    async def _pace(self) -> None:
        if self._ask is None:
            raise ValueError(f"a {self._spec.kind} probe needs a question to ask")
        if self._leave:
            await self._sleep(self._leave * (1 + self._jitter(-_SPREAD, _SPREAD)))
        slow_from = self._clock() + self._spec.start_deadline
        pause, ready = FIRST, False
        while True:
            result = await self._ask()
            self._report(result)
            ready = ready or result.ok
            if ready or self._clock() >= slow_from:
                every = max(self._spec.interval, self._calm if result.ok else 0.0)
                await self._sleep(self._with_others(every))
            else:
                await self._sleep(pause)
                pause = min(pause * _GROWTH, SLOWEST)

    def _with_others(self, every: float) -> float:
        """Seconds until the next question, a little less or more than `every`."""
        pause = every * (1 + self._jitter(-_JITTER, _JITTER))
        grid = every * self._together
        return pause - (self._clock() + pause) % grid if grid else pause

    def _search(self) -> None:
        if self._follow is None:
            raise ValueError("a log probe needs a log to follow")
        pattern = re.compile(self._spec.pattern, re.MULTILINE)
        self._unfollow = self._follow(lambda data: self._match(pattern, data))

    def _match(self, pattern: re.Pattern[str], data: bytes) -> None:
        text = plain(data.decode("utf-8", "replace"))
        found = pattern.search(text)
        if found is None:
            return
        start = text.rfind("\n", 0, found.start()) + 1
        line = text[start:].split("\n", 1)[0].strip()
        report = self._report
        self.cancel()
        report(ProbeResult(ok=True, why=f'its log said "{line[:80]}"'))


def _ignore(_result: ProbeResult) -> None:
    pass


def _raise(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.result()
