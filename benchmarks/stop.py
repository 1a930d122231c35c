"""How soon supervisors stop, and what is left over: then, and after they are killed.

    python -m benchmarks stop [--count 30]

Each service has a child that would live on by itself. The clean stop is the one that the
supervisor documents; then each is started again and its process is killed with signal 9.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from . import proc
from .figures import Target, median, ratio
from .herd import Herd
from .report import Table
from .rivals.launch import SUPERVISORS, Launch, Service
from .rivals.ours import NAME, dynaport
from .stage import Stage, play
from .svg import Bars

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

PEER = "honcho"
PATIENCE = 30.0
STOPPING = 30.0
"""Seconds after which a supervisor that is told to stop is no longer waited for."""
LONGER = 3.0
"""Seconds for which services are waited for when the supervisor itself is gone."""
CHILD, PARENT = "100001", "100002"
"""How long they sleep, which tells them from all others."""
FAMILY = f"""
import os
seconds = "{PARENT}" if os.fork() else "{CHILD}"
os.execvp("sleep", ["sleep", seconds])
"""
"""A shell's child would ignore the signal of Ctrl-C, as those of most services do not."""
SETTLED = 1.5
CLEAN, ORPHANED = 1.0, 0.5
"""Targets: the clean stop as part of honcho's, seconds until nothing is left of the killed one."""


class Stop(NamedTuple):
    """One stop, or one end by force."""

    seconds: float
    """Until nothing was left, or no longer waited for."""
    left: int


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tell."""
    return play("stop", __doc__, argv, arguments, measure)


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many."""
    parser.add_argument("--count", type=int, default=30, metavar="N", help="services")


def measure(stage: Stage) -> None:
    """Both ends."""
    names = stage.contenders([*SUPERVISORS, NAME])
    clean = stage.in_turns(names, lambda name: stopped(stage, name), warm=False)
    killed = stage.in_turns(names, lambda name: bereft(stage, name), warm=False)
    tell(stage, clean, killed)


def started(stage: Stage, name: str) -> tuple[Launch, Path]:
    """How it is started, and where."""
    folder = stage.place(name)
    script = folder / "family.py"
    script.write_text(FAMILY)
    argv = (str(stage.kit.python), "-S", str(script))
    services = [Service(f"s{number:02}", folder, argv) for number in range(stage.options.count)]
    if name == NAME:
        return dynaport(stage.kit, folder, services), folder
    return SUPERVISORS[name](stage.kit, folder, services), folder


def running(herd: Herd) -> set[int]:
    """The services and their children."""
    return herd.running(lambda argv: argv in (("sleep", CHILD), ("sleep", PARENT)))


def settle(herd: Herd, count: int) -> int:
    """Wait until all run and the start is over; the process that supervises."""
    if not herd.wait(lambda: len(running(herd)) == 2 * count, PATIENCE):
        raise TimeoutError(f"{len(running(herd))} of {2 * count} processes run")
    time.sleep(SETTLED)
    hearts = herd.named(herd.launch.heart) if herd.launch.heart else {herd.pid}
    if len(hearts) != 1:
        raise LookupError(f"{len(hearts)} processes might be the one that supervises")
    return hearts.pop()


def stopped(stage: Stage, name: str) -> Stop:
    """A clean stop."""
    launch, folder = started(stage, name)
    with Herd(name, launch, folder) as herd:
        heart = settle(herd, stage.options.count)
        began = time.monotonic()
        herd.stop(folder)
        if not herd.wait(lambda: not proc.alive(heart), STOPPING):
            raise TimeoutError(f"did not stop within {STOPPING:g} s")
        return emptied(herd, began)


def bereft(stage: Stage, name: str) -> Stop:
    """The end of the supervisor by force."""
    launch, folder = started(stage, name)
    with Herd(name, launch, folder) as herd:
        heart = settle(herd, stage.options.count)
        began = time.monotonic()
        os.kill(heart, signal.SIGKILL)
        return emptied(herd, began)


def emptied(herd: Herd, began: float) -> Stop:
    """Wait until no service and no child is left."""
    herd.wait(lambda: not running(herd), LONGER)
    return Stop(time.monotonic() - began, len(running(herd)))


def tell(stage: Stage, clean: dict[str, list[Stop]], killed: dict[str, list[Stop]]) -> None:
    """A table, its targets and a picture."""
    count, report = stage.options.count, stage.report
    seconds = {name: median([stop.seconds for stop in all_]) for name, all_ in clean.items()}
    title = f"Stop: {count} services with a child each ({2 * count} processes)"
    columns = (
        *("", "clean stop s", "from", "to", "x honcho", "left"),
        *("killed: seconds until 0", "left after 3 s", "runs"),
    )
    table = Table(title, columns)
    for name, stops in clean.items():
        times = [stop.seconds for stop in stops]
        ends = killed[name]
        left = max((stop.left for stop in ends), default=None)
        table.rows.append(
            (
                name,
                seconds[name],
                min(times, default=None),
                max(times, default=None),
                ratio(seconds[name], seconds.get(PEER)),
                max((stop.left for stop in stops), default=None),
                "never" if left else median([stop.seconds for stop in ends]),
                left,
                str(len(stops)),
            )
        )
    report.tables.append(table)
    report.keep("clean", clean)
    report.keep("killed", killed)
    over = {name: max((stop.left for stop in ends), default=None) for name, ends in killed.items()}
    for slug, unit, values in (
        ("clean", "seconds of a clean stop", list(seconds.items())),
        ("killed", "processes left after the supervisor was killed", list(over.items())),
    ):
        report.pictures.append(Bars(slug, title, unit, values, stage.below))
    if NAME in clean:
        aims(stage, clean[NAME], killed[NAME], ratio(seconds[NAME], seconds.get(PEER)))


def aims(stage: Stage, clean: list[Stop], killed: list[Stop], part: float | None) -> None:
    """What dynaport has to keep to; of what is left over the worst run counts."""
    worst = max((stop.seconds for stop in killed), default=None)
    stage.report.targets += [
        Target("clean stop, x honcho", part, CLEAN),
        Target("left after a clean stop", max((stop.left for stop in clean), default=None), 0),
        Target("left after kill -9", max((stop.left for stop in killed), default=None), 0),
        Target("seconds until nothing is left of kill -9", worst, ORPHANED),
    ]


if __name__ == "__main__":
    sys.exit(main())
