"""The thread behind a Watcher: waits for events, lets them settle, compares, reports."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple

from .fileevents import LIVELY, STEP, FileEvents, no_watches
from .settling import Checkouts, Settling
from .stamps import Stamps, parent, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .fileevents import Open
    from .stamps import Accept, Stamp

POLL = 0.5
"""Seconds between two looks where the system cannot tell; a fifth of it for a folder that is
missing.
"""
_POLLED = 50
"""The same as times what a look takes, where that is more."""
AT_WORK = 5.0
"""Seconds after a save during which the next one is expected."""
_DOUBT = 0.5
"""Seconds after which all is compared once more: an event may be lost where one is fetched."""


class Wanted(NamedTuple):
    """What is to be watched."""

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    accept: Accept | None = None
    careful: frozenset[str] = frozenset()
    """Of `files`, those that are left alone for longer."""


class WatchThread:
    """`run` belongs to one thread; `want`, `ready` and `stop` may be called from any."""

    def __init__(
        self,
        report: Callable[[set[str]], None],
        trouble: Callable[[str], None],
        open_notify: Open,
    ) -> None:
        self._report = report
        self._trouble = trouble
        self._lock = threading.Lock()
        self._wanted = Wanted()
        self._asked = 0
        self._done = 0
        self._waiting: list[tuple[int, Future[None]]] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._events = FileEvents(open_notify, self._wake)
        self._stamps, self._checkouts = Stamps(), Checkouts()
        self._folders: dict[str, Stamp] = {}
        """The folders that are watched now, as they were when that began."""
        self._paths: set[str] = set()
        """Those folders, and all above them."""
        self._missing = False
        self._polling = False
        self._warned = False
        self._look_at = math.inf
        """When everything is compared next, by the monotonic clock."""
        self._lively_until = 0.0

    def want(self, wanted: Wanted) -> None:
        """Watch this from now on."""
        with self._lock:
            self._wanted = wanted
            self._asked += 1
        self._wake.set()

    def ready(self) -> Future[None]:
        """Done when the latest wish is being watched."""
        future: Future[None] = Future()
        with self._lock:
            self._waiting.append((self._asked, future))
        self._wake.set()
        return future

    def stop(self) -> None:
        """End `run` within some milliseconds."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Watch until `stop`."""
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                if self._follow_wish():
                    self._settle(None)
                self._answer()
                hints = self._wait()
                if self._moved(hints):
                    self._reopen()
                    hints = None
                if hints is None or hints:
                    self._settle(hints)
        finally:
            self._events.close()

    # What is watched

    def _follow_wish(self) -> bool:
        """Whether the watched folders were changed: then a save may have fallen between, and all is
        compared.
        """
        with self._lock:
            wanted, asked = self._wanted, self._asked
        if asked == self._done:
            return False
        self._stamps.want(wanted.files, wanted.folders, wanted.accept)
        self._checkouts.forget()
        self._done = asked
        self._doubt()
        if _folders(wanted) == self._folders.keys() and not self._missing:
            return False
        self._reopen()
        return True

    def _reopen(self) -> None:
        """Watch the folders that are there."""
        wanted = _folders(self._wanted)
        found = {folder: stamp(folder) for folder in wanted}
        there = {folder: now for folder, now in found.items() if now is not None}
        self._polling = False
        try:
            self._events.watch(sorted(there))
        except FileNotFoundError:
            there = {}  # one went just now: look again soon
        except OSError as error:
            self._cannot_tell(error)
        self._folders = there
        self._paths = _with_all_above(there)
        self._missing = len(there) < len(wanted)

    def _moved(self, hints: set[str] | None) -> bool:
        """Whether a folder is another one than the one that is watched under its name, or is there
        again.
        """
        told = hints is None or not self._paths.isdisjoint(hints)
        if told and any(stamp(folder) != was for folder, was in self._folders.items()):
            return True
        if not self._missing:
            return False
        wanted = _folders(self._wanted) - self._folders.keys()
        return any(stamp(folder) is not None for folder in wanted)

    def _answer(self) -> None:
        with self._lock:
            ready = [future for asked, future in self._waiting if asked <= self._done]
            self._waiting = [wait for wait in self._waiting if wait[0] > self._done]
        for future in ready:
            if future.set_running_or_notify_cancel():
                future.set_result(None)

    def _cannot_tell(self, error: OSError) -> None:
        self._polling = True
        self._look_at = time.monotonic() + POLL
        if not self._warned:
            self._warned = True
            self._trouble(no_watches(error))

    # What changed

    def _doubt(self) -> None:
        """Compare everything in a moment, whatever is told until then."""
        self._look_at = min(self._look_at, time.monotonic() + _DOUBT)

    def _wait(self) -> set[str] | None:
        """Paths that may have changed; None: any may have."""
        until = min(self._look_at, time.monotonic() + POLL / 5 if self._missing else math.inf)
        hints: set[str] | None = set()
        if self._events.open:
            hints = self._fetch(until)
        else:
            self._wake.wait(None if until == math.inf else max(0.0, until - time.monotonic()))
        return None if time.monotonic() >= self._look_at else hints

    def _fetch(self, until: float) -> set[str] | None:
        """What the system tells until then; 0: what it has told already."""
        lively = time.monotonic() < self._lively_until
        until, step = (min(until, self._lively_until), LIVELY) if lively else (until, STEP)
        try:
            return self._events.wait(until, step)
        except OSError as error:
            self._cannot_tell(error)
            return None

    def _settle(self, hints: Iterable[str] | None) -> None:
        """Report what changed as soon as all of it is whole."""
        batch = Settling(self._wanted.careful, self._checkouts)
        paths = None if hints is None else set(hints)
        looked_before = False
        while changed := self._compared(paths):
            pause = batch.pause(changed)
            # One look alone may be cut in two by those who save: what it saw first is old then.
            if pause <= 0 and looked_before:
                self._stamps.take(changed)
                self._report(set(changed))
                self._lively_until = time.monotonic() + AT_WORK
                self._doubt()
                return
            looked_before = True
            if self._stopping.wait(pause):
                return
            more = self._fetch(0.0)
            paths = None if paths is None or more is None else paths | more

    def _compared(self, paths: Iterable[str] | None) -> dict[str, Stamp | None]:
        """What is not as known."""
        if paths is not None:
            return self._stamps.changed(paths)
        began = time.monotonic()
        changed = self._stamps.changed()
        now = time.monotonic()
        took = now - began
        self._look_at = now + max(POLL, _POLLED * took) if self._polling else math.inf
        return changed


def _folders(wanted: Wanted) -> set[str]:
    return {*wanted.folders, *map(parent, wanted.files)}


def _with_all_above(folders: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        while folder not in found:
            found.add(folder)
            folder = parent(folder)
    return found
