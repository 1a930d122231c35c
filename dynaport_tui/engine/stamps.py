"""What the watched files looked like when they were last reported: the truth that events only hint
at.
"""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Stamp = tuple[int, int, int]
"""Modification time in nanoseconds, size, inode; of a folder the inode alone counts."""

_FOLDER = (0, 0)


class Stamps:
    """Compares the wanted files, and the entries of the wanted folders, with what is known of them.
    Not thread-safe.
    """

    def __init__(self) -> None:
        self._files: frozenset[str] = frozenset()
        self._folders: frozenset[str] = frozenset()
        self._accept: Callable[[str], bool] = _all
        self._known: dict[str, Stamp] = {}
        self._born: set[str] = set()
        """Sub-folders reported as new since the last `want`: all that is in them is new too."""

    def want(
        self, files: Iterable[str], folders: Iterable[str], accept: Callable[[str], bool] | None
    ) -> None:
        """Set what is compared.

        What was known stays known. What is asked for anew counts as it is now, but for what is in
        folders that appeared only now: that is a change. `accept` is asked anew only where it is
        another one than before.
        """
        old, followed, folders_before = self._known, self._following(), self._folders
        born, self._born = self._born, set()
        same = self._accept is (accept or _all)
        self._files, self._folders = frozenset(files), frozenset(folders)
        self._accept = accept or _all
        follows = self._following()
        self._known = {
            path: was
            for path, was in old.items()
            if path in self._files or (parent(path) in self._folders and (same or follows(path)))
        }
        anew = self._folders - folders_before if same else self._folders
        for path in (self._entries(anew) | self._files) - old.keys():
            is_new = bool(born) and _is_below(parent(path), born)
            found = None if is_new or followed(path) else stamp(path)
            if found is not None:
                self._known[path] = found

    def changed(self, paths: Iterable[str] | None = None) -> dict[str, Stamp | None]:
        """Those of `paths`, or of everything wanted, that are not as known, with their new stamp;
        None: gone.
        """
        if paths is None:
            paths = self._all() | self._known.keys()
        found = {path: stamp(path) for path in filter(self._following(), paths)}
        return {path: now for path, now in found.items() if now != self._known.get(path)}

    def was(self, path: str) -> Stamp | None:
        """The known stamp; None when the path did not exist."""
        return self._known.get(path)

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

    def _following(self) -> Callable[[str], bool]:
        """What tells, also after another `want`, whether a path is compared now."""
        files, folders, accept = self._files, self._folders, self._accept
        return lambda path: path in files or (parent(path) in folders and accept(path))

    def _all(self) -> set[str]:
        return self._entries(self._folders) | self._files

    def _entries(self, folders: Iterable[str]) -> set[str]:
        """What is to be compared in these folders."""
        return set(filter(self._accept, (path for f in folders for path in _entries(f))))


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


def _is_below(folder: str, folders: set[str]) -> bool:
    return folder in folders or any(str(above) in folders for above in Path(folder).parents)


def _entries(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from [entry.path for entry in entries]
    except OSError:
        return


def _all(_path: str) -> bool:
    return True
