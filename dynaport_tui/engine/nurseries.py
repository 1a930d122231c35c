"""All nurseries of a project: one for each interpreter and set of variables read at its start."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from signal import SIGKILL
from typing import TYPE_CHECKING, Any

from .nursery import Event, NotPython, Nursery, at_start
from .orphans import sweep_orphans

if TYPE_CHECKING:
    from ..model.launch import Launch

Key = tuple[str, tuple[tuple[str, str], ...]]
Heard = Callable[[Mapping[str, Any]], None]


class _Route:
    """Where the events of one spawn go, and how far it has come."""

    def __init__(self, nursery: Nursery, heard: Heard) -> None:
        self.nursery = nursery
        self._heard = heard
        self._last = ""

    def pass_on(self, event: Mapping[str, Any]) -> None:
        if event["event"] in ("spawned", "exited", "gone", "failed"):
            self._last = event["event"]
        self._heard(event)

    def lost(self) -> None:
        """The nursery died, and all that it started was killed: what it can no longer say."""
        if not self._last:
            self.pass_on({"event": "failed", **self.nursery.obituary()})
        if self._last == "spawned":
            error = "its fork server died"
            self.pass_on({"event": "exited", "code": None, "signal": int(SIGKILL), "error": error})
        if self._last == "exited":
            self.pass_on({"event": "gone"})


class Nurseries:
    """Starts a nursery when the first service needs it, and hands its events to whom they
    concern. `lost` is told of one that died; `needed` names all that may have to be started.
    """

    def __init__(
        self, lost: Callable[[Nursery], None], needed: Callable[[], Iterable[Launch]]
    ) -> None:
        self._lost, self._needed = lost, needed
        self._all: dict[Key, Nursery] = {}
        self._leaving: set[Nursery] = set()
        self._routes: dict[int, _Route] = {}
        self._numbers = itertools.count(1)
        self._ending: set[asyncio.Task[None]] = set()
        self._births = threading.Lock()

    def route(self, nursery: Nursery, heard: Heard) -> int:
        """A new spawn number of that nursery whose events go to `heard`.

        When the nursery dies, they hear `failed`, or `exited` and `gone`, as from a living one.
        """
        number = next(self._numbers)
        self._routes[number] = _Route(nursery, heard)
        return number

    def unroute(self, spawn: int) -> None:
        """No more events of that spawn."""
        if self._routes.pop(spawn, None) is not None:
            asyncio.get_running_loop().call_soon(self.retire)

    def retire(self) -> None:
        """End those in which nothing runs and nothing is going to be started, all but the last."""
        keys = {_key(launch) for launch in self._needed() if launch.kind != "command"}
        busy = {route.nursery for route in self._routes.values()}
        for key, nursery in list(self._all.items()):
            if key not in keys and nursery not in busy and len(self._all) > 1:
                del self._all[key]
                self._leaving.add(nursery)
                self._end(self._leave(nursery))

    async def _leave(self, nursery: Nursery) -> None:
        try:
            await nursery.quit()
        finally:
            self._leaving.discard(nursery)

    def prepare(self, launches: Iterable[Launch]) -> None:
        """Start the nurseries that these will need, so that they import while we do other
        things. One that cannot be started is told of when a service needs it.
        """
        for launch in sorted(launches, key=lambda launch: launch.kind == "command"):
            with contextlib.suppress(OSError, NotPython):
                self.for_launch(launch)

    def for_launch(self, launch: Launch) -> Nursery:
        """The nursery for a launch; an executed program is born in whichever there is."""
        if launch.kind == "command":
            return self.any()
        return self._get(_key(launch), warm=True)

    def any(self) -> Nursery:
        """A nursery for programs that are only executed."""
        living = next((n for n in self._all.values() if n.alive), None)
        return living or self._get((sys.executable, at_start(os.environ)), warm=False)

    def _get(self, key: Key, *, warm: bool) -> Nursery:
        found = self._all.get(key)
        if found is not None and found.alive:
            return found
        python, variables = key
        plain = {n: v for n, v in os.environ.items() if (n, v) not in at_start({n: v})}
        env = {**plain, **dict(variables)}
        with self._births:
            nursery = Nursery(python, env, warm=warm, heard=self._dispatch, lost=self._died)
            self._all[key] = nursery
        nursery.attach()
        return nursery

    def _dispatch(self, event: Event) -> None:
        route = self._routes.get(event.get("id", 0))
        if route is not None:
            route.pass_on(event)

    def _died(self, nursery: Nursery) -> None:
        """What it started lives on as ours, until it is swept; only then may anything start
        again.
        """
        self._all = {key: n for key, n in self._all.items() if n is not nursery}
        self._end(self._sweep(nursery))

    def _end(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _sweep(self, nursery: Nursery) -> None:
        try:
            await asyncio.to_thread(nursery.reap)
            await self._sweep_orphans()
        finally:
            self._lost(nursery)
            for route in [r for r in self._routes.values() if r.nursery is nursery]:
                route.lost()

    async def _sweep_orphans(self) -> None:
        if sys.platform == "linux":  # elsewhere nobody becomes our child by adoption
            await asyncio.to_thread(sweep_orphans, self._pids, self._births)

    def _pids(self) -> list[int]:
        return [nursery.pid for nursery in (*self._all.values(), *self._leaving)]

    async def close(self) -> None:
        """End all of them and whatever is left below us."""
        if self._ending:  # one that broke is told of by the loop
            await asyncio.wait(self._ending)
        nurseries, self._all = list(self._all.values()), {}
        await asyncio.gather(*(nursery.quit() for nursery in nurseries))
        await self._sweep_orphans()


def _key(launch: Launch) -> Key:
    return launch.python, at_start(launch.env)
