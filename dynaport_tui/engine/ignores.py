"""What is never watched: litter, and what .gitignore files say."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .patterns import rules
from .stamps import Stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pathspec import GitIgnoreSpec

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


_NAME = ".gitignore"


class Ignores:
    """The rules for one service: its own `ignore` globs, litter folders, and .gitignore files.

    .gitignore files are read when a path below them is first asked for, from the repository that
    `root` lies in, or from `root`, downwards; the deepest one that says something decides. Those
    that ignore `root` or `cwd` as a whole say nothing: who runs a service from there wants it.
    """

    def __init__(self, cwd: Path, ignore: Sequence[str], root: Path) -> None:
        self._cwd = cwd
        self._own = rules(ignore)
        self._top = _repository(root)
        self._rules: dict[Path, tuple[Stamp | None, GitIgnoreSpec | None]] = {}
        self._folders: dict[Path, bool] = {}
        self._files: dict[Path, bool] = {}
        for folder in (root, cwd):
            if folder != self._top and folder.is_relative_to(self._top) and self.ignored(folder):
                self._top = folder
                self._forget()

    def refresh(self) -> None:
        """Take in what .gitignore files say now."""
        if any(_stamp(folder) != was for folder, (was, _) in tuple(self._rules.items())):
            self._forget()

    def _forget(self) -> None:
        self._rules, self._folders, self._files = {}, {}, {}

    def ignored_file(self, path: Path) -> bool:
        """Whether a file, or a folder above it, is ignored; remembered until `refresh`."""
        known = self._files.get(path)
        if known is None:
            below = self._below_ignored(path.parent)
            known = self._files[path] = below or self.ignored_entry(path, is_folder=False)
        return known

    def ignored(self, path: Path) -> bool:
        """Whether `path`, a file or a folder that may be gone, or a folder above it, is ignored."""
        return self._below_ignored(path.parent) or self.ignored_entry(path, is_folder=path.is_dir())

    def ignored_entry(self, path: Path, *, is_folder: bool) -> bool:
        """Whether `path` is ignored in a folder that is not."""
        if is_folder and _is_litter(path):
            return True
        end = "/" if is_folder else ""
        if path.is_relative_to(self._cwd):
            own = self._own.check_file(path.relative_to(self._cwd).as_posix() + end)
            if own.include is not None:
                return own.include
        for folder in path.parents:
            if not folder.is_relative_to(self._top):
                break
            said = self._rules_of(folder)
            found = said.check_file(path.relative_to(folder).as_posix() + end) if said else None
            if found is not None and found.include is not None:
                return found.include
        return False

    def _below_ignored(self, folder: Path) -> bool:
        if folder == self._cwd or self._top.is_relative_to(folder):
            return False
        known = self._folders.get(folder)
        if known is None:
            known = self._below_ignored(folder.parent) or self.ignored_entry(folder, is_folder=True)
            self._folders[folder] = known
        return known

    def _rules_of(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._rules:
            self._rules[folder] = (_stamp(folder), _read(folder))
        return self._rules[folder][1]


def _stamp(folder: Path) -> Stamp | None:
    return stamp(str(folder / _NAME))


def _read(folder: Path) -> GitIgnoreSpec | None:
    try:
        return rules((folder / _NAME).read_text("utf-8", "replace").splitlines())
    except OSError:
        return None  # there is none, or it is not ours to read


def _is_litter(folder: Path) -> bool:
    """By its name, or because it is a virtual environment, whatever that is called."""
    if folder.name in LITTER or fnmatchcase(folder.name, "*.egg-info"):
        return True
    return (folder / "pyvenv.cfg").is_file()


def _repository(root: Path) -> Path:
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
