"""The thread behind a Watcher: waits for events, lets them settle, compares, reports."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Literal, NamedTuple, Protocol

from .stamps import Stamp, Stamps, parent, stamp

SETTLED = 0.05
"""Seconds since its last change after which a file is taken to be whole."""
BATCH = 0.3
"""Seconds from the first change of a batch to its report, at the longest."""
POLL = 0.5
"""Seconds between two looks where the system cannot tell, and for a folder that is missing: a fifth
of it.
"""
_STEP_MS = 20
_DEBOUNCE_MS = 100
_FLOOD = 1000
"""Events in one go after which the system's queue may have overflown: then everything is compared.
"""

Raw = set[tuple[int, str]] | Literal["signal", "stop", "timeout"]


class Notify(Protocol):
    """What we use of `watchfiles.RustNotify`."""

    def watch(
        self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: threading.Event | None
    ) -> Raw: ...

    def close(self) -> None: ...


Open = Callable[[list[str]], Notify]


class Wanted(NamedTuple):
    """What is to be watched."""

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    accept: Callable[[str], bool] | None = None


def open_notify(folders: list[str]) -> Notify:
    """Watch folders, not what is below them; raises FileNotFoundError, or OSError when there are no
    watches left.
    """
    from watchfiles._rust_notify import RustNotify  # the package itself brings anyio along

    return RustNotify(folders, False, False, 300, False, True)


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
        self._open = open_notify
        self._lock = threading.Lock()
        self._wanted = Wanted()
        self._asked = 0
        self._done = 0
        self._waiting: list[tuple[int, Future[None]]] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._stamps = Stamps()
        self._notify: Notify | None = None
        self._folders: dict[str, Stamp] = {}
        """The folders that are watched now, as they were when that began."""
        self._missing = False
        self._polling = False
        self._warned = False

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
        """End `run` within a few milliseconds."""
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
                if self._moved():
                    self._reopen()
                    hints = None
                if hints is None or hints:
                    self._settle(hints)
        finally:
            if self._notify is not None:
                self._notify.close()

    # What is watched

    def _follow_wish(self) -> bool:
        """Whether the watched folders were changed: then a save may have fallen between, and all is
        compared.
        """
        with self._lock:
            wanted, asked = self._wanted, self._asked
        if asked == self._done:
            return False
        self._stamps.want(*wanted)
        self._done = asked
        if _folders(wanted) == self._folders.keys() and not self._missing:
            return False
        self._reopen()
        return True

    def _reopen(self) -> None:
        """Begin the new watch before the old one ends."""
        wanted = _folders(self._wanted)
        found = {folder: stamp(folder) for folder in wanted}
        there = {folder: now for folder, now in found.items() if now is not None}
        old, self._notify = self._notify, None
        self._polling = False
        if there:
            try:
                self._notify = self._open(sorted(there))
            except FileNotFoundError:
                there = {}  # one went just now: look again soon
            except OSError as error:
                self._warn(error)
                self._polling = True
        self._folders = there
        self._missing = len(there) < len(wanted)
        if old is not None:
            old.close()

    def _moved(self) -> bool:
        """Whether a folder is another one than the one that is watched under its name, or is there
        again.
        """
        if any(stamp(folder) != was for folder, was in self._folders.items()):
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

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            self._trouble(_no_watches(error))

    # What changed

    def _wait(self) -> set[str] | None:
        """Paths that may have changed; None: any may have."""
        if self._notify is None:
            nothing = not self._polling and not self._missing
            self._wake.wait(None if nothing else POLL if self._polling else POLL / 5)
            return None if self._polling else set()
        return self._hints(_DEBOUNCE_MS, _STEP_MS, int(POLL / 5 * 1000) if self._missing else 0)

    def _hints(self, debounce_ms: int, step_ms: int, timeout_ms: int) -> set[str] | None:
        if self._notify is None:
            return None
        try:
            raw = self._notify.watch(debounce_ms, step_ms, timeout_ms, self._wake)
        except (OSError, RuntimeError) as error:
            self._warn(error if isinstance(error, OSError) else OSError(str(error)))
            self._notify.close()
            self._notify, self._polling = None, True
            return None
        if raw == "timeout":
            return set()
        # When it is woken for another reason, what it had gathered is dropped.
        return None if isinstance(raw, str) or len(raw) > _FLOOD else {path for _, path in raw}

    def _settle(self, hints: Iterable[str] | None) -> None:
        """Report what changed as soon as all of it is whole."""
        until = time.monotonic() + BATCH
        paths = None if hints is None else set(hints)
        while changed := self._stamps.changed(paths):
            now = time.monotonic()
            pause = min(max(map(self._unsettled, changed.items())), until - now)
            if pause <= 0:
                self._stamps.take(changed)
                self._report(set(changed))
                return
            if self._stopping.wait(pause):
                return
            more = self._hints(1, 1, 1)
            paths = None if paths is None or more is None else paths | more

    def _unsettled(self, change: tuple[str, Stamp | None]) -> float:
        """Seconds that a file should still be left alone."""
        path, now = change
        was = self._stamps.was(path)
        if was is not None and was[1] and (now is None or now[1] == 0):
            # Gone or emptied: most editors' first half of a save.
            return SETTLED / 5
        age = (time.time_ns() - now[0]) / 1e9 if now is not None else SETTLED
        return SETTLED - age if age >= 0 else 0.0


def _folders(wanted: Wanted) -> set[str]:
    return {*wanted.folders, *map(parent, wanted.files)}


def _no_watches(error: OSError) -> str:
    where = "so saved files are noticed by comparing them twice a second"
    if error.errno == errno.EMFILE or "Too many open files" in str(error):
        remedy = "sudo sysctl fs.inotify.max_user_instances=1024"
        return f"the system's limit of file watchers is reached, {where}. To raise it: {remedy}"
    if error.errno == errno.ENOSPC or "limit" in str(error):
        remedy = "sudo sysctl fs.inotify.max_user_watches=524288"
        return f"the system's limit of watched files is reached, {where}. To raise it: {remedy}"
    return f"the system does not tell when files change ({error}), {where}"
