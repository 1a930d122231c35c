"""From a saved file to new code: what to watch now, and what a change asks of the fleet."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Protocol

from ..model.machine import State
from ..model.relative import relative
from ..model.view import Notice, Reloaded
from .changes import settings
from .watching import Watching

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..model.fleet import Fleet
    from ..model.record import Outcome, Record, Transition
    from ..model.spec import ProjectSpec
    from ..model.view import Event
    from .selections import Globs
    from .stamps import Stamp

_NAMED = 3
"""Files named in a cause line."""
_UNTOLD = 3
"""Failures in a row that are not told, where another try follows: a service may write its own files
again and again.
"""


class Plans(Protocol):
    """Who knows what the files say."""

    project: ProjectSpec

    def reread(self, because: str, *, reloading: bool = False) -> None:
        """services.toml or an env file was saved."""


class Listeners(Protocol):
    """Those who look."""

    def publish(self, event: Event) -> None:
        """Tell all of them."""


class Project(Protocol):
    """What reloading needs of the one who runs the project."""

    fleet: Fleet

    @property
    def planner(self) -> Plans:
        """Who knows what the files say."""

    @property
    def bus(self) -> Listeners:
        """Those who look."""

    def turn_soon(self) -> None:
        """Intent was changed."""


class _Reload:
    """A reload under way; one that takes its place brings what that one would have."""

    def __init__(self, files: list[str], before: _Reload | None) -> None:
        self.started = time.monotonic()
        self.files, self.untold = files, 0
        """How many ends of it were not told."""
        if before is not None:
            self.files = sorted({*before.files, *files})
            self.untold = before.untold


class Reloads:
    """Watches what the services run, and hands changes to the fleet."""

    def __init__(self, engine: Project) -> None:
        self._engine = engine
        self._under_way: dict[str, _Reload] = {}
        self._watching = Watching(
            lambda: engine.planner.project, lambda: engine.fleet.records, self._saved, self._say
        )
        self._changes = self._watching.changes

    async def run(self) -> None:
        """Watch until closed."""
        await self._watching.run()

    def close(self) -> None:
        """Watch no more; safe to repeat."""
        self._watching.close()

    # ---- interests

    def reads(self, paths: Iterable[str]) -> None:
        """The engine is about to read services.toml or env files."""
        self._changes.reads(paths)

    def loaded(self, service: str, run: int, files: Mapping[str, Stamp | None]) -> None:
        """A process of a service loaded these files; what one loads that only finishes counts no
        more.
        """
        record = self._engine.fleet.records.get(service)
        if record is None:
            return
        newest = record.run if record.candidate is None else record.candidate.run
        if run in (newest, record.run):
            self._changes.loaded(service, files, newest=run == newest)
            self._watching.stir()

    def forget(self, service: str) -> None:
        """A service is no more."""
        self._changes.forget(service)
        self._under_way.pop(service, None)
        self._watching.stir()

    def files(self, record: Record) -> Iterable[str]:
        """What a service loaded, as far as a change of it reloads the service."""
        return [path for path, was in self._changes.own_files(record).items() if was is not None]

    def globs(self, record: Record) -> list[Globs]:
        """The patterns that matter to a service now."""
        return self._changes.globs_of(record)

    # ---- changes

    def _saved(self, paths: set[str]) -> None:
        engine = self._engine
        self._changes.stir(paths)
        paths = self._changes.news(paths)
        said = settings(engine.planner.project)
        reached = self._changes.reached(paths - said, engine.fleet.records)
        if saved := sorted(paths & said):
            names = self._named(saved)
            env_files = os.path.realpath(engine.planner.project.file) not in saved
            engine.planner.reread(f"{_listed(names)} changed", reloading=env_files)
        for service, files in reached.items():
            names = self._named(files)
            self._reload(service, names, f"{_listed(names)} changed")
        if saved or reached:
            engine.turn_soon()
        self._watching.stir()

    def _named(self, files: Iterable[str]) -> list[str]:
        return [relative(path, self._engine.planner.project.root) for path in files]

    def asked(self, services: Sequence[str]) -> None:
        """A person asks for the new code."""
        for service in services:
            self._reload(service, [], "asked to reload")

    def _reload(self, service: str, files: list[str], why: str) -> None:
        fleet = self._engine.fleet
        if fleet.files_changed(service, why, asyncio.get_running_loop().time()):
            self._under_way[service] = _Reload(files, self._under_way.get(service))

    def moved(self, change: Transition) -> None:
        """A service changed its state: that may end a reload, and changes what to watch."""
        if change.new is State.STARTING:
            self._changes.starts(change.service)
        elif change.old is State.STARTING and change.new in _UP:
            self._changes.works(change.service)
            self._watching.stir()
        elif change.new in (State.BACKOFF, State.FAILED):
            self._watching.stir()
        reload = self._under_way.get(change.service)
        if reload is None:
            return
        if change.new is State.STOPPED and not self._wanted(change.service):
            del self._under_way[change.service]
        elif change.new is State.FAILED or (change.old is State.STARTING and change.new in _ENDS):
            self._ended(reload, change)

    def begins(self, service: str) -> None:
        """A candidate is about to load what the files say now."""
        self._changes.starts(service)

    def came_to(self, outcome: Outcome) -> bool:
        """A candidate took over, or came to nothing; whether that is worth telling."""
        if outcome.ok:
            self._changes.works(outcome.service)
        elif self._tries_again(outcome.service):
            return False
        self._watching.stir()
        reload = self._under_way.pop(outcome.service, None)
        files = [] if reload is None else reload.files
        self._engine.bus.publish(
            Reloaded(
                at=time.time(),
                service=outcome.service,
                files=files,
                ok=outcome.ok,
                why=outcome.why if files or not outcome.ok else outcome.because,
                seconds=round(
                    outcome.seconds if reload is None else time.monotonic() - reload.started, 3
                ),
            )
        )
        return True

    def _tries_again(self, service: str) -> bool:
        """Whether what a candidate loaded was saved again meanwhile, so that another follows: it
        may have met files that were half written.
        """
        reload, record = self._under_way.get(service), self._engine.fleet.records.get(service)
        if reload is None or record is None or reload.untold >= _UNTOLD:
            return False
        if saved := self._changes.outdated(service):
            reload.untold += 1
            self._saved(saved)
        return bool(saved) and record.cycle is not None

    def _wanted(self, service: str) -> bool:
        record = self._engine.fleet.records.get(service)
        return record is not None and record.wanted

    def _ended(self, reload: _Reload, change: Transition) -> None:
        del self._under_way[change.service]
        self._engine.bus.publish(
            Reloaded(
                at=time.time(),
                service=change.service,
                files=reload.files,
                ok=change.new in _UP,
                why=change.why,
                seconds=round(time.monotonic() - reload.started, 3),
            )
        )

    def _say(self, text: str, service: str | None) -> None:
        self._engine.bus.publish(Notice(at=time.time(), text=text, service=service))


_UP = (State.READY, State.DONE)
_ENDS = (*_UP, State.UNHEALTHY, State.BACKOFF)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
