"""Which packages an interpreter has, looked at so cheaply that every start can ask."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.packages import MARKS, changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..model.packages import Packages


AGE = 2.0
"""Seconds for which what people are shown may be out of date."""


class Installed:
    """The packages of one interpreter, in the folders where they are installed.

    Whoever installs something makes or removes an entry there, and that changes the folder's own
    time: only then is it read again. A file of search paths may be written in place, so those are
    looked at one by one.
    """

    def __init__(self, python: str, folders: Iterable[str] = ()) -> None:
        self._python = python
        self.folders = list(folders)
        """Empty while nobody knows them."""
        self._looked_at = float("-inf")
        self._seen: dict[str, int] = {}
        self._found: Packages = {}

    def now(self, age: float = 0.0) -> Packages:
        """What is installed, as it was at most `age` seconds ago; the same object as long as
        nothing changes. Empty while the folders are not known.
        """
        if self.folders and time.monotonic() - self._looked_at > age:
            self._looked_at = time.monotonic()
            paths = [self._python, *self.folders, *_written(self._found)]
            seen = {path: changed_at(path) for path in paths}
            if seen != self._seen:
                self._take(seen)
        return self._found

    def _take(self, seen: dict[str, int]) -> None:
        found = {self._python: seen[self._python]}
        for folder in self.folders:
            found |= {path: changed_at(path) for path in _marks(folder)}
        whole = {path: seen[path] for path in (self._python, *self.folders)}
        self._seen = whole | {path: found[path] for path in _written(found)}
        if found != self._found:
            self._found = found


class Since:
    """What was installed when something began, compared with what is installed now."""

    def __init__(self, installed: Installed) -> None:
        self._installed = installed
        self._folders = installed.folders
        self._then = self._now = installed.now()
        self._told = ""

    def changes(self) -> str:
        """What was installed, upgraded or removed since, for people; empty where nothing was."""
        now = self._installed.now(AGE)
        if self._installed.folders is not self._folders:  # nobody knew where to look
            self._folders, self._then = self._installed.folders, now
        elif now is not self._now:
            self._told = changes(self._then, now)
        self._now = now
        return self._told


def fingerprint(packages: Packages) -> str:
    """Stands for these packages in what is remembered; empty for none."""
    if not packages:
        return ""
    text = "\n".join(f"{path} {at}" for path, at in sorted(packages.items()))
    return sha256(os.fsencode(text)).hexdigest()


def usual_folders(python: str) -> list[str]:
    """Where the packages of a virtual environment are, as far as its path tells."""
    lib = Path(python).parent.parent / "lib"
    return [str(folder) for folder in sorted(lib.glob("python3*/site-packages"))]


def changed_at(path: str) -> int:
    """Nanoseconds; 0 where there is nothing."""
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


def _written(packages: Packages) -> list[str]:
    return [path for path in packages if path.endswith(".pth")]


def _marks(folder: str) -> Sequence[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return ()
    return [f"{folder}/{name}" for name in names if name.endswith(MARKS) and name[0] != "~"]
