"""When changed files may be taken to be whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .stamps import is_folder, parent, since_changed, stamp

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from .stamps import Stamp

QUIET = 0.008
"""Seconds since its last change after which a file is taken to be whole; the system's clock of
files is up to 4 ms late.
"""
SETTLED = 0.05
"""The same where a broken file is not replaced by the next save, and for more than FEW files at
once: whoever writes them all has hardly finished.
"""
FEW = 3
AWAY = 0.1
"""Seconds after which a file that is missing or empty is not in the middle of a save."""
BATCH = 0.3
"""Seconds from the first look at a batch to its report, at the longest; what services.toml and the
env files have when they were removed or emptied.
"""
CROWD = 1.0
"""The same for more than FEW files."""
CHECKOUT = 3.0
"""The same while git says that it is writing; an older lock of it was left behind, or waits for an
editor.
"""
_NOTHING = 0.0005
"""Seconds for which nobody waits."""

Age = Callable[[str], "float | None"]
"""Seconds since a path was changed, as `since_changed` tells them."""


class Checkouts:
    """Tells when git is writing the files of a working tree."""

    def __init__(self, age: Age = since_changed) -> None:
        self._age = age
        self._locks: dict[str, str | None] = {}

    def under_way(self, paths: Iterable[str]) -> bool:
        """Whether git holds the index of a repository that one of them lies in."""
        locks = {self._lock(folder) for folder in set(map(parent, paths))}
        ages = [self._age(lock) for lock in locks if lock is not None]
        return any(age is not None and 0 <= age < CHECKOUT for age in ages)

    def _lock(self, folder: str) -> str | None:
        if folder not in self._locks:
            self._locks[folder] = _lock(Path(folder))
        return self._locks[folder]

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

    def __init__(
        self,
        careful: Container[str],
        checkouts: Checkouts,
        *,
        age: Age = since_changed,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._careful, self._checkouts = careful, checkouts
        self._since_changed, self._clock = age, clock
        self._began = clock()
        self._seen: dict[str, tuple[Stamp | None, float]] = {}

    def pause(self, changed: Mapping[str, Stamp | None]) -> float:
        """Seconds after which to look again; none when all of it is whole, or it took too long."""
        now = self._clock()
        few = len(changed) <= FEW
        look = QUIET if few else SETTLED / 2
        if now < self._began + CHECKOUT and self._checkouts.under_way(changed):
            return look
        quiet, longest = (QUIET, BATCH) if few else (SETTLED, CROWD)
        rest = [
            self._needed(path, stamp, quiet) - self._age(path, stamp, now)
            for path, stamp in changed.items()
        ]
        pause = min(max(rest), self._began + longest - now, look)
        return pause if pause > _NOTHING else 0.0

    def _needed(self, path: str, stamp: Stamp | None, quiet: float) -> float:
        if stamp is None or _is_empty(stamp):
            return BATCH if path in self._careful else AWAY
        return SETTLED if path in self._careful else quiet

    def _age(self, path: str, stamp: Stamp | None, now: float) -> float:
        """Seconds for which it has looked so: by the file's own clock, or as far as was seen."""
        known, since = self._seen.get(path, (stamp, now))
        if known != stamp:
            since = now
        self._seen[path] = stamp, since
        own = self._since_changed(path) if stamp is not None else None
        return max(now - since, own or 0.0)


def gathered(look: Callable[[], set[str]], careful: Container[str]) -> set[str]:
    """What `look` finds saved, as soon as all of it is whole; blocks for at most CROWD seconds, or
    CHECKOUT.
    """
    saved = look()
    if not saved:
        return saved
    batch = Settling(careful, Checkouts())
    while True:
        saved |= look()  # also what was saved behind the back of the look before
        pause = batch.pause({path: stamp(path) for path in saved})
        if pause <= 0:
            return saved
        time.sleep(pause)


def _is_empty(stamp: Stamp) -> bool:
    return stamp[1] == 0 and not is_folder(stamp)
