"""What supervisors cost while their services do nothing: processor time and memory.

    python -m benchmarks idle [--count 30] [--seconds 20] [--no-flask | --no-sleep]

First all of them side by side with services that sleep, dynaport without probes and watching; then
dynaport beside honcho with Flask applications, dynaport with its usual probes over HTTP every five
seconds and watching. Counted are the processes that are no service's.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from . import proc
from .answers import free_ports, until_all_answer
from .figures import Target, median, ratio
from .herd import Herd
from .projects import apps
from .report import Table
from .rivals.launch import SUPERVISORS, Launch, Service
from .rivals.ours import NAME, dynaport
from .stage import BROKEN, Stage, play, say
from .svg import Bars

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

PATIENCE = 60.0
SETTLED = 12.0
"""Seconds until what a start brings with it is over."""
PEER = "honcho"
SLEEP = (shutil.which("sleep") or "sleep", "100000")
QUIET, WATCHING, MEMORY = 0.1, 1.0, 0.6
"""Targets: percent of a core without and with probes and watching; memory as part of honcho's."""


class Idle(NamedTuple):
    """One supervisor over a while."""

    percent: float
    """Of one core, by the supervisor's processes."""
    services: float
    """Of one core, by its services."""
    megabytes: float
    processes: int


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tell."""
    return play("idle", __doc__, argv, arguments, measure)


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many, how long."""
    parser.set_defaults(runs=3)
    parser.add_argument("--count", type=int, default=30, metavar="N", help="services")
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="of a round")
    parser.add_argument("--no-flask", action="store_true", help="only services that sleep")
    parser.add_argument("--no-sleep", action="store_true", help="only Flask applications")


def measure(stage: Stage) -> None:
    """Both kinds of services."""
    count = stage.options.count
    if not stage.options.no_sleep:
        names = stage.contenders([*SUPERVISORS, NAME])
        samples = side_by_side(stage, {name: sleeping(stage, name, count) for name in names})
        tell(stage, f"{count} services that sleep", samples, QUIET)
    if not stage.options.no_flask:
        names = stage.contenders([PEER, NAME])
        samples = side_by_side(stage, {name: serving(stage, name, count) for name in names})
        tell(stage, f"{count} Flask services, probed and watched", samples, WATCHING)


Started = tuple["Herd", "Callable[[Herd], set[int]]"]
"""What runs, and what finds the processes of its services, children included."""


def sleeping(stage: Stage, name: str, count: int) -> Callable[[contextlib.ExitStack], Started]:
    """Starts a supervisor with services that sleep."""

    def start(stack: contextlib.ExitStack) -> Started:
        folder = stage.place("sleep", name)
        services = [Service(f"s{number:02}", folder, SLEEP) for number in range(count)]
        herd = stack.enter_context(Herd(name, launched(stage, name, folder, services), folder))
        if not herd.wait(lambda: len(sleepers(herd)) == count, PATIENCE):
            raise TimeoutError(f"{len(sleepers(herd))} of {count} services run")
        return herd, sleepers

    return start


def sleepers(herd: Herd) -> set[int]:
    """The services that sleep."""
    return herd.running(lambda argv: argv == SLEEP)


def serving(stage: Stage, name: str, count: int) -> Callable[[contextlib.ExitStack], Started]:
    """Starts a supervisor with Flask applications."""

    def start(stack: contextlib.ExitStack) -> Started:
        folder, ports = stage.place("flask", name), free_ports(count)
        services = apps(stage.kit, folder, ports, heavy=False)
        herd = stack.enter_context(Herd(name, launched(stage, name, folder, services), folder))
        until_all_answer(ports, PATIENCE, lambda: herd.over)
        return herd, lambda herd: served(herd, services)

    return start


def served(herd: Herd, services: Sequence[Service]) -> set[int]:
    """The processes that run in the services' own folders; no supervisor does."""
    folders = {str(service.folder) for service in services}
    return {pid for pid in herd.members() if proc.folder(pid) in folders}


def launched(stage: Stage, name: str, folder: Path, services: Sequence[Service]) -> Launch:
    """How it is started with these."""
    if name != NAME:
        return SUPERVISORS[name](stage.kit, folder, services)
    flags = () if services[0].app else ("--no-watch",)
    return dynaport(stage.kit, folder, services, *flags)


def side_by_side(
    stage: Stage, starts: dict[str, Callable[[contextlib.ExitStack], Started]]
) -> dict[str, list[Idle]]:
    """Start all, let them come to rest, and look at all of them over the same seconds."""
    samples: dict[str, list[Idle]] = {}
    running: dict[str, Started] = {}
    with contextlib.ExitStack() as stack:
        for name, start in starts.items():
            say(f"idle: starting {name}")
            try:
                running[name] = start(stack)
            except BROKEN as error:
                stage.report.notes.append(f"{name}: {error}")
        time.sleep(SETTLED)
        for number in range(stage.options.runs):
            say(f"idle: round {number + 1}, all at once")
            for name, idle in over(running, stage.options.seconds).items():
                samples.setdefault(name, []).append(idle)
    return samples


def over(running: dict[str, Started], seconds: float) -> dict[str, Idle]:
    """What each spends in these seconds."""
    parts = {}
    for name, (herd, services) in running.items():
        children = services(herd)
        parts[name] = (herd.members() - children, children)
    before = {name: clocks(parts[name]) for name in running}
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    after = {name: clocks(parts[name]) for name in running}
    found = {}
    for name, (ours, _) in parts.items():
        percent, theirs = (
            100 * (late - early) / took
            for late, early in zip(after[name], before[name], strict=True)
        )
        found[name] = Idle(percent, theirs, sum(map(proc.proportional, ours)), len(ours))
    return found


def clocks(parts: tuple[set[int], set[int]]) -> tuple[float, float]:
    """Seconds of processor time of the supervisor's processes and of the services'."""
    own, theirs = parts
    return sum(map(proc.total, own)), sum(map(proc.spent, theirs))


def tell(stage: Stage, what: str, samples: dict[str, list[Idle]], target: float) -> None:
    """A table, its targets and pictures."""
    percents = {name: median([each.percent for each in all_]) for name, all_ in samples.items()}
    memory = {name: median([each.megabytes for each in all_]) for name, all_ in samples.items()}
    columns = ("", "% of a core", "x honcho", "PSS MB", "x honcho", "processes", "services' %")
    table = Table(f"Idle: {what}", columns)
    for name, found in samples.items():
        table.rows.append(
            (
                name,
                percents[name],
                ratio(percents[name], percents.get(PEER)),
                memory[name],
                ratio(memory[name], memory.get(PEER)),
                str(found[-1].processes),
                median([each.services for each in found]),
            )
        )
    report = stage.report
    report.tables.append(table)
    report.keep(what, samples)
    report.pictures += [
        Bars(f"{what} {unit}", f"Idle with {what}", unit, list(values.items()), stage.below)
        for unit, values in (("% of a core", percents), ("MB (PSS)", memory))
    ]
    if NAME in samples:
        report.targets.append(Target(f"{what}, % of a core", percents[NAME], target))
        part = ratio(memory[NAME], memory.get(PEER))
        report.targets.append(Target(f"{what}, memory x honcho", part, MEMORY))


if __name__ == "__main__":
    sys.exit(main())
