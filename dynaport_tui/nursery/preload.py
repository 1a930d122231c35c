"""Which libraries are imported before the fork."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LIBRARIES = ("jinja2", "werkzeug", "werkzeug.serving", "werkzeug.debug", "flask", "dotenv")
"""What most services import, in the order of their dependencies."""

_LATE = (
    "encodings.idna",
    "importlib.metadata",
    "multiprocessing.synchronize",
    "multiprocessing.sharedctypes",
)
"""What those import when they begin to serve."""

_OURS = ("program", "script", "serve", "wsgi", "asgi")


class Threaded(Exception):
    """A library started threads when it was imported; a fork keeps their locks, not them."""

    def __init__(self, library: str) -> None:
        super().__init__(library)
        self.library = library


def load(without: Iterable[str] = ()) -> list[str]:
    """Import what services need, as far as this interpreter has it, and return which libraries.

    Raises Threaded; then this process may fork no more services.
    """
    gc.disable()
    before = _threads()
    for name in _OURS:
        importlib.import_module(f"{__package__}.{name}")
    loaded = []
    for name in LIBRARIES:
        library = name.partition(".")[0]
        if library not in without and _import(name):
            loaded.append(name)
        if _threads() > before:
            raise Threaded(library)
    if "werkzeug" in loaded:
        for name in _LATE:
            _import(name)
    _settle()
    return loaded


def _import(name: str) -> bool:
    """A library that is missing, or broken, is left for the service itself to stumble over."""
    try:
        importlib.import_module(name)
    except Exception:
        return False
    return True


def _threads() -> int:
    """All threads where the system tells, or else those that Python knows of."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def _settle() -> None:
    """Leave nothing to be done again in every fork: garbage, and what a library printed."""
    gc.collect()
    gc.freeze()
    gc.enable()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
