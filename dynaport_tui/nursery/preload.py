"""Which libraries are imported before the fork."""

from __future__ import annotations

import gc
import importlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

WARM = ("jinja2", "werkzeug", "werkzeug.serving", "werkzeug.debug", "flask")
"""In the order of their dependencies."""


def load(names: Iterable[str]) -> list[str]:
    """Import those of `names` that this interpreter has; returns them."""
    loaded = []
    gc.disable()
    for name in names:
        if _import(name):
            loaded.append(name)
    gc.collect()
    gc.freeze()
    gc.enable()
    return loaded


def _import(name: str) -> bool:
    """A library that is missing, or broken, is left for the service itself to stumble over."""
    try:
        importlib.import_module(name)
    except Exception:
        return False
    return True


def threads() -> int:
    """How many threads there are; a fork keeps only the one that forked."""
    return threading.active_count()
