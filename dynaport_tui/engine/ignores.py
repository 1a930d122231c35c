"""What is never watched: litter, and what .gitignore files say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .patterns import rules
from .stamps import parent, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pathspec import GitIgnoreSpec

    from .stamps import Stamp

LITTER = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "__pycache__",
        ".venv",
        "venv",
        "node_modules",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        "dist",
        "build",
        ".idea",
        ".vscode",
    }
)
VENV = "/pyvenv.cfg"
"""What lies in every virtual environment."""
_NAME = ".gitignore"
_REMEMBERED = 100_000
"""Paths whose verdict is kept."""


class Ignores:
    """The rules for one service: its own `ignore` globs, litter folders, and .gitignore files.

    .gitignore files are read when a path below them is first asked for, from the repository that
    the path lies in, or from `root`, downwards; the deepest one that says something decides. Those
    that ignore `root` or `cwd` as a whole say nothing: who runs a service from there wants it.
    """

    def __init__(self, cwd: str, ignore: Sequence[str], root: str) -> None:
        self._cwd = cwd
        self._own = rules(ignore) if ignore else None
        self._top = _repository(root) or root
        self._forget()
        for folder in (root, cwd):
            if _is_below(folder, self._top) and self.ignored(folder, is_folder=True):
                self._top = folder
                self._forget()

    def outdated(self) -> bool:
        """Whether a .gitignore file says something else now; those read before hold."""
        return any(_stamp(folder) != was for folder, (was, _) in tuple(self._rules.items()))

    def _forget(self) -> None:
        self._rules: dict[str, tuple[Stamp | None, GitIgnoreSpec | None]] = {}
        self._chains: dict[str, list[tuple[int, GitIgnoreSpec]]] = {}
        self._folders: dict[str, bool] = {}
        self._files: dict[str, bool] = {}

    def ignored_file(self, path: str) -> bool:
        """Whether a file, or a folder above it, is ignored; remembered."""
        known = self._files.get(path)
        if known is None:
            if len(self._files) > _REMEMBERED:
                self._files.clear()
            known = self._files[path] = self.ignored(path, is_folder=False)
        return known

    def ignored(self, path: str, *, is_folder: bool) -> bool:
        """Whether `path`, which may be gone, or a folder above it, is ignored."""
        return self._below_ignored(parent(path)) or self.ignored_entry(path, is_folder=is_folder)

    def ignored_entry(self, path: str, *, is_folder: bool) -> bool:
        """Whether `path` is ignored in a folder that is not."""
        if is_folder and _is_litter(path):
            return True
        end = "/" if is_folder else ""
        if self._own is not None and _is_below(path, self._cwd):
            own = self._own.check_file(path[len(self._cwd) + 1 :] + end).include
            if own is not None:
                return own
        for above, said in self._chain(parent(path)):
            found = said.check_file(path[above:] + end).include
            if found is not None:
                return found
        return False

    def _below_ignored(self, folder: str) -> bool:
        if folder == self._cwd or folder == self._top or _is_below(self._top, folder):
            return False
        known = self._folders.get(folder)
        if known is None:
            known = not self._is_other_top(folder) and (
                self._below_ignored(parent(folder)) or self.ignored_entry(folder, is_folder=True)
            )
            self._folders[folder] = known
        return known

    def _is_other_top(self, folder: str) -> bool:
        """Whether it is a repository beside the project's: what lies above it says nothing."""
        return not _is_below(folder, self._top) and _is_repository(folder)

    def _chain(self, folder: str) -> list[tuple[int, GitIgnoreSpec]]:
        """The .gitignore files that speak of what is in a folder, the deepest first, each with the
        length of what stands before the paths that it names.
        """
        if folder not in self._chains:
            inside = folder == self._top or _is_below(folder, self._top)
            top = self._top if inside else _repository(folder)
            said = None if top is None else self._rules_of(folder)
            own = [(len(folder.rstrip("/")) + 1, said)] if said is not None else []
            ends = top is None or folder == top
            self._chains[folder] = own if ends else own + self._chain(parent(folder))
        return self._chains[folder]

    def _rules_of(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._rules:
            self._rules[folder] = (_stamp(folder), _read(folder))
        return self._rules[folder][1]


def _stamp(folder: str) -> Stamp | None:
    return stamp(f"{folder}/{_NAME}")


def _read(folder: str) -> GitIgnoreSpec | None:
    try:
        return rules(Path(folder, _NAME).read_text("utf-8", "replace").splitlines())
    except OSError:
        return None  # there is none, or it is not ours to read


def _is_litter(folder: str) -> bool:
    """By its name, or because it is a virtual environment, whatever that is called."""
    name = folder.rpartition("/")[2]
    if name in LITTER or name.endswith(".egg-info"):
        return True
    return stamp(folder + VENV) is not None


def _repository(folder: str) -> str | None:
    """The nearest repository around it."""
    while not _is_repository(folder):
        if folder == "/":
            return None
        folder = parent(folder)
    return folder


def _is_repository(folder: str) -> bool:
    return stamp(f"{folder}/.git") is not None


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder if folder == "/" else folder + "/")
