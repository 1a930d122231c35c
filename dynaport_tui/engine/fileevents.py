"""What the system tells of changes in some folders."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import threading
    from types import ModuleType

STEP = 0.03
"""Seconds between two looks at what came: each costs some 60 µs, whether anything came or not."""
LIVELY = 0.005
"""The same while somebody is at work."""
_FLOOD = 1000
"""Events in one go after which the system's queue may have overflown: then anything may have
changed.
"""
_RUST = "watchfiles._rust_notify"

Raw = set[tuple[int, str]] | Literal["signal", "stop", "timeout"]


class Asked(Protocol):
    """What RustNotify asks, between two looks, whether to end."""

    def is_set(self) -> bool: ...


class Notify(Protocol):
    """What we use of `watchfiles.RustNotify`."""

    def watch(
        self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Asked | None
    ) -> Raw: ...

    def close(self) -> None: ...


Open = Callable[[list[str]], Notify]


def open_notify(folders: list[str]) -> Notify:
    """Watch folders, not what is below them; raises FileNotFoundError, or OSError when there are no
    watches left.
    """
    rust = sys.modules.get(_RUST) or _alone(_RUST)
    # Told to ignore folders that are not ours to read, it ignores the system's limit, too.
    ours = [path for path in folders if os.access(path, os.R_OK) or not Path(path).exists()]
    notify: Notify = rust.RustNotify(ours, False, False, 300, False, False)
    return notify


def _alone(name: str) -> ModuleType:
    """Import a module without its package, which brings anyio and multiprocessing along."""
    package = name.partition(".")[0]
    above = PathFinder.find_spec(package)
    below = above and PathFinder.find_spec(name, above.submodule_search_locations)
    if below is None or below.loader is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    made = module_from_spec(below)
    below.loader.exec_module(made)
    return sys.modules.setdefault(name, made)


class _OverError(Exception):
    """Ends a wait of RustNotify's without a loss: told to end, it drops what has come."""


class _Pace:
    """Lets RustNotify tell a change at its first look after it.

    Of itself it waits for a second look, a step later, at which no more has come. Asked before each
    look, this sleeps before every other one only.
    """

    def __init__(self, wake: threading.Event, until: float, step: float) -> None:
        self._wake, self._until, self._step = wake, until, step
        self._looks = 0

    def is_set(self) -> bool:
        """Never; raises _OverError where it is to end, after two looks in vain."""
        self._looks += 1
        if self._looks % 2 == 0:
            return False
        left = self._until - time.monotonic()
        over = left <= 0 or self._wake.is_set()
        if over and self._looks > 1:
            raise _OverError
        if not over:
            time.sleep(min(self._step, left))
        return False


class FileEvents:
    """The watch of some folders, not of what is below them; for one thread."""

    def __init__(self, open_notify: Open, wake: threading.Event) -> None:
        self._open, self._wake = open_notify, wake
        self._notify: Notify | None = None

    @property
    def open(self) -> bool:
        """Whether anything is watched."""
        return self._notify is not None

    def watch(self, folders: list[str]) -> None:
        """Watch these from now on, before the old watch ends.

        Raises FileNotFoundError, or OSError when there are no watches left; then nothing is
        watched.
        """
        old, self._notify = self._notify, None
        try:
            if folders:
                self._notify = self._open(folders)
        finally:
            if old is not None:
                old.close()

    def close(self) -> None:
        """Watch nothing; safe to repeat."""
        self.watch([])

    def wait(self, until: float, step: float = STEP) -> set[str] | None:
        """Paths that may have changed, within `step` seconds; None: any path may have.

        Nothing when it is woken, or at `until` by the monotonic clock. Raises OSError when the
        system fails; then nothing is watched.
        """
        if self._notify is None:
            return set()
        try:
            raw = self._notify.watch(0, 0, 0, _Pace(self._wake, until, step))
        except _OverError:
            return set()
        except (OSError, RuntimeError) as error:
            self.close()
            raise error if isinstance(error, OSError) else OSError(str(error)) from error
        if isinstance(raw, str):
            return set()
        return None if len(raw) > _FLOOD else {path for _, path in raw}


def no_watches(error: OSError) -> str:
    """What it means that files cannot be watched, and what to do about it, for a person."""
    where = "so saved files are noticed by comparing them twice a second"
    if error.errno == errno.EMFILE or "Too many open files" in str(error):
        remedy = _raised("max_user_instances", 1024)
        return f"the system's limit of file watchers is reached, {where}. To raise it: {remedy}"
    if error.errno == errno.ENOSPC or "limit" in str(error):
        remedy = _raised("max_user_watches", 524288)
        return f"the system's limit of watched files is reached, {where}. To raise it: {remedy}"
    return f"the system does not tell when files change ({error}), {where}"


def _raised(limit: str, least: int) -> str:
    """The command that raises one of Linux's limits; see inotify(7)."""
    try:
        now = int(Path("/proc/sys/fs/inotify", limit).read_text())
    except (OSError, ValueError):
        now = 0
    return f"sudo sysctl fs.inotify.{limit}={max(least, 2 * now)}"
