"""How fast ports are given away to many processes at once, and how many of them twice.

    python -m benchmarks ports [--procs 50] [--each 20]

All processes begin together and ask for ports of apps of different names. portpicker asks the
kernel and remembers nothing; the others give the same app the same port the next time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .figures import Target, median, ratio
from .report import Table
from .rivals.ours import NAME, ROOT, variables
from .stage import Stage, play
from .svg import Bars

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

RIVALS = ("port-for", "portpicker")
PEER = "port-for"
PATIENCE = 180.0
FASTER = 15.0
"""Target: allocations a second, as a multiple of port-for's."""
SCRIPT = ROOT / "benchmarks" / "rivals" / "allocators.py"


class Round(NamedTuple):
    """All processes once."""

    rate: float
    """Ports given a second."""
    granted: int
    twice: int
    """Ports given that somebody else had been given."""
    failed: int
    lost: int | None
    """Ports given that nothing is known of in the end; None where that is so of all."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tell."""
    return play("ports", __doc__, argv, arguments, measure)


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many."""
    parser.add_argument("--procs", type=int, default=50, metavar="N", help="processes at once")
    parser.add_argument("--each", type=int, default=20, metavar="N", help="ports for each")


def measure(stage: Stage) -> None:
    """All of them in turns."""
    names = stage.contenders([*RIVALS, NAME])
    tell(stage, stage.in_turns(names, lambda name: allocated(stage, name)))


def allocated(stage: Stage, name: str) -> Round:
    """One round in a new folder."""
    folder = Path(tempfile.mkdtemp(prefix="p", dir=stage.folder))
    python = sys.executable if name == NAME else str(stage.kit.python)
    options = stage.options
    done = subprocess.run(
        [python, str(SCRIPT), name, str(folder), str(options.procs), str(options.each)],
        env={**os.environ, **(variables(folder) if name == NAME else {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr else "failed")
    found = json.loads(done.stdout)
    return Round(
        found["granted"] / found["seconds"],
        found["granted"],
        found["granted"] - found["different"],
        sum(found["errors"].values()),
        None if found["kept"] is None else found["granted"] - found["kept"],
    )


def tell(stage: Stage, rounds: dict[str, list[Round]]) -> None:
    """A table, its targets and a picture."""
    report, options = stage.report, stage.options
    rates = {name: median([one.rate for one in all_]) for name, all_ in rounds.items()}
    wanted = options.procs * options.each
    title = f"Ports: {options.procs} processes at once, {options.each} each ({wanted:,} in all)"
    columns = ("", "a second", "from", "to", f"x {PEER}", "twice", "errors", "lost", "runs")
    table = Table(title, columns)
    for name, all_ in rounds.items():
        speeds = [one.rate for one in all_]
        table.rows.append(
            (
                name,
                rates[name],
                min(speeds, default=None),
                max(speeds, default=None),
                ratio(rates[name], rates.get(PEER)),
                span([one.twice for one in all_]),
                span([one.failed for one in all_]),
                span([one.lost for one in all_]),
                str(len(all_)),
            )
        )
    report.tables.append(table)
    report.keep("ports", rounds)
    report.pictures.append(
        Bars("rate", title, "ports given a second", list(rates.items()), stage.below)
    )
    if NAME in rounds:
        aims(stage, rounds[NAME], ratio(rates[NAME], rates.get(PEER)), wanted)


def span(values: Sequence[int | None]) -> str:
    """From and to."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    low, high = min(known), max(known)
    return str(low) if low == high else f"{low}-{high}"


def aims(stage: Stage, ours: Sequence[Round], times: float | None, wanted: int) -> None:
    """What dynaport has to keep to; of what goes wrong the worst round counts."""
    fewest = min((one.granted - one.twice for one in ours), default=None)
    stage.report.targets += [
        Target(f"ports a second, x {PEER}", times, FASTER, at_least=True),
        Target("different ports", fewest, wanted, at_least=True),
        Target("errors", max((one.failed for one in ours), default=None), 0),
        Target("lost", max((one.lost or 0 for one in ours), default=None), 0),
    ]


if __name__ == "__main__":
    sys.exit(main())
