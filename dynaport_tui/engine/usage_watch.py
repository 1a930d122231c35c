"""CPU and memory of the services: sampled often only while somebody looks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..model.view import ServiceStatus
    from .usage import Sampler, Usage

_OFTEN = 2.0
_SELDOM = 30.0
_LOOKING = 10.0
"""Seconds for which one look counts."""
_FIRST = 5.0
"""Seconds for which the services are left alone at first, as long as nobody looks."""
_AFTER_MOVE = 1.0
"""Seconds after a change of state when the figures are worth a fresh look."""


class UsageWatch:
    """Holds the last sample; `run` takes them in a thread."""

    def __init__(self, pids: Callable[[], Mapping[str, int]]) -> None:
        self._pids = pids
        self._last: Mapping[str, Usage] = {}
        self._looked = float("-inf")
        self._seen = asyncio.Event()
        """Set when somebody looks for the first time."""
        self._wake: asyncio.Event | None = None

    async def run(self) -> None:
        """Sample until cancelled."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST):
                await self._seen.wait()
        # psutil costs 40 ms of import that no start should wait for.
        sampler = await asyncio.to_thread(_sampler)
        self._wake = asyncio.Event()
        while True:
            pids = dict(self._pids())
            if pids:
                self._last = await asyncio.to_thread(sampler.sample, pids)
            await self._pause()

    async def _pause(self) -> None:
        assert self._wake is not None
        self._wake.clear()
        looked = time.monotonic() - self._looked < _LOOKING
        try:
            async with asyncio.timeout(_OFTEN if looked else _SELDOM):
                await self._wake.wait()
        except TimeoutError:
            return
        await asyncio.sleep(_AFTER_MOVE)

    def looked(self) -> None:
        """Somebody reads the figures."""
        idle = time.monotonic() - self._looked >= _LOOKING
        self._looked = time.monotonic()
        self._seen.set()
        if idle and self._wake is not None:
            self._wake.set()

    def moved(self) -> None:
        """A service changed its state."""
        if self._wake is not None:
            self._wake.set()

    def added_to(self, status: ServiceStatus) -> ServiceStatus:
        """The row with its figures."""
        usage = self._last.get(status.id)
        if usage is None or status.pid is None:
            return status
        cpu = None if usage.cpu_percent is None else round(usage.cpu_percent, 1)
        return msgspec.structs.replace(status, cpu_percent=cpu, rss_bytes=usage.rss_bytes)


def _sampler() -> Sampler:
    from .usage import Sampler

    return Sampler()
