"""What an import leaves in a process that one forked from it would not have, or not as its own."""

from __future__ import annotations

import faulthandler
import locale
import os
import signal
import sys
import threading
from typing import Any, NamedTuple

_PATCHED = (
    "builtins.__import__",
    "builtins.open",
    "os.fork",
    "select.select",
    "socket.socket",
    "ssl.SSLContext",
    "subprocess.Popen",
    "threading.Thread",
    "time.sleep",
)
"""What libraries put their own in the place of, when they change the standard library."""


class Traces(NamedTuple):
    """The process as it is; two of them tell what came in between."""

    threads: int
    files: frozenset[str]
    handlers: tuple[Any, ...]
    streams: tuple[Any, ...]
    tracing: tuple[Any, ...]
    patched: tuple[Any, ...]
    children: frozenset[str]
    variables: dict[str, str]
    settings: tuple[Any, ...]

    @classmethod
    def now(cls) -> Traces:
        """Of this process."""
        return cls(
            threads=threads(),
            files=_entries("/dev/fd"),
            handlers=_handlers(),
            streams=(sys.stdin, sys.stdout, sys.stderr),
            tracing=(sys.gettrace(), sys.getprofile(), faulthandler.is_enabled()),
            patched=tuple(_standing_for(name) for name in _PATCHED),
            children=_children(),
            variables=dict(os.environ),
            settings=(os.getcwd(), _umask(), locale.setlocale(locale.LC_ALL)),
        )

    def left_since(self, before: Traces) -> str:
        """What the first of the differences is, after "it"; empty where there is none."""
        if self.threads > before.threads and threads_after_fork() > before.threads:
            return "starts a thread"
        if self.files - before.files:
            return "opens a file or a socket and keeps it"
        if self.children - before.children:
            return "starts a process"
        if self.handlers != before.handlers:
            return f"takes {_named(before.handlers, self.handlers)}"
        if self.streams != before.streams:
            return "replaces sys.stdin, sys.stdout or sys.stderr"
        if self.tracing != before.tracing:
            return "traces the program, or notices its crashes"
        return self._changed(before)

    def _changed(self, before: Traces) -> str:
        for name, old, new in zip(_PATCHED, before.patched, self.patched):
            if old is not None and old is not new:
                return f"replaces {name}"
        names = self.variables.keys() | before.variables.keys()
        changed = [n for n in sorted(names) if self.variables.get(n) != before.variables.get(n)]
        if changed:
            return f"sets the variable {changed[0]}"
        if self.settings != before.settings:
            return "changes the current folder, the umask or the locale"
        return ""


def threads() -> int:
    """All threads where the system tells, or else those that Python knows of."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def threads_after_fork() -> int:
    """Those that are left when this process forks: some libraries end theirs for that
    (pthread_atfork(3)), and start them again when they are needed.
    """
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return threads()


def _entries(folder: str) -> frozenset[str]:
    """Its names; the descriptor that reads it is one of them, and has the same number again."""
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _handlers() -> tuple[Any, ...]:
    return tuple(signal.getsignal(number) for number in sorted(signal.valid_signals()))


def _named(before: tuple[Any, ...], after: tuple[Any, ...]) -> str:
    numbers = sorted(signal.valid_signals())
    changed = [n for n, old, new in zip(numbers, before, after) if old != new]
    return signal.Signals(changed[0]).name


def _standing_for(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(sys.modules.get(module), attribute, None)


def _children() -> frozenset[str]:
    """Needs CONFIG_PROC_CHILDREN in the kernel (proc(5)); without it there seem to be none."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return frozenset(file.read().split())
    except OSError:
        return frozenset()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
