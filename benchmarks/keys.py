"""How soon a key press shows on the terminal while a service prints 200,000 lines a second.

    python -m benchmarks.keys [SECONDS] [--mprocs PATH]

One service floods, another answers a probe every second. Keys are pressed in a terminal of 120x35,
and the time is taken until what they cause has been written to it: `space` pauses and follows the
flooded log, `j` and `k` go from one service's log to the other's. The same without a flood, and,
where mprocs is found, `j` and `k` in it. Afterwards the lines in the log files are counted against
those that were written, and the probes that the other service saw. Ends with 1 when a target is
missed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .ptys import Pty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TARGET = 100.0
"""Milliseconds, of 95 in a hundred key presses."""
PATIENCE = 10.0
"""Seconds after which a key counts as without effect."""
ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-P", "-m", "dynaport_tui")

FLOOD = """
import os, signal, sys, time
rate = int(sys.argv[1])
written = 0
going = True
def stop(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, stop)
os.write(1, b"flood begins\\n")
line = b"flood " + b"x" * 93 + b"\\n"
block = line * max(rate // 100, 1)
due = time.monotonic()
while going:
    if rate:
        view = memoryview(block)
        while view:
            view = view[os.write(1, view):]
        written += len(block) // len(line)
    due = max(due + 0.01, time.monotonic() - 0.1)
    time.sleep(max(0.0, due - time.monotonic()))
open("written", "w").write(str(written))
"""

QUIET = """
import time
from flask import Flask
app = Flask(__name__)
@app.get("/healthz")
def healthz():
    with open("probes", "a") as file:
        file.write(f"{time.monotonic()}\\n")
    return "ok"
print("quiet-is-here", flush=True)
app.run()
"""

PROJECT = """
[log]
max_size = "4GB"
[services.flood]
command = ["{python}", "flood.py", "{rate}"]
port = false
[services.quiet]
script = "quiet.py"
health = {{ http = "/healthz", interval = 1 }}
"""


class Result(NamedTuple):
    """One run."""

    name: str
    times: list[float]
    """Milliseconds from key to screen."""
    facts: str = ""
    sound: bool = True
    """Whether nothing was lost and no probe was late."""


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    asked = argparse.ArgumentParser()
    asked.add_argument("seconds", nargs="?", type=float, default=20.0)
    asked.add_argument("--mprocs", default=shutil.which("mprocs"))
    options = asked.parse_args()
    results = [dynaport(options.seconds, 0), dynaport(options.seconds, 200_000)]
    if options.mprocs:
        results += [mprocs(options.mprocs, options.seconds, rate) for rate in (0, 200_000)]
    for result in results:
        show(result)
    worst = max(percentile(result.times, 95) for result in results[:2])
    return int(worst > TARGET or not all(result.sound for result in results))


def dynaport(seconds: float, rate: int) -> Result:
    """The dashboard."""
    with tempfile.TemporaryDirectory(prefix="dp", dir="/tmp") as name:
        folder = Path(name)
        prepare(folder, rate)
        (folder / "services.toml").write_text(PROJECT.format(python=sys.executable, rate=rate))
        with Pty([*COMMAND, "up"], folder, environment(folder)) as terminal:
            terminal.expect(b"quiet", 20)
            wait = [*COMMAND, "wait", "--timeout", "20"]
            subprocess.run(wait, cwd=folder, env=environment(folder), check=True)
            terminal.press(b"l", b"\xc2\xb7 flood", 10)
            times = rounds(terminal, seconds / 2, {b"j": b"quiet-is-here", b"k": b"\xc2\xb7 flood"})
            times += rounds(terminal, seconds / 2, {b" ": b"paused"}, {b" ": b"follow"})
            during = probes(folder)
            subprocess.run([*COMMAND, "down"], cwd=folder, env=environment(folder), check=True)
        return Result(f"dynaport, {rate:,} lines/s", times, *soundness(folder, during))


def mprocs(program: str, seconds: float, rate: int) -> Result:
    """The same selection of services in mprocs."""
    with tempfile.TemporaryDirectory(prefix="dp", dir="/tmp") as name:
        folder = Path(name)
        prepare(folder, rate)
        python = sys.executable
        procs = {
            "flood": {"cmd": [python, "flood.py", str(rate)]},
            "quiet": {"cmd": [python, "-c", "print('quiet-is-here', flush=True); input()"]},
        }
        (folder / "mprocs.json").write_text(json.dumps({"procs": procs}))
        argv = [program, "--config", "mprocs.json"]
        with Pty(argv, folder, environment(folder)) as terminal:
            terminal.expect(b"quiet", 20)
            time.sleep(1)
            flooded = b"xxxx" if rate else b"flood begins"
            times = rounds(terminal, seconds, {b"j": b"quiet-is-here", b"k": flooded})
        return Result(f"mprocs, {rate:,} lines/s", times)


def rounds(terminal: Pty, seconds: float, *effects: Mapping[bytes, bytes]) -> list[float]:
    """The times of keys that are pressed in turns, each with its effect; none after one that had
    no effect at all.
    """
    times: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, effect in (pair for turn in effects for pair in turn.items()):
            times.append(pressed(terminal, key, effect))
            if times[-1] >= PATIENCE * 1000:
                return times
    return times


def pressed(terminal: Pty, key: bytes, effect: bytes) -> float:
    """Milliseconds until the key's effect is on the terminal, after a pause as of a person; those
    of PATIENCE where it does not come.
    """
    time.sleep(random.uniform(0.05, 0.15))
    try:
        return terminal.press(key, effect, PATIENCE) * 1000
    except TimeoutError:
        return PATIENCE * 1000


def prepare(folder: Path, rate: int) -> None:
    """The programs that the services run."""
    (folder / "flood.py").write_text(FLOOD)
    (folder / "quiet.py").write_text(QUIET)


def environment(folder: Path) -> dict[str, str]:
    """Variables that keep all of dynaport's files in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DYNAPORT_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {
        "DYNAPORT_STATE_DIR": str(folder / "s"),
        "DYNAPORT_RUNTIME_DIR": str(folder / "r"),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def probes(folder: Path) -> list[float]:
    """When the quiet service was probed."""
    return [float(line) for line in (folder / "probes").read_text().split()]


def soundness(folder: Path, seen: Sequence[float]) -> tuple[str, bool]:
    """What arrived in the files, and the longest time without a probe."""
    written = int((folder / "written").read_text()) + 1
    files = [file for file in folder.glob("s/**/flood*.log*") if file.suffix != ".times"]
    kept = sum(lines(file) for file in files)
    gaps = [later - before for before, later in itertools.pairwise(seen)]
    facts = f"{written:,} lines written, {kept:,} in the files; "
    facts += f"{len(seen)} probes, longest gap {max(gaps):.2f} s"
    return facts, kept == written and max(gaps) < 1.5


def lines(file: Path) -> int:
    """How many a file holds."""
    with file.open("rb") as opened:
        return sum(block.count(b"\n") for block in iter(lambda: opened.read(1 << 20), b""))


def percentile(times: Sequence[float], share: int) -> float:
    """By the nearest rank."""
    return sorted(times)[max(-(-len(times) * share // 100) - 1, 0)]


def show(result: Result) -> None:
    """One row, and what else was seen."""
    p50, p95 = statistics.median(result.times), percentile(result.times, 95)
    row = (
        f"{result.name:28} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   max {max(result.times):6.1f} ms"
    )
    sys.stdout.write(f"{row}   {len(result.times)} keys\n")
    if result.facts:
        sys.stdout.write(f"{'':28} {result.facts}\n")


if __name__ == "__main__":
    sys.exit(main())
