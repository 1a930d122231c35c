"""Something of ours to do when a module is imported."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .learn import Imports

between: Callable[[], object] | None = None
"""Called after every module; a nursery looks after its processes there while it imports."""

imports: Imports | None = None
"""Takes note of what a service imports."""

_before: dict[str, Callable[[], None]] = {}
_after: dict[str, Callable[[Any], None]] = {}


def unseen(function: Any) -> None:
    """Let the interpreter drop the function's frame from tracebacks, as those of its own imports.

    See remove_importlib_frames in CPython's Python/import.c.
    """
    function.__code__ = function.__code__.replace(
        co_filename="<frozen importlib._bootstrap_external>", co_name="_call_with_frames_removed"
    )


def install() -> None:
    """Begin to notice imports of modules that have a source file; safe to repeat."""
    original = SourceFileLoader.exec_module
    if getattr(original, "of_dynaport", False):
        return

    def exec_module(self: SourceFileLoader, module: ModuleType) -> None:
        before = _before.pop(module.__name__, None)
        if before is not None:
            before()
        noted = imports is not None and imports.enter(module.__name__, self.path)
        failed = True
        try:
            original(self, module)
            failed = False
        finally:
            if noted and imports is not None:
                imports.leave(module.__name__, failed=failed)
        after = _after.pop(module.__name__, None)
        if after is not None:
            after(module)
        if between is not None:
            between()

    unseen(exec_module)
    exec_module.of_dynaport = True  # type: ignore[attr-defined]
    SourceFileLoader.exec_module = exec_module  # type: ignore[assignment,method-assign]


def before_import(name: str, action: Callable[[], None]) -> None:
    """Call `action` before the module's first line; never where it is imported already."""
    if name not in sys.modules:
        _before[name] = action


def after_import(name: str, action: Callable[[Any], None]) -> None:
    """Call `action` with the module once it is imported; at once where it is already."""
    module = sys.modules.get(name)
    if module is not None:
        action(module)
    else:
        _after[name] = action
