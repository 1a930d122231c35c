"""A process forked from the nursery becomes what a freshly started interpreter would be."""

from __future__ import annotations

import os
import sys
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any, TextIO

from .entry import AT_START

if TYPE_CHECKING:
    from .request import Request

_streams: list[Any] = []


def own_environment() -> None:
    """Take all variables out of the memory in which the kernel put them: `label` writes over it.

    Done once where services are forked from, so that each has to touch only what differs.
    """
    for name, value in os.environ.items():
        os.environ[name] = value


def environment(env: dict[str, str]) -> None:
    """Make `env` the whole environment, for C libraries too."""
    before = dict(os.environ)
    for name in before.keys() - env.keys():
        del os.environ[name]
    for name, value in env.items():
        if before.get(name) != value:
            os.environ[name] = value
    if env.get("TZ") != before.get("TZ"):
        time.tzset()
    _search_path(before.get("PYTHONPATH", ""), env.get("PYTHONPATH", ""))


def _search_path(before: str, now: str) -> None:
    """Entries that are not absolute count from the root in the nursery, from the cwd here."""
    old = [os.path.join(os.sep, entry) for entry in before.split(os.pathsep) if entry]
    new = [os.path.abspath(entry) for entry in now.split(os.pathsep) if entry]
    if old != new:
        gone = {os.path.normpath(entry) for entry in old}.union(new)
        sys.path[:] = new + [entry for entry in sys.path if entry not in gone]


def streams() -> None:
    """New text streams on descriptors 0 to 2: lines leave at once, and whole."""
    _streams.extend((sys.stdin, sys.stdout, sys.stderr))
    _streams.extend((sys.__stdin__, sys.__stdout__, sys.__stderr__))
    sys.stdin = _open(0, "r", sys.stdin)
    sys.stdout = _open(1, "w", sys.stdout)
    sys.stderr = _open(2, "w", sys.stderr, "backslashreplace")
    vars(sys).update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)


def _open(fd: int, mode: str, like: TextIO | None, errors: str | None = None) -> Any:
    encoding = getattr(like, "encoding", None) or "utf-8"
    errors = errors or getattr(like, "errors", None)
    return open(fd, mode, buffering=1, encoding=encoding, errors=errors, closefd=False)


def arguments(request: Request, first: str, argv: list[str]) -> None:
    """sys.argv, and `first` as the folder that imports look in before all others."""
    sys.argv[:] = argv
    sys.orig_argv = [sys.executable, *argv]
    sys.path.insert(0, first)
    _forget_hidden(first)
    for finder in list(sys.path_importer_cache.values()):
        forget = getattr(finder, "invalidate_caches", None)
        if forget is not None:
            forget()
    process: Any = sys.modules.get("multiprocessing.process")
    if process is not None:
        process.ORIGINAL_DIR = request.cwd
        process.current_process().authkey = os.urandom(32)


def _forget_hidden(folder: str) -> None:
    """Unload what the project has a module of its own for: it would have been found first."""
    try:
        entries = os.listdir(folder)
    except OSError:
        return
    # Every module that is only looked at costs a page of memory of its own.
    hidden = {name for name in map(_module, entries) if name in sys.modules}
    hidden = {name for name in hidden - AT_START if name[0] != "_" and _is_own(folder, name)}
    if hidden:
        for name in list(sys.modules):
            if name.partition(".")[0] in hidden:
                sys.modules.pop(name, None)


def _module(entry: str) -> str:
    return entry[:-3] if entry.endswith(".py") else entry


def _is_own(folder: str, name: str) -> bool:
    stem = os.path.join(folder, name)
    return os.path.isfile(stem + ".py") or os.path.isfile(os.path.join(stem, "__init__.py"))


def main_module(path: str | None) -> ModuleType:
    """A new `__main__`; with a path, as of a program started by it."""
    module = ModuleType("__main__")
    module.__dict__.update(__builtins__=__builtins__, __annotations__={})
    if path is not None:
        from importlib.machinery import SourceFileLoader

        module.__dict__.update(
            __file__=path, __cached__=None, __loader__=SourceFileLoader("__main__", path)
        )
    sys.modules["__main__"] = module
    return module
