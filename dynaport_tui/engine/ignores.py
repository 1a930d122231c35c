"""What is never watched: litter, and what .gitignore files say."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

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


class Ignores:
    """The rules for one service: its own `ignore` globs, litter folders, and .gitignore files.

    .gitignore files are read when a path below them is first asked for, from the repository that
    `root` lies in, or from `root`, downwards; the deepest one that says something decides.
    """

    def __init__(self, cwd: Path, ignore: Sequence[str], root: Path) -> None:
        from pathspec import GitIgnoreSpec

        self._cwd = cwd
        self._own = GitIgnoreSpec.from_lines(ignore)
        self._top = _repository(root)
        self._rules: dict[Path, GitIgnoreSpec | None] = {}
        self._folders: dict[Path, bool] = {}

    def ignored(self, path: Path) -> bool:
        """Whether `path`, a file or a folder that may be gone, or a folder above it, is ignored."""
        return self._below_ignored(path.parent) or self.ignored_entry(path, is_folder=path.is_dir())

    def ignored_entry(self, path: Path, *, is_folder: bool) -> bool:
        """Whether `path` is ignored in a folder that is not."""
        if is_folder and (path.name in LITTER or fnmatchcase(path.name, "*.egg-info")):
            return True
        end = "/" if is_folder else ""
        if path.is_relative_to(self._cwd):
            own = self._own.check_file(path.relative_to(self._cwd).as_posix() + end)
            if own.include is not None:
                return own.include
        for folder in path.parents:
            if not folder.is_relative_to(self._top):
                break
            rules = self._rules_of(folder)
            found = rules.check_file(path.relative_to(folder).as_posix() + end) if rules else None
            if found is not None and found.include is not None:
                return found.include
        return False

    def _below_ignored(self, folder: Path) -> bool:
        if folder in (self._top, self._cwd) or folder == folder.parent:
            return False
        known = self._folders.get(folder)
        if known is None:
            known = self._below_ignored(folder.parent) or self.ignored_entry(folder, is_folder=True)
            self._folders[folder] = known
        return known

    def _rules_of(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._rules:
            from pathspec import GitIgnoreSpec

            try:
                text = (folder / ".gitignore").read_text("utf-8", "replace")
                self._rules[folder] = GitIgnoreSpec.from_lines(text.splitlines())
            except OSError:
                self._rules[folder] = None
        return self._rules[folder]


def _repository(root: Path) -> Path:
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
