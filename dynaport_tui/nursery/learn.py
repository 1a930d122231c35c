"""Which modules a service imports that its nursery had not imported for it."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ExtensionFileLoader
from itertools import takewhile
from threading import get_ident
from typing import TYPE_CHECKING, Any

from . import preload, project

if TYPE_CHECKING:
    from .report import Report
    from .request import Request

MOST = 300
"""Modules, or variables, that are told in one report."""
_LONGEST = 200
_OWN_VARIABLES = frozenset({"FLASK_DEBUG"})
"""Those that we set ourselves."""


class Imports:
    """The modules that the service's own code asked for, without those that they import in turn.

    Only what is not the project's counts, and only what was not there when the service began.
    """

    def __init__(self, request: Request, report: Report) -> None:
        self._env, self._report = request.env, report
        self._roots: dict[str, None] = {}
        self._within: set[int] = set()
        """The threads that are importing such a module."""
        self._last = next(reversed(sys.modules))
        """The newest module of those that were there; to note them all would cost a megabyte."""
        self._told = -1
        """How many of them; less than none before the first time."""
        self._pid = os.getpid()

    def enter(self, name: str, path: str) -> bool:
        """A module is about to run its first line; whether `leave` is to be called after it."""
        thread = get_ident()
        if thread in self._within or path.startswith(project.HERE) or project.owns(path):
            return False
        self._within.add(thread)
        self._roots[name] = None
        return True

    def leave(self, name: str, *, failed: bool) -> None:
        """The module has run to its end."""
        self._within.discard(get_ident())
        if failed:
            self._roots.pop(name, None)

    def tell(self) -> None:
        """Report what is new since the last time, as far as the engine listens."""
        if os.getpid() != self._pid or self._told == len(self._roots):
            return
        roots = list(self._roots)
        modules = [*roots[max(self._told, 0) :], *(self._compiled() if self._told < 0 else ())]
        sets = self._changed()
        if self._told < 0 and not modules and not sets & preload.read:
            self._told = 0
            return
        named = [name for name in modules if len(name) <= _LONGEST]
        if self._report.imports(named[:MOST], sorted(sets)[:MOST]):
            self._told = len(roots)

    def _changed(self) -> frozenset[str]:
        """Variables to which the service itself gave another value."""
        now = {n for n, value in os.environ.items() if self._env.get(n) != value}
        gone = {name for name in self._env if name not in os.environ}
        return frozenset((now | gone) - _OWN_VARIABLES)

    def _compiled(self) -> list[str]:
        """Modules without a package that are no source: nobody sees when those are imported."""
        new = list(takewhile(self._last.__ne__, reversed(sys.modules)))
        return sorted(name for name in new if "." not in name and _is_installed_extension(name))


def _is_installed_extension(name: str) -> bool:
    spec: Any = getattr(sys.modules.get(name), "__spec__", None)
    loader = getattr(spec, "loader", None)
    return isinstance(loader, ExtensionFileLoader) and project.installed(str(spec.origin))
