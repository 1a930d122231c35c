"""Which libraries are imported before the fork."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import TYPE_CHECKING

from . import chance, reads, rehearsal
from .traces import threads, threads_after_fork

if TYPE_CHECKING:
    from collections.abc import Collection

    from .stock import Stock

LIBRARIES = ("jinja2", "werkzeug", "werkzeug.serving", "flask")
"""What most services import, in the order of their dependencies."""

_LATE = ("encodings.idna", "importlib.metadata")
"""What those import when they begin to serve."""

_OURS = ("program", "script", "serve", "wsgi")

REHEARSAL = "a rehearsal of flask"
"""Stands for it among the libraries that may be left out."""

FEW = 2
"""Services that are sooner there without waiting for a rehearsal."""

_at_leisure = [
    REHEARSAL, "werkzeug.debug", "dotenv", "multiprocessing.synchronize",
    "multiprocessing.sharedctypes", f"{__package__}.asgi",
]  # fmt: skip
"""What some services need, and none is made to wait for."""

read: set[str] = set()
"""The variables that learned modules read when they were imported here."""
untold: dict[str, list[str]] = {}
"""Module -> those of which the engine does not know yet."""


class Threaded(Exception):
    """A library started threads when it was imported; a fork keeps their locks, not them."""

    def __init__(self, library: str) -> None:
        super().__init__(library)
        self.library = library


def load(without: Collection[str] = ()) -> list[str]:
    """Import what services need, as far as this interpreter has it, and return which libraries.

    `without` may grow meanwhile. Raises Threaded; then this process may fork no more services.
    """
    gc.disable()
    before = threads()
    for name in _OURS:
        importlib.import_module(f"{__package__}.{name}")
    loaded = []
    for name in LIBRARIES:
        library = name.partition(".")[0]
        if library not in without and _import(name):
            loaded.append(name)
        _look_for_threads(library, before)
    if "werkzeug" in loaded:
        for name in _LATE:
            _import(name)
    return loaded


def rehearse(without: Collection[str], waiting: int) -> None:
    """Do once what each of so many services would do when it is first asked; raises Threaded."""
    if waiting > FEW and REHEARSAL in _at_leisure:
        _at_leisure.remove(REHEARSAL)
        _do(REHEARSAL, without)


def needed(stock: Stock, waiting: Collection[str]) -> bool:
    """Import one module that services need, these above all; whether there was one.

    Raises Threaded.
    """
    return _next(stock.next(waiting), stock)


def at_leisure(stock: Stock) -> bool:
    """Do something that nobody waits for; whether there was anything. Raises Threaded."""
    if not _at_leisure:
        return _next(stock.next_later(), stock)
    _do(_at_leisure.pop(0), stock.left_out)
    return True


def _next(name: str | None, stock: Stock) -> bool:
    if name is None:
        return False
    if name not in stock.left_out:
        _learned(name)
    stock.imported(name)
    return True


def _do(what: str, without: Collection[str]) -> None:
    if what in without or what.partition(".")[0] in without:
        return
    gc.disable()
    before = threads()
    if what == REHEARSAL:
        rehearsal.perform()
    else:
        _import(what)
    _look_for_threads(what, before)


def _learned(name: str) -> None:
    """Import a module that services are known to need."""
    if name in sys.modules:
        return
    gc.disable()
    before = threads()
    with reads.noted() as names, chance.noted():
        _import(name)
    read.update(names)
    if names:
        untold[name] = sorted(names)
    _look_for_threads(name, before)


def _look_for_threads(library: str, before: int) -> None:
    if threads() > before and threads_after_fork() > before:
        raise Threaded(library)


def _import(name: str) -> bool:
    """A library that is missing, or broken, is left for the service itself to stumble over."""
    try:
        importlib.import_module(name)
    except (Exception, SystemExit):
        return False
    return True


def settle() -> None:
    """Leave nothing to be done again in every fork: looking through what was imported for garbage,
    and writing what a library printed.

    Costs nothing where nothing was imported since the last time.
    """
    if gc.isenabled():
        return
    gc.freeze()  # without a look for garbage: what that frees, each fork would copy when it is used
    gc.enable()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
