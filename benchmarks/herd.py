"""The processes of one program that is measured: started, counted, and ended whatever happens."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING

from . import proc
from .cgroups import Cgroup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from .rivals.launch import Launch

MARK = "DYNAPORT_BENCHMARK"
"""The variable that tells what we started: the benchmark's process, a colon, and a name."""
FOREIGN = (
    "DYNAPORT_",
    "FLASK_",
    "GUNICORN_",
    "LISTEN_",
    "PM2_",
    "PYTHON",
    "VIRTUAL_ENV",
    "WERKZEUG_",
)
"""Variables of our own shell that would change what is measured, bytecode and buffers included."""
PATIENCE = 15.0
"""Seconds until killed processes must be gone."""
GLANCE = 0.005
SIZE = 40, 120
"""Lines and columns of a terminal."""


class Herd:
    """What one command has started, found by its control group, or else by a mark and by descent.

    Use it with `with`: at its end nothing of it runs.
    """

    def __init__(self, name: str, launch: Launch, folder: Path) -> None:
        self.name = name
        self.launch = launch
        self._mark = f"{os.getpid()}:{name}:{time.monotonic_ns()}"
        self._cgroup = Cgroup.make(name)
        self._terminal = -1
        self._started: list[subprocess.Popen[bytes]] = []
        self.began = time.monotonic()
        """When the command was started, in seconds of the monotonic clock."""
        try:
            self._start(launch, folder)
        except BaseException:
            self.end()
            raise

    def _start(self, launch: Launch, folder: Path) -> None:
        slave = -1
        if launch.terminal:
            self._terminal, slave = os.openpty()
        with launch.output.open("wb") as output:
            self.began = time.monotonic()
            started = subprocess.Popen(
                launch.argv,
                cwd=folder,
                env=self._environment,
                stdin=subprocess.DEVNULL if slave < 0 else slave,
                stdout=output if slave < 0 else slave,
                stderr=subprocess.STDOUT,
                preexec_fn=self._prepared(slave),
            )
            self._started.append(started)
        if slave >= 0:
            os.close(slave)
            os.set_blocking(self._terminal, False)

    @property
    def _environment(self) -> dict[str, str]:
        return {**clean(), **self.launch.env, MARK: self._mark}

    def _prepared(self, slave: int) -> Callable[[], None]:
        """What the child does before it becomes the program."""
        cgroup = self._cgroup

        def prepare() -> None:
            if cgroup:
                cgroup.enter()
            os.setsid()
            if slave >= 0:
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
                fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)  # ignored ones would be inherited

        return prepare

    @property
    def pid(self) -> int:
        """Of the command itself."""
        return self._started[0].pid

    @property
    def code(self) -> int | None:
        """Its exit code, when it has ended."""
        self._drain()
        return self._started[0].poll()

    @property
    def over(self) -> int | None:
        """The same where its end is the end of the services; ask for it while waiting."""
        return None if self.launch.heart and self.code == 0 else self.code

    def members(self) -> set[int]:
        """The processes that run."""
        self._drain()
        self._started[0].poll()
        if self._cgroup:
            return {pid for pid in self._cgroup.members() if proc.alive(pid)}
        return {pid for pid in self._by_mark() if proc.alive(pid)}

    def _by_mark(self) -> set[int]:
        found = {pid for pid, mark in proc.marked(MARK).items() if mark == self._mark}
        # Between fork and exec it has our own environment.
        if getattr(self, "_root", None) and self._started[0].returncode is None:
            found.add(self._started[0].pid)
        return proc.descendants(proc.processes(), found)

    def spent(self) -> float:
        """Seconds of processor time, of ended processes too as far as they can be known."""
        if self._cgroup:
            return self._cgroup.spent() or 0.0
        return sum(proc.total(pid) for pid in self.members())

    def named(self, text: str) -> set[int]:
        """Those whose arguments have this text."""
        return self.running(lambda argv: text in " ".join(argv))

    def running(self, wanted: Callable[[tuple[str, ...]], bool]) -> set[int]:
        """Those whose arguments are so."""
        return {pid for pid in self.members() if wanted(proc.arguments(pid))}

    def send(self, number: int) -> None:
        """Signal the command alone."""
        self._started[0].send_signal(number)

    def stop(self, folder: Path) -> None:
        """Begin the stop that the program documents."""
        stop = self.launch.stop
        if isinstance(stop, int):
            self.send(stop)
        elif isinstance(stop, bytes):
            os.write(self._terminal, stop)
        else:
            client = subprocess.Popen(
                stop,
                cwd=folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._started.append(client)

    def run(self, argv: Sequence[str], folder: Path, patience: float = PATIENCE) -> str:
        """Another command of the same program, such as its client; what it printed."""
        return subprocess.run(
            argv,
            cwd=folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=patience,
            check=False,
        ).stdout

    def wait(self, over: Callable[[], object], patience: float, glance: float = GLANCE) -> bool:
        """Look again and again until it is so; False when that takes longer."""
        deadline = time.monotonic() + patience
        while not over():
            if time.monotonic() > deadline:
                return False
            self._drain()
            time.sleep(glance)
        return True

    def _drain(self) -> None:
        """Read what is written to the terminal, so that nobody has to wait for us."""
        with contextlib.suppress(OSError):  # nothing there, or its other end is closed
            while self._terminal >= 0 and os.read(self._terminal, 1 << 16):
                pass

    def end(self) -> None:
        """Kill all of it and wait until it is gone; safe to repeat."""
        deadline = time.monotonic() + PATIENCE
        while members := self._left():
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name}: {len(members)} processes cannot be ended")
            time.sleep(GLANCE)
        for process in self._started:
            process.wait(PATIENCE)
        if self._terminal >= 0:
            os.close(self._terminal)
            self._terminal = -1
        if self._cgroup:
            self._cgroup.close()
            self._cgroup = None

    def _left(self) -> set[int]:
        found = set(self._cgroup.members()) if self._cgroup else set()
        return {pid for pid in found | self._by_mark() if proc.alive(pid)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()


def clean() -> dict[str, str]:
    """Our variables without those that would change what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}


def sweep() -> int:
    """Kill what benchmarks have left that were killed themselves; how many processes these were."""
    left = {
        pid
        for pid, mark in proc.marked(MARK).items()
        if not proc.alive(int(mark.partition(":")[0]))
    }
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(left)
