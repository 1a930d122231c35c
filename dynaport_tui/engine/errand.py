"""A program that is run once, for a probe or for `test`, in a nursery like every other child."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .nursery import Nursery

_PATIENCE = 5.0
"""Seconds that what an errand left behind has to be gone after it was killed."""


class Routes(Protocol):
    """Where a spawn's events come from."""

    def route(self, nursery: Nursery, heard: Callable[[Mapping[str, Any]], None]) -> int:
        """A new spawn number of that nursery whose events go to `heard`."""

    def unroute(self, spawn: int) -> None:
        """No more events of that spawn."""


class Errand:
    """One such program; `run` may be called once."""

    def __init__(self, nursery: Nursery, routes: Routes, *, mark: str, name: str) -> None:
        self._nursery, self._routes, self._mark, self._name = nursery, routes, mark, name
        loop = asyncio.get_running_loop()
        self._exited: asyncio.Future[int] = loop.create_future()
        self._exited.add_done_callback(_noted)
        self._gone: asyncio.Future[None] = loop.create_future()
        self._spawn = routes.route(nursery, self._heard)

    async def run(
        self,
        argv: Sequence[str],
        cwd: str,
        env: Mapping[str, str],
        patience: float | None,
        fds: Mapping[str, int] | None = None,
    ) -> int:
        """Its exit code, negative for a signal; output goes to `fds`, or nowhere.

        Raises TimeoutError after `patience` seconds, then nothing of it is left; OSError when it
        cannot be started.
        """
        nowhere = os.open(os.devnull, os.O_WRONLY) if fds is None else -1
        given = fds or {"stdout": nowhere, "stderr": nowhere}
        message = {
            "op": "spawn",
            "id": self._spawn,
            "kind": "exec",
            "argv": list(argv),
            "cwd": cwd,
            "env": {**env, "DYNAPORT_MARK": self._mark},
            "fds": list(given),
            "mark": self._mark,
            "name": self._name,
        }
        try:
            self._nursery.send(message, list(given.values()))
            async with asyncio.timeout(patience):
                return await asyncio.shield(self._exited)
        finally:
            if nowhere >= 0:
                os.close(nowhere)
            await self._end()

    def signal(self, number: int) -> None:
        """Signal it and all that it started."""
        self._nursery.send({"op": "signal", "id": self._spawn, "signal": int(number)})

    async def _end(self) -> None:
        """Nothing of it may stay, whichever way it ended."""
        if not self._gone.done():
            self.signal(signal.SIGKILL)
            await asyncio.wait([self._gone], timeout=_PATIENCE)
        self._routes.unroute(self._spawn)

    def _heard(self, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "exited":
                code = event["code"]
                self._exited.set_result(-event["signal"] if code is None else code)
            case "failed":
                self._exited.set_exception(OSError(event["error"]))
                self._gone.set_result(None)
            case "gone":
                self._gone.set_result(None)


def _noted(exited: asyncio.Future[int]) -> None:
    """A start that failed when nobody waited for it any more is no news."""
    if not exited.cancelled():
        exited.exception()
