"""Imports modules in a process of its own, to see what that does before the nursery does it too."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NoReturn

from . import carry, hooks, prctl, project, reads
from .traces import Traces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .wire import Frame

PATIENCE = 20
"""Seconds that one module has to be imported."""

NEVER = {
    "gevent": "has its own sockets, which must be made after ours",
    "eventlet": "has its own sockets, which must be made after ours",
}
"""Libraries that are of no use in a process that was forked, and why."""

_NICE = 10

Verdict = dict[str, Any]


class _Stopped(BaseException):
    """A module that is left alone was about to be imported; no library may catch this."""


class Trials:
    """One process after the other that imports modules, and what each has found out."""

    def __init__(self) -> None:
        self._asked: deque[Frame] = deque()
        self._found = self._pid = -1

    def ask(self, frame: Frame) -> None:
        """Have the frame's `modules` tried, `without` those that are left alone.

        Somebody waits for it where it is `urgent`.
        """
        self._asked.append(frame)

    def begin(self) -> None:
        """Start the next one, where none is under way."""
        if self._pid < 0 and self._asked:
            frame = self._asked.popleft()
            self._found = carry.nameless_file()
            self._pid = os.fork()
            if self._pid == 0:
                hooks.between = None
                os.nice(0 if frame.get("urgent") else _NICE)
                _Tried(self._found, {**frame["without"], **NEVER}).run(frame["modules"])

    def ended(self, pid: int, status: int) -> list[Verdict] | None:
        """What was found out, if it was such a process that ended."""
        if pid != self._pid:
            return None
        fd, self._found, self._pid = self._found, -1, -1
        os.lseek(fd, 0, os.SEEK_SET)
        with open(fd, "rb") as file:
            lines = [json.loads(line) for line in file]
        found = [line for line in lines if "ms" in line]
        if len(lines) > 2 * len(found):  # the last one was begun, and not ended
            why = _unfinished(status)
            found.append({**lines[-1], "ms": 0.0, "reads": [], "why": why, "fails": False})
        return found

    @property
    def files(self) -> list[int]:
        """The descriptors in use."""
        return [self._found] if self._found >= 0 else []

    def carried(self) -> dict[str, Any]:
        """All of it, as JSON can hold it, for the program that comes after this one."""
        return {"asked": list(self._asked), "found": self._found, "pid": self._pid}

    def resume(self, carried: dict[str, Any]) -> None:
        """Go on where `carried` was taken."""
        self._asked.extend(carried["asked"])
        self._found, self._pid = carried["found"], carried["pid"]


def _unfinished(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return "ends the program"
    number = os.WTERMSIG(status)
    if number == signal.SIGALRM:
        return f"is not done within {PATIENCE} s"
    return f"crashes ({signal.Signals(number).name})"


class _Tried:
    """The life of that process."""

    def __init__(self, found: int, without: dict[str, str]) -> None:
        self._found, self._without = found, without
        self._why = ""
        """What was noticed while a module was being imported."""

    def run(self, modules: Iterable[str]) -> NoReturn:
        """Try one after the other, as long as none leaves anything behind."""
        try:
            self._settle_in()
            for name in modules:
                if name not in sys.modules and self._try(name):
                    break
        finally:
            os._exit(0)

    def _settle_in(self) -> None:
        prctl.die_with_parent()
        gc.disable()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        self._printed = carry.nameless_file()
        for fd in (1, 2):
            os.dup2(self._printed, fd)
        for entry in os.listdir("/dev/fd"):
            if int(entry) > 2 and int(entry) not in (self._found, self._printed):
                _close(int(entry))
        sys.meta_path.insert(0, self)
        sys.addaudithook(self._audit)

    def _try(self, name: str) -> str:
        """Why it is to be left alone; empty where nothing speaks against it."""
        self._say(module=name)
        before, known = Traces.now(), set(sys.modules)
        began = time.process_time()
        signal.alarm(PATIENCE)
        with reads.noted() as names:
            failed = self._import(name)
        signal.alarm(0)
        ms = round((time.process_time() - began) * 1000, 1)
        why = self._why or Traces.now().left_since(before) or self._seen(known, names) or failed
        fails = bool(why) and why == failed
        self._say(module=name, ms=ms, reads=sorted(names), why=why or None, fails=fails)
        return why

    def _import(self, name: str) -> str:
        try:
            importlib.import_module(name)
        except BaseException as error:  # also SystemExit, and what stops it
            return f"fails: {_told(error)}"
        return ""

    def _seen(self, known: set[str], names: set[str]) -> str:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if os.fstat(self._printed).st_size:
            return "prints"
        if reads.ALL in names:
            return "reads the whole environment"
        for module in sys.modules.keys() - known:
            file = getattr(getattr(sys.modules[module], "__spec__", None), "origin", None)
            if file and file.startswith("/") and project.owns(os.path.realpath(file)):
                return f"imports {module} from {file}, which is not installed"
        return ""

    def _say(self, **fields: Any) -> None:
        os.write(self._found, json.dumps(fields).encode() + b"\n")

    # ---- what the interpreter calls

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> None:
        """Stop before a module that is left alone; all others are left to the other finders."""
        why = self._without.get(name)
        if why is not None:
            self._why = f"needs {name}, which {why}"
            raise _Stopped

    def _audit(self, event: str, values: tuple[Any, ...]) -> None:
        if event == "open":
            self._opened(values[0])
        elif event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
            self._why = self._why or "talks to the network"
        elif event in ("tempfile.mkdtemp", "tempfile.mkstemp"):
            self._why = self._why or "makes a temporary file"

    def _opened(self, path: Any) -> None:
        if isinstance(path, (str, bytes)) and path and not os.path.isabs(path):
            self._why = self._why or f"opens {os.fsdecode(path)} in the current folder"


def _told(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _close(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:  # the listing's own descriptor is closed already
        return
