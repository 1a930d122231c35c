"""What the project looked for and did not find: when it comes, it is what the project will load."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from . import project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST = 5000
"""Names of modules that are remembered."""


def nearest(path: str) -> str:
    """What has to come first for `path` to come: itself, or the outermost missing folder."""
    above = os.path.dirname(path)
    while above and above != path and not os.path.isdir(above):
        path, above = above, os.path.dirname(above)
    return path


class Modules:
    """The last of Python's finders: what it is asked for was not found by the others.

    It finds nothing either, but tells where a module of the project would have been found, be it a
    file or a folder.
    """

    def __init__(self, missed: Callable[[str], None]) -> None:
        self._missed = missed
        self._asked: set[str] = set()

    def find_spec(self, name: str, path: Iterable[str] | None = None, _target: Any = None) -> None:
        """As importlib asks for a module; `path` is where its package lies."""
        if name in self._asked or len(self._asked) >= MOST:
            return
        self._asked.add(name)
        if not _by_the_project():
            return
        last = name.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            place = os.path.join(os.path.abspath(folder), last)
            if project.owns(place) and os.path.isdir(folder or os.curdir):
                self._missed(place + ".py")
                self._missed(place)


def _by_the_project() -> bool:
    """Whether the import stands in the project's own code; a library tries what it could use."""
    frame = sys._getframe(2)  # noqa: SLF001 -- inspect would read the sources of all frames
    while frame.f_back is not None and _imports(frame.f_code.co_filename):
        frame = frame.f_back
    file = frame.f_code.co_filename
    return file.startswith(project.HERE) or project.owns(file)


_IMPORTLIB = os.path.dirname(os.path.abspath(os.__file__)) + "/importlib/"


def _imports(file: str) -> bool:
    return file.startswith(("<frozen importlib", _IMPORTLIB))
