"""What all services' patterns mean now; the disk is walked only where that may have changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .globs import MOST_FOLDERS, Glob
from .ignores import VENV, Ignores
from .stamps import parent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .stamps import Accept


_RULES = ("/.gitignore", VENV)
"""What decides what is ignored."""


class Globs(NamedTuple):
    """Patterns, relative to a folder."""

    cwd: str
    patterns: tuple[str, ...]
    ignore: tuple[str, ...]


class Walk(NamedTuple):
    """What patterns meant when the disk was walked."""

    glob: Glob
    folders: frozenset[str]
    ignores: Ignores

    def outdated(self) -> set[str]:
        """Folders that came or went since; walks the disk, so call it in a thread."""
        return self.glob.folders() ^ self.folders


class Selections:
    """Of each set of patterns the folders to watch, and which entries of them matter.

    `expand` may be called in a thread, everything else belongs to the loop.
    """

    def __init__(self) -> None:
        self._root = "/"
        self._ignores: dict[tuple[str, tuple[str, ...]], Ignores] = {}
        self._walks: dict[Globs, Walk] = {}
        self._stirred: set[str] = set()
        """Folders in which a folder came or went since the disk was walked."""
        self._interest: Accept = _nothing
        self._globs: dict[Globs, Glob] = {}
        self._fresh: list[Walk] = []

    def __getitem__(self, globs: Globs) -> Glob:
        """The patterns' meaning; raises KeyError before they were expanded."""
        return self._walks[globs].glob

    def __contains__(self, globs: object) -> bool:
        """Whether the patterns were expanded."""
        return globs in self._walks

    def __len__(self) -> int:
        """How many sets of patterns matter now."""
        return len(self._walks)

    def ignores(self, cwd: str, ignore: tuple[str, ...]) -> Ignores:
        """What is never watched for a service."""
        key = (cwd, ignore)
        if key not in self._ignores:
            self._ignores[key] = Ignores(cwd, ignore, self._root)
        return self._ignores[key]

    def stir(self, paths: Iterable[str]) -> None:
        """These paths were saved, came or went: where one is a folder, there may be others to
        watch.
        """
        watched = frozenset[str]().union(*(walk.folders for walk in self._walks.values()))
        for path in paths:
            if path in watched or (parent(path) in watched and os.path.isdir(path)):  # noqa: PTH112
                self._stirred |= {path, parent(path)}
            elif path.endswith(VENV):
                self._stirred.add(parent(path))
                self._ignores = {}

    def expand(self, globs: Iterable[Globs], root: str) -> set[str]:
        """The folders that these patterns mean now.

        What .gitignore files say now holds from here on.
        """
        if root != self._root:
            self._root, self._ignores, self._walks = root, {}, {}
        stirred, self._stirred = self._stirred, set()
        kept = {key: each for key, each in tuple(self._ignores.items()) if not each.outdated()}
        self._ignores = kept
        before, self._walks = self._walks, {each: self._walk(each, stirred) for each in globs}
        walks = self._walks
        self._fresh += [walk for each, walk in walks.items() if walk != before.get(each)]
        every = {each: walk.glob for each, walk in walks.items()}
        if every != self._globs:
            self._globs, self._interest = every, _interest(tuple(every.values()))
        return set[str]().union(*(walk.folders for walk in walks.values()))

    def cut_off(self, globs: Iterable[Globs]) -> bool:
        """Whether some of these patterns reach more folders than are walked."""
        walks = [self._walks[each] for each in globs if each in self._walks]
        return any(len(walk.folders) >= MOST_FOLDERS for walk in walks)

    def fresh(self) -> list[Walk]:
        """The walks since the last call: what came meanwhile may have been missed."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def interest(self) -> Accept:
        """What tells whether an entry of a watched folder is worth a report: a pattern means it, or
        it is a folder in which such files may come. It may be called in a thread; as long as
        nothing changes it is the same one, and an old one keeps its opinion.
        """
        return self._interest

    def _walk(self, globs: Globs, stirred: set[str]) -> Walk:
        ignores = self.ignores(globs.cwd, globs.ignore)
        known = self._walks.get(globs)
        kept = known is not None and known.ignores is ignores
        if known is not None and kept and known.folders.isdisjoint(stirred):
            return known
        glob = Glob(globs.cwd, globs.patterns, ignores)
        if known is not None and kept and known.glob.means(glob):
            glob = known.glob
        return Walk(glob, frozenset(glob.folders()), ignores)


def _interest(globs: tuple[Glob, ...]) -> Accept:
    def accept(path: str, is_folder: bool) -> bool:
        if any(glob.match(path, is_folder=is_folder) for glob in globs):
            return True
        if is_folder:
            return any(glob.leads_to_files(path) for glob in globs)
        return path.endswith(_RULES)

    return accept


def _nothing(_path: str, _is_folder: bool) -> bool:
    return False
