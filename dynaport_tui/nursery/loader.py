"""How the project's modules are loaded: what is on disk now is what runs.

Python knows bytecode by the source's size and its time in whole seconds, so two saves of the same
size within one second look alike to it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

from . import absent, hooks, project

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

MARGIN = 2.0
"""Seconds by which bytecode must be younger than its source to be trusted."""


def install(*, fresh: bool, loaded: Callable[[str], None]) -> None:
    """Load project modules by these rules and call `loaded` with the path of each, and with those
    where one was looked for in vain.

    With `fresh`, no bytecode is read or written.
    """
    sys.meta_path.append(absent.Modules(loaded))
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        if not project.owns(path):
            return original(self, fullname)
        loaded(os.path.abspath(path))
        if fresh or not _trustworthy(path):
            return self.source_to_code(self.get_data(path), path)
        return original(self, fullname)

    hooks.unseen(get_code)
    SourceFileLoader.get_code = get_code  # type: ignore[assignment,method-assign]


def _trustworthy(path: str) -> bool:
    """Whether Python may use and write bytecode: none is there that could be of an earlier save."""
    try:
        source = os.stat(path).st_mtime
        if time.time() - source < MARGIN:
            return False
        _drop_doubtful(importlib.util.cache_from_source(path), source)
    except (OSError, NotImplementedError):
        return False
    return True


def _drop_doubtful(bytecode: str, source: float) -> None:
    try:
        written = os.stat(bytecode).st_mtime
    except FileNotFoundError:
        return
    if written <= source + MARGIN:
        os.unlink(bytecode)
