"""When changed files may be taken to be whole."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from .stamps import is_folder, parent, since_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from .stamps import Stamp

QUIET = 0.01
"""Seconds since its last change after which a file is taken to be whole; the system's clock of
files is up to 4 ms late.
"""
SETTLED = 0.05
"""The same where a broken file is not replaced by the next save, and for more than FEW files at
once: whoever writes them all has hardly finished.
"""
FEW = 3
AWAY = 0.1
"""Seconds after which a file that was removed or emptied is not in the middle of a save."""
BATCH = 0.3
"""Seconds from the first look at a batch to its report, at the longest."""
CHECKOUT = 3.0
"""The same while git says that it is writing; an older lock of it was left behind, or waits for an
editor.
"""
_LOOK = 0.01
"""Seconds between two looks at a batch, at the longest."""


class Checkouts:
    """Tells when git is writing the files of a working tree."""

    def __init__(self) -> None:
        self._locks: dict[str, str | None] = {}

    def under_way(self, path: str) -> bool:
        """Whether git holds the index of the repository that `path` lies in."""
        folder = parent(path)
        if folder not in self._locks:
            self._locks[folder] = _lock(Path(folder))
        lock = self._locks[folder]
        age = None if lock is None else since_changed(lock)
        return age is not None and 0 <= age < CHECKOUT

    def forget(self) -> None:
        """Look for repositories anew."""
        self._locks.clear()


def _lock(folder: Path) -> str | None:
    """Where git puts its lock; see `git help gitrepository-layout` for `.git` as a file."""
    for above in (folder, *folder.parents):
        git = above / ".git"
        if git.is_dir():
            return str(git / "index.lock")
        if git.is_file():
            named = git.read_text("utf-8", "replace").partition("gitdir:")[2].strip()
            return str(above / named / "index.lock")
    return None


class Settling:
    """A batch of changes, from the first look at it until it is reported."""

    def __init__(self, careful: Container[str], checkouts: Checkouts) -> None:
        self._careful, self._checkouts = careful, checkouts
        self._began = time.monotonic()
        self._seen: dict[str, tuple[Stamp | None, float]] = {}

    def pause(
        self, changed: Mapping[str, Stamp | None], was: Callable[[str], Stamp | None]
    ) -> float:
        """Seconds after which to look again; none when all of it is whole, or it took too long."""
        now = time.monotonic()
        if now < self._began + CHECKOUT and any(map(self._checkouts.under_way, changed)):
            return _LOOK
        quiet = QUIET if len(changed) <= FEW else SETTLED
        rest = [
            self._needed(path, stamp, was(path), quiet) - self._age(path, stamp, now)
            for path, stamp in changed.items()
        ]
        return min(max(rest), self._began + BATCH - now, _LOOK)

    def _needed(self, path: str, stamp: Stamp | None, was: Stamp | None, quiet: float) -> float:
        if stamp is None or _emptied(stamp, was):
            return AWAY
        return SETTLED if path in self._careful else quiet

    def _age(self, path: str, stamp: Stamp | None, now: float) -> float:
        """Seconds for which it has looked so: by the file's own clock, or as far as was seen."""
        known, since = self._seen.get(path, (stamp, now))
        if known != stamp:
            since = now
        self._seen[path] = stamp, since
        own = since_changed(path) if stamp is not None else None
        return max(now - since, own or 0.0)


def _emptied(stamp: Stamp, was: Stamp | None) -> bool:
    return stamp[1] == 0 and not is_folder(stamp) and (was is None or was[1] > 0)
