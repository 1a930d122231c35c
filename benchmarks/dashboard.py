"""What the dashboard costs while nothing changes: 100 services that sleep, 300,000 kept lines.

    python -m benchmarks.dashboard [SECONDS]

Everything is real: the services print 3,000 lines each, as if a line a second for 50 minutes, and
then sleep. The processor time of the dashboard, the engine and the fork server is taken over
SECONDS (30) with the merged log, then with the graph and with one service's history in sight; the
memory (PSS) at first, after that, and after going through the whole log and searching it. Ends with
1 when the dashboard needs more than TARGET, or grows by more than GROWTH.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from .ptys import Pty

if TYPE_CHECKING:
    from collections.abc import Mapping

TARGET = 2.0
"""Percent of one core."""
GROWTH = 30.0
"""MB by which it may grow while a person goes through everything."""
SERVICES, LINES = 100, 3_000
PATIENCE = 60.0
ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-P", "-m", "dynaport_tui")
SERVICE = """
[services.idle{number:03}]
command = "seq -f 'INFO line %g of a service that has said all that it has to say' 1 {lines}; \
echo that is all; exec sleep 100000"
port = false
health = {{ log = "that is all" }}
depends_on = [{parent}]
"""
PAGES = 150
"""How often a page is turned in each direction."""


class Parts(NamedTuple):
    """The processes of ours."""

    dashboard: psutil.Process
    engine: psutil.Process
    nursery: psutil.Process | None


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    with tempfile.TemporaryDirectory(prefix="dp", dir="/tmp") as name:
        folder = Path(name)
        (folder / "services.toml").write_text("".join(map(service, range(SERVICES))))
        env = environment(folder)
        with Pty([*COMMAND, "up"], folder, env) as terminal:
            parts = ready(terminal, folder, env)
            try:
                return measured(terminal, parts, seconds)
            finally:
                subprocess.run(
                    [*COMMAND, "down"], cwd=folder, env=env, check=False, capture_output=True
                )


def service(number: int) -> str:
    """Every tenth is what the nine after it depend on."""
    parent = f'"idle{number // 10 * 10:03}"' if number % 10 else ""
    return SERVICE.format(number=number, lines=LINES, parent=parent)


def measured(terminal: Pty, parts: Parts, seconds: float) -> int:
    """Print rows as they come; the exit code."""
    sys.stdout.write(f"{'':30} dashboard   engine   nursery   to the terminal\n")
    first = memory(terminal, parts, "memory at first")
    worst = [processor(terminal, parts, "the merged log in sight", seconds)]
    for key, effect, what in (
        (b"w", b"history", "why of a service in sight"),
        (b"g", b" graph", "the graph in sight"),
    ):
        terminal.press(key, effect, PATIENCE)
        worst.append(processor(terminal, parts, what, seconds))
    terminal.press(b"g", b"service", PATIENCE)
    terminal.press(b"1", b"follow", PATIENCE)
    memory(terminal, parts, "memory after that")
    go_through(terminal)
    last = memory(terminal, parts, "memory after going through all")
    sys.stdout.write(
        f"at most {max(worst):.2f} % of a core (target {TARGET:g}), "
        f"grown by {last - first:.1f} MB (target {GROWTH:g})\n"
    )
    return int(max(worst) > TARGET or last - first > GROWTH)


def go_through(terminal: Pty) -> None:
    """Turn pages from the end up and from the beginning down, and search the whole log."""
    terminal.press(b"\t", b"copy", PATIENCE)
    for there, page in ((b"G", b"\x1b[5~"), (b"\x1b[H", b"\x1b[6~")):
        terminal.press(there, b"line", PATIENCE)
        for _ in range(PAGES):
            terminal.press(page, b"line", PATIENCE)
    terminal.press(b'/"line 2999 of"\r', b" of 100", PATIENCE)
    terminal.press(b"\x1b", b"lines", PATIENCE)
    terminal.press(b"G", b"follow", PATIENCE)


def processor(terminal: Pty, parts: Parts, what: str, seconds: float) -> float:
    """Percent of a core that the dashboard needed; prints all of them."""
    time.sleep(3)  # what the last key began is over
    written = terminal.written
    before = [spent(part) for part in parts]
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    shares = [100 * (spent(part) - then) / took for part, then in zip(parts, before, strict=True)]
    a_second = (terminal.written - written) / took
    figures = "".join(f"{share:7.2f} %" for share in shares)
    sys.stdout.write(f"{what:30} {figures}   {a_second:7.0f} B/s\n")
    sys.stdout.flush()
    return shares[0]


def memory(terminal: Pty, parts: Parts, what: str) -> float:
    """MB of the dashboard; prints all of them."""
    found = [proportional(part) for part in parts]
    sys.stdout.write(f"{what:30} {''.join(f'{size:6.1f} MB' for size in found)}\n")
    sys.stdout.flush()
    return found[0]


def spent(process: psutil.Process | None) -> float:
    """Seconds of processor time, not counting children."""
    if process is None:
        return 0.0
    times = process.cpu_times()
    return float(times.user + times.system)


def proportional(process: psutil.Process | None) -> float:
    """MB, shared pages divided among those who share them."""
    return 0.0 if process is None else float(process.memory_full_info().pss) / 1e6


def ready(terminal: Pty, folder: Path, env: Mapping[str, str]) -> Parts:
    """All services have said everything, and the dashboard has shown it."""
    terminal.expect(b"follow", PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while True:
        snapshot = asked(folder, env)
        if snapshot and all(each["state"] == "READY" for each in snapshot["services"]):
            break
        if time.monotonic() > deadline:
            raise TimeoutError("the services do not become ready")
        time.sleep(0.5)
    engine = psutil.Process(snapshot["project"]["engine_pid"])
    nurseries = [each for each in engine.children() if "nursery" in " ".join(each.cmdline())]
    time.sleep(5)
    return Parts(psutil.Process(terminal.pid), engine, nurseries[0] if nurseries else None)


def asked(folder: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """What `ps --json` says; empty as long as nothing listens."""
    done = subprocess.run(
        [*COMMAND, "ps", "--json"], cwd=folder, env=env, check=False, capture_output=True
    )
    with contextlib.suppress(ValueError):
        found: dict[str, Any] = json.loads(done.stdout)
        return found
    return {}


def environment(folder: Path) -> dict[str, str]:
    """Variables that keep all of dynaport's files in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DYNAPORT_")}
    return kept | {
        "DYNAPORT_STATE_DIR": str(folder / "s"),
        "DYNAPORT_RUNTIME_DIR": str(folder / "r"),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


if __name__ == "__main__":
    sys.exit(main())
