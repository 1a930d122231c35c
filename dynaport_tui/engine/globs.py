"""Which files and folders the `watch` globs of a service mean, without walking what is ignored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from .ignores import Ignores
from .patterns import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pathspec import GitIgnoreSpec

MOST_FOLDERS = 5000


class Glob:
    """The globs of one service; the disk is walked when that is asked for, each time anew.

    In a glob `*` stays within a folder, `**` does not, a leading `!` takes files out again, and
    a folder's name means all that is in it. At most MOST_FOLDERS folders are walked.
    """

    def __init__(self, cwd: str, globs: Sequence[str], ignores: Ignores) -> None:
        self._ignores = ignores
        self._bases = _by_base(Path(cwd), globs)
        self._specs = [
            (base.rstrip("/") + "/", _spec(patterns)) for base, patterns in self._bases.items()
        ]

    def match(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether `path`, saved, new or removed, is one of the service's files."""
        return self._selected(path) and not self._ignores.ignored(path, is_folder=is_folder)

    def folders(self) -> set[str]:
        """Every folder in which a file of the service is or may appear."""
        return {folder for folder, _ in self._walk()}

    def files(self) -> set[str]:
        """The files that are there now."""
        return {path for _, files in self._walk() for path in files if self.match(path)}

    def means(self, other: Glob) -> bool:
        """Whether another one of the same patterns takes the same of them for folders."""
        return self._bases == other._bases

    def leads_to_files(self, folder: str) -> bool:
        """Whether such files may come in a folder that is not watched yet."""
        return not self._ignores.ignored(folder, is_folder=True)

    def _selected(self, path: str) -> bool:
        return any(
            path.startswith(base) and spec.match_file(path[len(base) :])
            for base, spec in self._specs
        )

    def _walk(self) -> Iterator[tuple[str, list[str]]]:
        """Folders with the files that they hold; one that is missing gives the nearest above it."""
        waiting: list[tuple[str, int]] = []
        for base, patterns in self._bases.items():
            if Path(base).is_dir():
                waiting.append((base, max(map(_depth, patterns))))
            else:
                yield next(str(above) for above in Path(base).parents if above.is_dir()), []
        for _ in range(MOST_FOLDERS):
            if not waiting:
                return
            folder, depth = waiting.pop()
            folders, files = _listed(folder)
            yield folder, files
            if depth:
                waiting += [
                    (below, depth - 1)
                    for below in folders
                    if not self._ignores.ignored_entry(below, is_folder=True)
                ]


def expand(
    cwd: str | Path,
    globs: Sequence[str],
    ignore: Sequence[str] = (),
    root: str | Path | None = None,
) -> Glob:
    """What `globs` mean, relative to `cwd`.

    `.gitignore` files from `root` (or the repository around it) down hold, the usual litter
    folders are left out, and so is what `ignore` names by git's rules, relative to `cwd`.
    """
    return Glob(str(cwd), globs, Ignores(str(cwd), ignore, str(root or cwd)))


def _spec(patterns: list[str]) -> GitIgnoreSpec:
    # Git's rules, but anchored: `*.py` means the folder itself, as in every other glob.
    return rules(
        "!/" + pattern[1:] if pattern.startswith("!") else "/" + pattern for pattern in patterns
    )


def _by_base(cwd: Path, globs: Sequence[str]) -> dict[str, list[str]]:
    """The globs by the folder that their part without wildcards names."""
    bases: dict[str, list[str]] = {}
    for glob in globs:
        if not glob.startswith("!"):
            base, pattern = _split(cwd, glob)
            bases.setdefault(base, []).append(pattern)
    for glob in globs:
        if glob.startswith("!"):
            for base, patterns in bases.items():
                patterns += _taken_out(cwd, glob[1:], base)
    return bases


def _split(cwd: Path, glob: str) -> tuple[str, str]:
    parts = Path(glob).parts
    fixed = next((i for i, part in enumerate(parts) if _is_wild(part)), None)
    if fixed is None and cwd.joinpath(*parts).is_dir():
        parts = (*parts, "**")
    fixed = len(parts) - 1 if fixed is None else fixed
    return os.path.normpath(cwd.joinpath(*parts[:fixed])), "/".join(parts[fixed:])


def _taken_out(cwd: Path, glob: str, base: str) -> list[str]:
    if glob.startswith("**/"):
        return ["!" + glob]
    relative = os.path.relpath(cwd / glob, base)
    return [] if relative.startswith("..") else ["!" + relative]


def _depth(pattern: str) -> int:
    """How many folders below its base a glob reaches."""
    return MOST_FOLDERS if "**" in pattern else pattern.count("/")


def _is_wild(part: str) -> bool:
    return not set(part).isdisjoint("*?[")


def _listed(folder: str) -> tuple[list[str], list[str]]:
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.path)
    except OSError:
        return [], []  # it went, or it is not ours to read
    return folders, files
