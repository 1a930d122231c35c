"""How long `dynaport up` takes until its first picture with real data, beside an empty Textual app.

    python -m benchmarks.first_picture [RUNS]

Both run in a terminal of 120x35, in turns, each from exec until its picture is on the terminal: for
dynaport the first one that shows the ports of all its services, for the empty app the first that
fills the screen. Prints the medians and their ratio; ends with 1 when that is above TARGET.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TARGET = 1.5
RUNS = 11
PATIENCE = 20.0
COLUMNS, LINES = 120, 35
ROOT = Path(__file__).resolve().parents[1]
EMPTY = "from textual.app import App; App().run()"
COMMAND = (sys.executable, "-P", "-m", "dynaport_tui")
SERVICES = ("catalog", "users", "billing", "orders", "web", "worker")
"""Six, so that the table is that of a usual project."""
SERVICE = """
[services.{name}]
command = "echo up; exec sleep 600"
health = {{ log = "up" }}
"""


def main() -> int:
    """Measure and print; 1 when dynaport takes too long."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory(prefix="dp", dir="/tmp") as name:
        folder = Path(name)
        env = environment(folder)
        file = folder / "services.toml"
        file.write_text("".join(SERVICE.format(name=name) for name in SERVICES))
        ports = leased(file, env)
        ours, theirs = [], []
        for _ in range(runs + 1):  # the first of each is thrown away: it writes bytecode
            ours.append(seconds([*COMMAND, "-f", str(file), "up"], env, shows(ports)))
            theirs.append(seconds([sys.executable, "-c", EMPTY], env, fills))
    return report(ours[1:], theirs[1:])


def report(ours: Sequence[float], theirs: Sequence[float]) -> int:
    """Print both; the exit code."""
    for name, times in (("dynaport up", ours), ("empty app", theirs)):
        row = f"{min(times):.3f} … {max(times):.3f}"
        sys.stdout.write(
            f"{name:12} {statistics.median(times):.3f} s   ({row}, {len(times)} runs)\n"
        )
    ratio = statistics.median(ours) / statistics.median(theirs)
    sys.stdout.write(f"ratio        {ratio:.2f}     (at most {TARGET})\n")
    return int(ratio > TARGET)


def environment(folder: Path) -> dict[str, str]:
    """Variables that keep all of dynaport's files in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DYNAPORT_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody starts programs without bytecode
    return kept | {
        "DYNAPORT_STATE_DIR": str(folder / "s"),
        "DYNAPORT_RUNTIME_DIR": str(folder / "r"),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def leased(file: Path, env: Mapping[str, str]) -> list[bytes]:
    """The ports that the services have had since they ran once."""

    def run(*args: str) -> bytes:
        argv = [*COMMAND, "-f", str(file), *args]
        return subprocess.run(argv, env=env, check=True, capture_output=True).stdout

    run("up", "-d")
    try:
        found = json.loads(run("ps", "--json"))["services"]
    finally:
        run("down")
    return [str(service["port"]).encode() for service in found]


def shows(ports: Sequence[bytes]) -> Callable[[bytes], bool]:
    """Whether all the ports are on the screen."""
    return lambda written: all(port in written for port in ports)


def fills(written: bytes) -> bool:
    """Whether every cell has been written."""
    return written.count(b" ") >= COLUMNS * LINES


def seconds(argv: Sequence[str], env: Mapping[str, str], there: Callable[[bytes], bool]) -> float:
    """From exec until what was written to the terminal shows it; the program is ended then."""
    began = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.execvpe(argv[0], list(argv), dict(env))
    try:
        written = b""
        while not there(written):
            left = began + PATIENCE - time.monotonic()
            if left < 0 or not select.select([terminal], [], [], left)[0]:
                raise TimeoutError(f"no picture of {' '.join(argv)} within {PATIENCE:g} s")
            written += os.read(terminal, 1 << 16)
        return time.monotonic() - began
    finally:
        end(pid, terminal)


def end(pid: int, terminal: int) -> None:
    """Ask it to end, and read on so that it can."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        if select.select([terminal], [], [], 0.02)[0]:
            with contextlib.suppress(OSError):  # its end of the terminal is closed already
                os.read(terminal, 1 << 16)
    os.close(terminal)


if __name__ == "__main__":
    sys.exit(main())
