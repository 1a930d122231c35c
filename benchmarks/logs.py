"""A million lines of 100 bytes through supervisors: into their log files, and prefixed on stdout.

    python -m benchmarks logs [--lines 1000000] [--no-raw] [--no-prefixed] [--no-busy]

The supervisor runs already when the lines begin. Its processor time is that from the first line to
half a second after the last one. Then dynaport gets ten times as many lines, while `ps` is asked.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from . import proc
from .feed import LENGTH, Feed, Passed, pass_through, write_lines
from .figures import Target, median, ratio
from .herd import Herd
from .report import Table
from .rivals.launch import SUPERVISORS, Launch
from .rivals.ours import COMMAND, NAME, dynaport
from .stage import Stage, play, say
from .svg import Bars

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

PATIENCE = 120.0
STARTING = 20.0
RAW, PREFIXED = ("supervisord", "pm2", "circus"), ("concurrently", "honcho", "foreman")
SLOW = {"honcho": 2, "foreman": 2}
"""How often those are run that need a quarter of a minute for what others do in a third second."""
RATE_RAW, RATE, PROCESSOR, PROMPT, MEMORY = 0.5, 1.0, 0.75, 0.3, 200.0
"""Targets: parts of supervisord's rate, of concurrently's rate and processor time, s, MB."""
TIMES = 10
"""How many times the lines are printed while `ps` is asked."""
EVERY = 0.5
ASK = b"GET /v1/project HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Asked(NamedTuple):
    """How long one `ps` took."""

    command: float
    """Seconds of `dynaport ps`, with the start of its interpreter."""
    socket: float
    """Seconds until the engine had answered the same over its socket."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tell."""
    return play("logs", __doc__, argv, arguments, measure)


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many lines, and what of it."""
    parser.add_argument("--lines", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--no-raw", action="store_true", help="not into log files")
    parser.add_argument("--no-prefixed", action="store_true", help="not on standard output")
    parser.add_argument("--no-busy", action="store_true", help="not `ps` meanwhile")


def measure(stage: Stage) -> None:
    """The three parts."""
    options, lines = stage.options, stage.folder / "lines"
    write_lines(lines, options.lines)
    if not options.no_raw:
        names = stage.contenders([*RAW, NAME])
        samples = stage.in_turns(names, partial(raw, stage, lines), seldom=SLOW)
        tell(stage, "into log files", "supervisord", samples)
    if not options.no_prefixed:
        names = stage.contenders([*PREFIXED, NAME])
        samples = stage.in_turns(names, partial(prefixed, stage, lines), seldom=SLOW)
        tell(stage, "prefixed into a file", "concurrently", samples)
    if not options.no_busy and not stage.interrupted and (not options.only or NAME in options.only):
        busy(stage, lines)


def raw(stage: Stage, lines: Path, name: str) -> Passed:
    """Into the log file that the supervisor writes."""
    return once(stage, lines, name, kind="raw")


def prefixed(stage: Stage, lines: Path, name: str) -> Passed:
    """Through its standard output into a file."""
    return once(stage, lines, name, kind="prefixed")


def once(stage: Stage, lines: Path, name: str, *, kind: str) -> Passed:
    """Start with nothing, let the lines pass, end, and throw away what was written."""
    folder = stage.place(kind, name)
    feed = Feed(folder, lines)
    launch = launched(stage, name, folder, feed, detached=kind == "raw")
    try:
        with Herd(name, launch, folder) as herd:
            sink = found(herd, launch) if kind == "raw" else launch.output
            return pass_through(herd, feed, sink, stage.options.lines, PATIENCE)
    finally:
        shutil.rmtree(folder)


def launched(stage: Stage, name: str, folder: Path, feed: Feed, *, detached: bool) -> Launch:
    """How it is started with the service."""
    if name == NAME:
        return dynaport(stage.kit, folder, [feed.service], detached=detached)
    return SUPERVISORS[name](stage.kit, folder, [feed.service])


def found(herd: Herd, launch: Launch) -> Path:
    """The file to which the supervisor writes the service's lines, once there is one."""
    if launch.logs is None:
        raise LookupError("it writes no log files")
    folder, pattern = launch.logs
    paths: list[Path] = []

    def there() -> bool:
        paths[:] = folder.glob(pattern.format("feed"))
        return bool(paths)

    if not herd.wait(there, STARTING):
        raise TimeoutError(f"no log file in {folder}")
    return paths[0]


def busy(stage: Stage, lines: Path) -> None:
    """Ask `ps` while nothing happens, and while ten times the lines pass."""
    say("logs: ps while lines pass")
    folder = stage.place("busy")
    feed = Feed(folder, lines, TIMES)
    launch = dynaport(stage.kit, folder, [feed.service], detached=True)
    with Herd(NAME, launch, folder) as herd:
        sink = found(herd, launch)
        calm = [asked(herd, folder) for _ in range(4)][1:]  # the first writes bytecode
        feed.go(herd, PATIENCE)
        hectic = list(while_growing(herd, sink, folder))
        own = feed.supervisors(herd)
        most = max(proc.megabytes(proc.read(pid, "status"), "VmHWM") for pid in own)
    table = Table(
        f"`dynaport ps` while {TIMES * stage.options.lines:,} lines pass",
        ("", "command s", "worst", "engine's answer s", "worst", "times"),
    )
    for what, asks in (("idle", calm), ("while lines pass", hectic)):
        commands, sockets = [ask.command for ask in asks], [ask.socket for ask in asks]
        table.rows.append(
            (
                *(what, median(commands), max(commands, default=None)),
                *(median(sockets), max(sockets, default=None), len(asks)),
            )
        )
    stage.report.tables.append(table)
    stage.report.keep("ps", {"idle": calm, "while lines pass": hectic})
    slowest = max((ask.command for ask in hectic), default=None)
    stage.report.targets += [
        Target("`ps` while lines pass, s, slowest", slowest, PROMPT),
        Target("engine's memory at most, MB", most, MEMORY),
    ]


def while_growing(herd: Herd, sink: Path, folder: Path) -> list[Asked]:
    """Ask every half second until nothing more is written."""
    found, last, deadline = [], -1, time.monotonic() + PATIENCE
    while (now := written(sink)) != last and time.monotonic() < deadline:
        last = now
        began = time.monotonic()
        found.append(asked(herd, folder))
        time.sleep(max(began + EVERY - time.monotonic(), 0.05))
    return found[:-1] or found  # the last one was asked when all had passed


def written(sink: Path) -> int:
    """When the file was written last; its size falls when it is rotated."""
    with contextlib.suppress(FileNotFoundError):
        return sink.stat().st_mtime_ns
    return 0


def asked(herd: Herd, folder: Path) -> Asked:
    """Ask once in both ways."""
    began = time.monotonic()
    said = herd.run([*COMMAND, "ps"], folder)
    between = time.monotonic()
    if "feed" not in said:
        raise RuntimeError(f"ps says: {said}")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(next((folder / "r").glob("*/sock"))))
        connection.sendall(ASK)
        while connection.recv(1 << 16):
            pass
    return Asked(between - began, time.monotonic() - between)


def tell(stage: Stage, what: str, peer: str, samples: dict[str, list[Passed]]) -> None:
    """A table, its targets and a picture."""
    count, report = stage.options.lines, stage.report
    rates = {name: median([count / one.seconds for one in all_]) for name, all_ in samples.items()}
    spent = {name: median([one.processor for one in all_]) for name, all_ in samples.items()}
    title = f"Logs: {count:,} lines of {LENGTH} bytes {what}"
    columns = (
        *("", "lines/s", f"x {peer}", "processor s", f"x {peer}"),
        *("lost", "memory at most, MB", "runs"),
    )
    table = Table(title, columns)
    for name, found in samples.items():
        table.rows.append(
            (
                *(name, rates[name], ratio(rates[name], rates.get(peer))),
                *(spent[name], ratio(spent[name], spent.get(peer))),
                max((one.lost for one in found), default=None),
                max((one.megabytes for one in found), default=None),
                str(len(found)),
            )
        )
    report.tables.append(table)
    report.keep(what, samples)
    report.pictures.append(Bars(what, title, "lines a second", list(rates.items()), stage.below))
    if NAME in samples:
        rate, processor = (ratio(each[NAME], each.get(peer)) for each in (rates, spent))
        missing = max((one.lost for one in samples[NAME]), default=None)
        least = RATE_RAW if peer in RAW else RATE
        report.targets.append(Target(f"{what}, rate x {peer}", rate, least, at_least=True))
        if peer in PREFIXED:
            report.targets.append(Target(f"{what}, processor x {peer}", processor, PROCESSOR))
        report.targets.append(Target(f"{what}, lines lost", missing, 0))


if __name__ == "__main__":
    sys.exit(main())
