"""Which variables are read while something runs."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from . import project

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = "*"
"""Stands for a look at all of them."""


@contextlib.contextmanager
def noted() -> Iterator[set[str]]:
    """The names of those that Python code asks for; an extension in C may read others, unseen."""
    kind: Any = type(os.environ)
    get, names = kind.__getitem__, kind.__iter__
    found: set[str] = set()
    copied: list[Any] = [None]

    def getitem(self: Any, key: Any) -> Any:
        if key == copied[0]:
            copied[0] = None  # one by one, of all of them
        else:
            found.add(os.fsdecode(key) if isinstance(key, (str, bytes)) else str(key))
        return get(self, key)

    def iterate(self: Any) -> Any:
        if _by_a_library():
            found.add(ALL)
        for copied[0] in names(self):
            yield copied[0]

    kind.__getitem__, kind.__iter__ = getitem, iterate
    try:
        yield found
    finally:
        kind.__getitem__, kind.__iter__ = get, names


def _by_a_library() -> bool:
    """And not by the standard library, which copies all of them to hand them on."""
    frame: Any = sys._getframe(2)  # noqa: SLF001 -- nothing else tells who asks
    while frame is not None and _is_plumbing(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and project.installed(frame.f_code.co_filename)


def _is_plumbing(file: str) -> bool:
    return file.startswith("<") or file.endswith(("/os.py", "/_collections_abc.py"))
