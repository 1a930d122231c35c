"""What the watched files looked like when they were last reported: the truth that events only hint
at.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Stamp = tuple[int, int, int]
"""Modification time in nanoseconds, size, inode; of a folder the inode alone counts."""

Accept = Callable[[str, bool], bool]
"""Whether an entry of a watched folder is compared; the second says whether it is a folder itself.
What it says of an entry never changes.
"""

_FOLDER = (0, 0)
_REMEMBERED = 100_000
"""Entries of which it is remembered that they are not compared."""


class _Wish(NamedTuple):
    """What is compared."""

    files: frozenset[str]
    folders: frozenset[str]
    accept: Accept

    def follows(self, path: str, *, is_folder: bool) -> bool:
        """Whether `path` is compared."""
        return path in self.files or (parent(path) in self.folders and self.accept(path, is_folder))


class Stamps:
    """Compares the wanted files, and the entries of the wanted folders, with what is known of them.
    Not thread-safe.
    """

    def __init__(self) -> None:
        self._wish = _Wish(frozenset(), frozenset(), everything)
        self._known: dict[str, Stamp] = {}
        self._passed_over: set[tuple[str, bool]] = set()
        self._born: set[str] = set()
        """Sub-folders reported as new and not yet wanted: all that is in them is new too."""

    def want(self, files: Iterable[str], folders: Iterable[str], accept: Accept | None) -> None:
        """Set what is compared.

        What was known stays known. What is asked for anew counts as it is now, but for what is in
        folders that appeared only now: that is a change.
        """
        before = self._wish
        wish = self._wish = _Wish(frozenset(files), frozenset(folders), accept or everything)
        same = wish.accept is before.accept
        if not same:
            self._passed_over.clear()
        old = self._known
        self._known = {
            path: was
            for path, was in old.items()
            if (same and path not in before.files and parent(path) in wish.folders)
            or wish.follows(path, is_folder=is_folder(was))
        }
        born = self._born
        # One that is not watched yet will be: all in it is new then, too.
        self._born = born - wish.folders if len(born) < _REMEMBERED else set()
        anew = wish.folders - before.folders if same else wish.folders
        for path in {*self._entries(anew), *wish.files} - old.keys():
            now = stamp(path)
            is_new = bool(born) and _is_below(parent(path), born)
            if now and not is_new and not before.follows(path, is_folder=is_folder(now)):
                self._known[path] = now

    def changed(self, paths: Iterable[str] | None = None) -> dict[str, Stamp | None]:
        """Those of `paths`, or of everything wanted, that are not as known, with their new stamp;
        None: gone.
        """
        wish, known = self._wish, self._known
        if paths is None:
            paths = {*known, *wish.files, *self._entries(wish.folders)}
        found = {}
        for path in paths:
            if path in known or path in wish.files or parent(path) in wish.folders:
                now, was = stamp(path), known.get(path)
                if now != was and (was is not None or self._accepted(path, now)):
                    found[path] = now
        return found

    def take(self, changed: dict[str, Stamp | None]) -> None:
        """Know the new stamps from now on."""
        for path, now in changed.items():
            if now is None:
                self._known.pop(path, None)
                self._born.discard(path)
            else:
                if path not in self._known and is_folder(now):
                    self._born.add(path)
                self._known[path] = now

    def _accepted(self, path: str, now: Stamp | None) -> bool:
        if path in self._wish.files:
            return True
        return now is not None and self._accepts(path, folder=is_folder(now))

    def _accepts(self, path: str, *, folder: bool) -> bool:
        if (path, folder) in self._passed_over:
            return False
        if self._wish.accept(path, folder):
            return True
        if len(self._passed_over) >= _REMEMBERED:
            self._passed_over.clear()
        self._passed_over.add((path, folder))
        return False

    def _entries(self, folders: Iterable[str]) -> Iterator[str]:
        """What is to be compared in these folders."""
        for each in folders:
            for path, folder in _entries(each):
                if path in self._known or self._accepts(path, folder=folder):
                    yield path


def stamp(path: str) -> Stamp | None:
    """The stamp of `path` now, None when there is nothing."""
    try:
        found = os.stat(path)  # noqa: PTH116 -- thousands of them in one go
    except OSError:
        return None
    if stat.S_ISDIR(found.st_mode):
        return (*_FOLDER, found.st_ino)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def is_folder(found: Stamp) -> bool:
    """Whether it is that of a folder."""
    return found[:2] == _FOLDER


def since_changed(path: str) -> float | None:
    """Seconds since a file was last written, renamed or changed otherwise; None when there is none,
    negative where another clock than ours tells.
    """
    try:
        return time.time() - Path(path).stat().st_ctime
    except OSError:
        return None


def parent(path: str) -> str:
    """The folder of an absolute path."""
    return path.rpartition("/")[0] or "/"


def everything(_path: str, _is_folder: bool) -> bool:
    """Lets every entry pass."""
    return True


def _is_below(folder: str, folders: set[str]) -> bool:
    return folder in folders or any(str(above) in folders for above in Path(folder).parents)


def _entries(folder: str) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            return [(entry.path, entry.is_dir()) for entry in entries]
    except OSError:
        return []
