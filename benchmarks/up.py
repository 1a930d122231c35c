"""From the command until all services answer: dynaport beside other supervisors and bare sh.

    python -m benchmarks up [--count 1,30] [--heavy | --light] [--cold]

Each service is a Flask application of its own. The first run of each is thrown away, so that ports
are chosen and bytecode is written; with --cold every run has neither. Processor time is that of all
processes, from the command to the last answer.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .answers import free_ports, until_all_answer
from .figures import Target, median, ratio
from .herd import Herd
from .projects import apps, forget_bytecode
from .report import Table
from .rivals.launch import SUPERVISORS, Launch, Service
from .rivals.ours import COMMAND, NAME, dynaport
from .stage import Stage, play
from .svg import Bars

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

PATIENCE = 60.0
"""Seconds until all must answer."""
STOPPING = 20.0
LINGER = 2.0
"""Seconds that the first run goes on, in which what it has learned can be kept."""
FLOOR, PEER = "sh", "honcho"
WALL, PROCESSOR, ONE = 0.2, 0.15, 1.2
"""What is aimed at, as parts of honcho's: the time and processor time of 30, the time of one."""
MANY, SINGLE = 30, 1


class Up(NamedTuple):
    """One run."""

    seconds: float
    processor: float


@dataclass(frozen=True)
class Case:
    """What is started."""

    count: int
    heavy: bool

    def __str__(self) -> str:
        weight = "heavy" if self.heavy else "light"
        return f"{self.count} {weight} service{'s' if self.count > 1 else ''}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tell."""
    return play("up", __doc__, argv, arguments, measure)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which cases."""
    parser.add_argument(
        "--count",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[SINGLE, MANY],
        metavar="N,N",
        help="how many services (default: 1,30)",
    )
    parser.add_argument("--heavy", action="store_true", help="only with pydantic, sqlalchemy, …")
    parser.add_argument("--light", action="store_true", help="only with Flask alone")
    parser.add_argument("--cold", action="store_true", help="no state folder, no bytecode")


def measure(stage: Stage) -> None:
    """All cases, one after the other."""
    options = stage.options
    names = stage.contenders([*SUPERVISORS, NAME])
    for heavy in (False, True):
        if (options.light if heavy else options.heavy) and options.light != options.heavy:
            continue
        for count in [] if stage.interrupted else options.count:
            case = Case(count, heavy)
            tell(stage, case, stage.in_turns(names, Contest(stage, case), warm=not options.cold))


class Contest:
    """The runs of one case; called with a name it makes one of them."""

    def __init__(self, stage: Stage, case: Case) -> None:
        self._stage = stage
        self._case = case
        self._cold = bool(stage.options.cold)
        self._leased: list[int] = []
        """The ports that dynaport has chosen, once they are known."""

    def __call__(self, name: str) -> Up:
        """Start, wait for all answers, end."""
        folder = self._stage.place(f"{self._case.count}{'h' if self._case.heavy else 'l'}", name)
        if self._cold:
            forget(folder)
        launch, ports = self._prepared(name, folder)
        with Herd(name, launch, folder) as herd:
            if not ports:
                herd.wait(lambda: bool(self._learn(herd, folder)), PATIENCE)
                ports = self._leased
            seconds = until_all_answer(ports, PATIENCE, lambda: herd.over) - herd.began
            processor = herd.spent()
            if name == NAME:
                self._leave(herd, launch)
        return Up(seconds, processor)

    def _prepared(self, name: str, folder: Path) -> tuple[Launch, list[int]]:
        """How it is started, and the ports of its services, as far as they are known."""
        ours = name == NAME and not self._cold
        ports = self._leased if ours else free_ports(self._case.count)
        services = self._services(folder, [None] * self._case.count if ours else ports)
        if name == NAME:
            return dynaport(self._stage.kit, folder, services), ports
        return SUPERVISORS[name](self._stage.kit, folder, services), ports

    def _services(self, folder: Path, ports: Sequence[int | None]) -> list[Service]:
        return apps(self._stage.kit, folder, ports, heavy=self._case.heavy)

    def _learn(self, herd: Herd, folder: Path) -> list[int]:
        """Ask for the ports, which stay the same from then on."""
        time.sleep(0.2)
        with contextlib.suppress(ValueError):
            found = json.loads(herd.run([*COMMAND, "ps", "--json"], folder))["services"]
            self._leased = [service["port"] for service in found if service["port"]]
        return self._leased if len(self._leased) == self._case.count else []

    def _leave(self, herd: Herd, launch: Launch) -> None:
        """Stop in order, as a person does, so that what was learned is kept."""
        if isinstance(launch.stop, int):
            time.sleep(LINGER)
            herd.send(launch.stop)
            herd.wait(lambda: not herd.members(), STOPPING)


def forget(folder: Path) -> None:
    """Everything that earlier runs have left."""
    forget_bytecode(folder)
    for part in ("s", "r"):
        shutil.rmtree(folder / part, ignore_errors=True)


def tell(stage: Stage, case: Case, samples: dict[str, list[Up]]) -> None:
    """A table, its targets and a picture."""
    walls = {name: median([up.seconds for up in ups]) for name, ups in samples.items()}
    spent = {name: median([up.processor for up in ups]) for name, ups in samples.items()}
    title = f"Up: {case}, {'cold' if stage.options.cold else 'warm'}: command to the last answer"
    table = Table(
        title,
        ("", "seconds", "from", "to", "x honcho", "x sh", "processor s", "x honcho", "runs"),
    )
    for name, ups in samples.items():
        times = [up.seconds for up in ups]
        table.rows.append(
            (
                name,
                walls[name],
                min(times, default=None),
                max(times, default=None),
                ratio(walls[name], walls.get(PEER)),
                ratio(walls[name], walls.get(FLOOR)),
                spent[name],
                ratio(spent[name], spent.get(PEER)),
                str(len(ups)),
            )
        )
    report = stage.report
    report.tables.append(table)
    report.samples[str(case)] = {
        name: [up._asdict() for up in ups] for name, ups in samples.items()
    }
    date = report.machine["date"]
    below = (
        f"{date}, {report.machine['cores']} cores, medians of {stage.options.runs} runs in turns"
    )
    report.pictures.append(Bars(str(case), title, "seconds", list(walls.items()), below))
    if NAME in walls and PEER in walls and not stage.options.cold:
        wall, processor = ratio(walls[NAME], walls[PEER]), ratio(spent[NAME], spent[PEER])
        if case.count == MANY:
            report.targets.append(Target(f"{case}, time, x honcho", wall, WALL))
            report.targets.append(Target(f"{case}, processor, x honcho", processor, PROCESSOR))
        if case.count == SINGLE:
            report.targets.append(Target(f"{case}, time, x honcho", wall, ONE))


if __name__ == "__main__":
    sys.exit(main())
