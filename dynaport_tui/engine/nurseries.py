"""All nurseries of a project: one for each interpreter and set of variables read at its start."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
import threading
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from signal import SIGKILL
from typing import TYPE_CHECKING, Any

from ..model import learned
from . import early
from .nursery import Event, NotPython, Nursery
from .orphans import sweep_orphans
from .packages import Installed, Since, usual_folders
from .spawning import at_start
from .warmer import Warmer, today

if TYPE_CHECKING:
    from ..model.launch import Launch
    from ..model.learned import Environment
    from .learning import Learning
    from .spawning import Spawned

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
        self,
        lost: Callable[[Nursery], None],
        needed: Callable[[], Iterable[Launch]],
        learning: Learning,
    ) -> None:
        self._lost, self._needed, self._learning = lost, needed, learning
        self._all: dict[Key, Nursery] = {}
        self._warmers: dict[Nursery, Warmer] = {}
        self._installed: dict[str, Installed] = {}
        """By interpreter, as the memory of it is."""
        self._outdated: set[Nursery] = set()
        """Those in which nothing is started any more."""
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
        busy = {route.nursery for route in self._routes.values()}
        for nursery in (*self._spare(busy), *(self._outdated - busy)):
            self._leaving.add(nursery)  # first: one that stands nowhere counts as an orphan
            self._outdated.discard(nursery)
            self._all = {key: n for key, n in self._all.items() if n is not nursery}
            self._end(self._leave(nursery))

    def _spare(self, busy: set[Nursery]) -> list[Nursery]:
        idle = {key: n for key, n in self._all.items() if n not in busy}
        if len(self._all) == 1 or not idle:
            return []
        keys = {_key(launch) for launch in self._needed() if launch.kind != "command"}
        spare = [n for key, n in idle.items() if key not in keys]
        return spare if len(spare) < len(self._all) else spare[:-1]

    async def _leave(self, nursery: Nursery) -> None:
        self._cool(nursery)
        try:
            await nursery.quit()
        finally:
            self._leaving.discard(nursery)

    def prepare(self, launches: Iterable[Launch]) -> None:
        """Start the nurseries that these will need, so that they import while we do other
        things. One that cannot be started is told of when a service needs it.
        """
        every = list(launches)
        groups: dict[Key, list[Launch]] = {}
        for launch in every:
            if launch.kind != "command":
                groups.setdefault(_key(launch), []).append(launch)
        with contextlib.suppress(OSError, NotPython):
            for key, group in groups.items():
                self._warm(key, group)
            if every:
                self.any()

    def for_launch(self, launch: Launch) -> Nursery:
        """The nursery for a launch; an executed program is born in whichever there is."""
        if launch.kind == "command":
            return self.any()
        return self._warm(_key(launch), [launch])

    def any(self) -> Nursery:
        """A nursery for programs that are only executed."""
        living = next((n for n in self._all.values() if n.alive), None)
        if living is not None:
            return living
        key = (sys.executable, at_start(os.environ))
        begun = early.take(*key, "bare")
        return self._start(key, dict(os.environ), begun, warm=False)

    def _warm(self, key: Key, launches: Iterable[Launch]) -> Nursery:
        """One that imports what these need."""
        services = self._environments(launches)
        found = self._all.get(key)
        if found is None or not found.alive:
            return self._start_warm(key, services, services)
        warmer = self._warmers.get(found)
        if warmer is not None and warmer.fits(services):
            for service, environment in services.items():
                warmer.expect(service, environment)
            return found
        self._outdate(key, found)
        others = warmer.services if warmer is not None else frozenset()
        same = (x for x in self._needed() if x.kind != "command" and _key(x) == key)
        known = self._environments(x for x in same if _service(x) in others)
        return self._start_warm(key, known | services, services)

    def _environments(self, launches: Iterable[Launch]) -> dict[str, Environment]:
        """Service -> what it will find in its environment, of those that start warm."""
        warm = (x for x in launches if x.warm and not self.starts_cold(x))
        return {_service(x): {**x.env, **x.peers} for x in warm}

    def _start_warm(
        self, key: Key, services: dict[str, Environment], starting: Collection[str]
    ) -> Nursery:
        addresses = {name for launch in self._needed() for name in launch.peers}
        plain = learned.shared(services, addresses) if services else os.environ
        plain = {n: v for n, v in plain.items() if not at_start({n: v})}
        env = {**plain, **dict(key[1])}
        begun = early.take(*key, "warm")
        nursery = self._start(key, env, begun, warm=True)
        if begun is not None:
            nursery.send({"op": "adopt", "env": env, "starting": len(starting)})
        memory, installed = self._learning.of(_interpreter(key)), self._packages(key)
        changed = self._learning.changed
        warmer = Warmer(nursery, memory, installed, services, starting, changed)
        self._warmers[nursery] = warmer
        nursery.about_itself = warmer.heard
        return nursery

    def _packages(self, key: Key) -> Installed:
        name = _interpreter(key)
        if name not in self._installed:
            folders = self._learning.of(name).sites or usual_folders(key[0])
            self._installed[name] = Installed(key[0], folders)
        return self._installed[name]

    def starts_cold(self, launch: Launch) -> bool:
        """Whether it comes up in a fresh interpreter alone, as far as is known."""
        memory = self._learning.of(_interpreter(_key(launch)))
        return learned.starts_cold(memory, _service(launch), today())

    def remember_cold(self, launch: Launch, why: str) -> None:
        """It came up in a fresh interpreter alone."""
        memory = self._learning.of(_interpreter(_key(launch)))
        learned.cold_from_now_on(memory, _service(launch), why, today())
        self._learning.changed()

    def since_now(self, launch: Launch) -> Since:
        """What is installed for the interpreter of a launch, from now on."""
        return Since(self._packages(_key(launch)))

    def _start(
        self, key: Key, env: dict[str, str], begun: Spawned | None, *, warm: bool
    ) -> Nursery:
        heard, lost = self._dispatch, self._died
        with self._births:
            nursery = Nursery(key[0], env, warm=warm, heard=heard, lost=lost, begun=begun)
            self._all[key] = nursery
        nursery.attach()
        return nursery

    def _outdate(self, key: Key, nursery: Nursery) -> None:
        """What runs in it goes on; nothing more is started there."""
        self._outdated.add(nursery)
        del self._all[key]
        asyncio.get_running_loop().call_soon(self.retire)

    async def look_again(self) -> None:
        """Start nothing more in those that have imported files which somebody edited since."""
        asked = [(key, n) for key, n in self._all.items() if n in self._warmers]
        answers = await asyncio.gather(*(self._warmers[n].verified() for _, n in asked))
        for (key, nursery), verified in zip(asked, answers, strict=True):
            if not verified and self._all.get(key) is nursery:
                self._outdate(key, nursery)

    def learn(
        self, nursery: Nursery, service: str, modules: Iterable[str], sets: Iterable[str]
    ) -> list[str]:
        """A service that was started there tells what it imported, and which variables it sets.

        Returns those that it set too late, since what was imported there had read them already.
        """
        warmer = self._warmers.get(nursery)
        return [] if warmer is None else warmer.learn(service, modules, sets)

    def _cool(self, nursery: Nursery) -> None:
        warmer = self._warmers.pop(nursery, None)
        if warmer is not None:
            warmer.close()

    def _dispatch(self, event: Event) -> None:
        route = self._routes.get(event.get("id", 0))
        if route is not None:
            route.pass_on(event)

    def _died(self, nursery: Nursery) -> None:
        """What it started lives on as ours, until it is swept; only then may anything start
        again.
        """
        self._all = {key: n for key, n in self._all.items() if n is not nursery}
        self._outdated.discard(nursery)
        self._cool(nursery)
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
        every = (*self._all.values(), *self._outdated, *self._leaving)
        return [nursery.pid for nursery in every]

    async def close(self) -> None:
        """End all of them and whatever is left below us."""
        if self._ending:  # one that broke is told of by the loop
            await asyncio.wait(self._ending)
        nurseries = [*self._all.values(), *self._outdated]
        self._all, self._outdated = {}, set()
        for nursery in nurseries:
            self._cool(nursery)
        await asyncio.gather(*(nursery.quit() for nursery in nurseries))
        await self._sweep_orphans()


def _key(launch: Launch) -> Key:
    return launch.python, at_start(launch.env)


def _interpreter(key: Key) -> str:
    """What it is called in the memory: with another search path it is as good as another one."""
    python, variables = key
    path = dict(variables).get("PYTHONPATH")
    return f"{python} with PYTHONPATH={path}" if path else python


def _service(launch: Launch) -> str:
    return launch.env["DYNAPORT_SERVICE"]
