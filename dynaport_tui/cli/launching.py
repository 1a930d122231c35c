"""An engine in a process and a session of its own: how it is started, and what it says of that."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..model.view import Snapshot

if TYPE_CHECKING:
    from ..engine.options import Options

_FITS = 16384
"""Bytes that an empty pipe takes at once, on macOS too."""
PATIENCE = 15.0
"""Seconds until the engine must run or have said why not."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine process says to the one that started it, once."""

    pid: int
    running: bool = False
    """Another engine runs this project already; `pid` is its, 0 where it has not said."""
    code: int = 0
    lines: list[str] = []
    hint: str = ""
    snapshot: Snapshot | None = None
    """Only for an owner: what there is from the beginning."""


class Report:
    """The engine's end of the pipe to its starter; whatever comes after the first word is lost."""

    def __init__(self, fd: int) -> None:
        os.set_inheritable(fd, False)
        self._fd = fd

    def tell(self, told: Told, *, wait: bool = True) -> None:
        """Say it; what does not fit into the pipe can be left to a thread, for the starter may be
        slow to read.
        """
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        data = msgspec.json.encode(told) + b"\n"
        if wait or len(data) <= _FITS:
            _write(fd, data)
        else:
            threading.Thread(target=_write, args=(fd, data), daemon=True).start()


def _write(fd: int, data: bytes) -> None:
    with (
        contextlib.suppress(BrokenPipeError),  # the starter was interrupted: nobody has to know
        open(fd, "wb") as pipe,
    ):
        pipe.write(data)


class Child:
    """An engine process that we started."""

    def __init__(self, pid: int, pipe: int, log: Path) -> None:
        self.pid = pid
        self.log = log
        """What it wrote to its standard error."""
        self._pipe = pipe
        self._code: int | None = None
        self._gone = threading.Event()

    def told(self, seconds: float = PATIENCE) -> Told | None:
        """What it told; None when it ended without a word or the patience is over, which ends it.

        Raises KeyboardInterrupt, which leaves it running.
        """
        data = b""
        deadline = time.monotonic() + seconds
        try:
            while not data.endswith(b"\n"):
                left = max(deadline - time.monotonic(), 0.0)
                if not select.select([self._pipe], [], [], left)[0]:
                    self.end()
                    return None
                if not (more := os.read(self._pipe, 1 << 20)):
                    return None
                data += more
        finally:
            os.close(self._pipe)
        return msgspec.json.decode(data, type=Told)

    def end(self) -> None:
        """Ask it to stop in order."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Do not even ask."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def reap(self) -> None:
        """See to it that its pid is given back as soon as it ends: others look whether it lives."""
        threading.Thread(target=self._reap, name="engine", daemon=True).start()

    def _reap(self) -> None:
        _, status = os.waitpid(self.pid, 0)
        self._code = os.waitstatus_to_exitcode(status)
        self._gone.set()

    def wait(self, seconds: float | None) -> int | None:
        """Its exit code, -n for signal n, as soon as it has ended; None after `seconds`.

        Without a number it waits as long as the engine does, whose every stop has a deadline.
        """
        return self._code if self._gone.wait(seconds) else None


def launch(options: Options, *arguments: str, pass_on: int | None = None) -> Child:
    """Start an engine with its standard streams detached; `pass_on` is a descriptor for it."""
    from ..ledger.folders import project_state

    log = project_state(options.file) / "engine.log"
    ours, theirs = os.pipe()
    passed = [theirs] if pass_on is None else [theirs, pass_on]
    try:
        for fd in passed:
            os.set_inheritable(fd, True)
        pid = _spawn([*_arguments(options), *arguments, f"--report-to={theirs}"], log)
    except BaseException:
        os.close(ours)
        raise
    finally:
        for fd in passed:
            os.close(fd)
    return Child(pid, ours, log)


def command_for(file: Path) -> list[str]:
    """How to call dynaport about a project: a command's name and arguments follow."""
    return [*_interpreter(), "-m", "dynaport_tui", "-f", str(file)]


def _interpreter() -> list[str]:
    # Not from the current folder, where a file of the project may be called like a library.
    beside = Path(__file__).parents[2] == Path.cwd()
    return [sys.executable, *([] if beside else ["-P"])]


def _arguments(options: Options) -> list[str]:
    """The command line that means the same in the engine's process."""
    flags = {
        "--no-watch": not options.watch,
        "--keep-going": options.keep_going,
        "--exit-when-ready": options.exit_when_ready,
    }
    chosen = [flag for flag, given in flags.items() if given]
    chosen += [f"--profile={profile}" for profile in options.profiles]
    if options.timeout is not None:
        chosen.append(f"--timeout={options.timeout}")
    return [*command_for(options.file), "up", "--no-tui", *chosen, *options.services]


def _spawn(argv: list[str], log: Path) -> int:
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.posix_spawn(
        sys.executable,
        argv,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, str(log), write, 0o600),
        ],
        setsid=True,
    )
