"""What all these benchmarks have in common: options, a private folder, turns, and a tidy end."""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from . import cgroups, herd, machine, proc
from .report import Report
from .rivals.kit import Kit, default_folder
from .rivals.ours import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Sample = TypeVar("Sample")

RUNS = 7
ENOUGH = 2
INTERRUPTED = 130
BROKEN = (TimeoutError, RuntimeError, OSError, subprocess.TimeoutExpired, LookupError, ValueError)
"""What a program may do to its measurement; the others are measured nevertheless."""


class Stage:
    """Where one benchmark runs."""

    def __init__(self, options: argparse.Namespace, folder: Path, report: Report) -> None:
        self.options = options
        self.kit = Kit(options.rivals.absolute())
        self.folder = folder
        """Private, new, and with a short path, since sockets are made below it."""
        self.report = report
        self.interrupted = False
        """Whether somebody wants an end; what was measured so far is told all the same."""
        self._left_out: dict[str, str] = {}

    def contenders(self, rivals: Iterable[str]) -> list[str]:
        """dynaport and those of the rivals that are there and wanted; tells which are not."""
        found, only = [], self.options.only
        for name in rivals:
            if only and name not in only:
                continue
            if name in ("sh", NAME) or self.kit.tool(needs(name)):
                found.append(name)
            else:
                self.leave_out(name, self.kit.why_not(needs(name)))
        return found

    def leave_out(self, name: str, reason: str) -> None:
        """Tell at the end that something was not measured."""
        self._left_out[name] = reason
        self.report.left_out = self._left_out

    @property
    def below(self) -> str:
        """What stands below a picture."""
        told = self.report.machine
        return f"{told['date']}, {told['cores']} cores, medians of {self.options.runs} in turns"

    def place(self, *parts: str) -> Path:
        """A folder below ours."""
        path = self.folder.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def in_turns(
        self,
        names: Sequence[str],
        once: Callable[[str], Sample],
        *,
        warm: bool = True,
        seldom: Mapping[str, int] | None = None,
    ) -> dict[str, list[Sample]]:
        """Run A B C A B C …; `warm`: a round before them is thrown away.

        `seldom`: those that are too slow for it run so many rounds only, and none before.

        One that breaks has a sample less and is named below the tables; it is left alone then after
        ENOUGH of them.
        """
        samples: dict[str, list[Sample]] = {name: [] for name in names}
        failures = dict.fromkeys(names, 0)
        for number, name in schedule(names, self.options.runs, warm=warm, seldom=seldom or {}):
            if self.interrupted or failures[name] >= ENOUGH:
                continue
            say(f"{self.report.name}: round {number}, {name}")
            try:
                sample = once(name)
            except BROKEN as error:
                failures[name] += 1
                self.report.notes.append(f"round {number}, {name}: {error}")
            except (KeyboardInterrupt, SystemExit):
                self.interrupted = True
                self.report.notes.append(f"interrupted in round {number}: fewer runs than wanted")
            else:
                if number:
                    samples[name].append(sample)
        return samples


def schedule(
    names: Sequence[str], rounds: int, *, warm: bool, seldom: Mapping[str, int]
) -> Iterator[tuple[int, str]]:
    """Who runs in which round; round 0 is the one that is thrown away."""
    for number in range(0 if warm else 1, rounds + 1):
        for name in names:
            if name not in seldom or 0 < number <= seldom[name]:
                yield number, name


def needs(name: str) -> str:
    """The rival that must be installed for one with a variant in its name, as `flask (stat)`."""
    return {"flask (stat)": "flask", "flask (watchdog)": "watchdog"}.get(name, name.split(" ")[0])


def slug(name: str) -> str:
    """A name for a file or a control group."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")


def play(
    name: str,
    words: str | None,
    argv: Sequence[str] | None,
    arguments: Callable[[argparse.ArgumentParser], None],
    measure: Callable[[Stage], None],
) -> int:
    """Measure, then print and write what was found; 1 when a target is missed, 2 without rivals."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}",
        description=words,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common(parser)
    arguments(parser)
    options = parser.parse_args(argv)
    if not sys.platform.startswith("linux"):
        parser.error("it reads /proc, so it runs on Linux only")
    kit = Kit(options.rivals.absolute())
    if not kit.ready:
        parser.error(f"no rivals in {kit.folder}; fetch them with: python -m benchmarks install")
    with orderly(), tempfile.TemporaryDirectory(prefix="dp", dir="/tmp") as folder:
        report = Report(name, machine.described(), kit.versions(), {})
        began = time.monotonic()
        stage = Stage(options, Path(folder).resolve(), report)
        measure(stage)
        say(f"{name}: took {time.monotonic() - began:.0f} s")
    code = told(report, options)
    return INTERRUPTED if stage.interrupted else code


def common(parser: argparse.ArgumentParser) -> None:
    """The options that all of them have."""
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help="rounds (default: 7)")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=[],
        metavar="NAME,NAME",
        help="measure these alone",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write pictures there")
    parser.add_argument(
        "--rivals", type=Path, default=default_folder(), metavar="FOLDER", help="where they are"
    )


@contextlib.contextmanager
def orderly() -> Iterator[None]:
    """Let TERM and HUP end us as Ctrl-C does, so that all is cleaned up; first tidy up others'."""

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    killed = herd.sweep()
    cgroups.sweep(proc.alive)
    if killed:
        say(f"ended {killed} processes that a killed benchmark had left")
    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def told(report: Report, options: argparse.Namespace) -> int:
    """Print the report and write its files; the exit code."""
    sys.stdout.write(report.text())
    if options.json:
        options.json.write_text(report.json(), encoding="utf-8")
    for path in report.draw(options.out) if options.out else ():
        say(f"wrote {path}")
    return int(not report.met)


def say(text: str) -> None:
    """Tell what is going on."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
