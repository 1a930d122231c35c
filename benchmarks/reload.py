"""From saving a file until the new code answers: dynaport beside other reloaders.

    python -m benchmarks reload [--light | --heavy] [--saves 2] [--seconds 20]
    python -m benchmarks reload --requests | --broken | --equal | --all

One Flask application, saved in place at moments that are out of step with any interval, while a
client asks 200 times a second on new connections. All reloaders run all the time, and in turns each
has its client and its saves. The options of the second line are about what must not happen to
dynaport: a request that fails, broken code that answers or is not told, old code that stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .answers import free_ports, until_all_answer
from .figures import Target, median, ratio
from .hardships import broken, equal, requests
from .herd import Herd
from .report import Table
from .rivals.ours import NAME
from .rivals.reloaders import RELOADERS, STAT, UNWATCHED, unwatched
from .saved import Parts, Saved, parts, phase
from .stage import BROKEN, Stage, play, say, slug
from .steady import Client
from .svg import Bars

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

PATIENCE = 60.0
SETTLED = 8.0
BEFORE = 0.3
"""Seconds for which the client has asked when the first save comes."""
PEERS = {False: ((STAT, 0.08), ("watchfiles", 0.2)), True: ((STAT, 0.07),)}
"""Light or heavy -> the parts of others' times that are aimed at."""
WATCHING = 0.5
"""Percent of a core that watching may cost."""


@dataclass(frozen=True)
class Turn:
    """Some saves in a row."""

    parts: list[Parts]
    requests: int
    errors: list[str]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tell."""
    return play("reload", __doc__, argv, arguments, measure)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured."""
    parser.add_argument("--light", action="store_true", help="only with Flask alone")
    parser.add_argument("--heavy", action="store_true", help="only with pydantic, sqlalchemy, …")
    parser.add_argument("--saves", type=int, default=2, metavar="N", help="in a turn")
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="of watching")
    parser.add_argument("--requests", action="store_true", help="50 reloads, 20 restarts")
    parser.add_argument("--broken", action="store_true", help="20 broken saves")
    parser.add_argument("--equal", action="store_true", help="50 pairs of saves of equal size")
    parser.add_argument("--all", action="store_true", help="everything")


def measure(stage: Stage) -> None:
    """What was asked for; the times alone without any wish."""
    options = stage.options
    hardships = {"requests": requests, "broken": broken, "equal": equal}
    wanted = [name for name in hardships if options.all or getattr(options, name)]
    if options.all or not wanted:
        for heavy in (False, True):
            if options.light == options.heavy or (options.heavy if heavy else options.light):
                times(stage, heavy=heavy)
            if stage.interrupted:
                return
    for name in wanted:
        hardships[name](stage)


def times(stage: Stage, *, heavy: bool) -> None:
    """Start all, look at what watching costs, and let them take turns."""
    names = stage.contenders(RELOADERS)
    weight = "heavy" if heavy else "light"
    with contextlib.ExitStack() as stack:
        running = {}
        for name in [*names, *([UNWATCHED] if NAME in names else [])]:
            say(f"reload: starting {name}")
            try:
                running[name] = started(stage, stack, name, heavy=heavy)
            except BROKEN as error:
                stage.report.notes.append(f"{name}, {weight}: {error}")
        time.sleep(SETTLED)
        idle = watching(stage, {name: herd for name, (herd, _) in running.items()})
        turns = stage.in_turns(
            [name for name in running if name != UNWATCHED],
            lambda name: asyncio.run(turn(running[name][1], stage.options.saves)),
        )
    tell(stage, weight, turns, idle)
    if NAME in turns:
        breakdown(stage, weight, turns)
        aims(stage, turns, idle, heavy=heavy)


def started(
    stage: Stage, stack: contextlib.ExitStack, name: str, *, heavy: bool
) -> tuple[Herd, Saved]:
    """One of them, and the application that it serves."""
    folder = stage.place("heavy" if heavy else "light", slug(name))
    port = free_ports(1)[0]
    saved = Saved(folder / "app", port, heavy=heavy)
    recipe = unwatched if name == UNWATCHED else RELOADERS[name]
    herd = stack.enter_context(Herd(slug(name), recipe(stage.kit, folder, saved.service), folder))
    until_all_answer([port], PATIENCE, lambda: herd.over)
    return herd, saved


def watching(stage: Stage, herds: dict[str, Herd]) -> dict[str, float]:
    """Percent of a core that each needs, with its application, while nothing happens."""
    say(f"reload: nothing happens for {stage.options.seconds:g} s")
    before = {name: herd.spent() for name, herd in herds.items()}
    began = time.monotonic()
    time.sleep(stage.options.seconds)
    took = time.monotonic() - began
    return {name: 100 * (herd.spent() - before[name]) / took for name, herd in herds.items()}


async def turn(saved: Saved, saves: int) -> Turn:
    """Some saves, each when the one before has answered for a while."""
    found = []
    async with Client(saved.service.port or 0) as client:
        await asyncio.sleep(BEFORE + random.random())
        for _ in range(saves):
            moment = saved.save()
            received, told = await client.until(saved.version)
            found.append(parts(moment, received, told))
            await asyncio.sleep(phase())
    answers = client.told["/"]
    return Turn(found, answers.requests, answers.errors)


def middle(turns: Sequence[Turn], part: str = "total") -> float | None:
    """Milliseconds in the median of all saves."""
    found = median([getattr(each, part) for one in turns for each in one.parts])
    return None if found is None else 1000 * found


def tell(stage: Stage, weight: str, turns: dict[str, list[Turn]], idle: dict[str, float]) -> None:
    """The table that compares, and its picture."""
    medians = {name: middle(found) for name, found in turns.items()}
    title = f"Reload: save to first answer of the new code, {weight}"
    columns = (
        *("", "ms", "from", "to", f"x {STAT}", "x watchfiles"),
        *("failed", "requests", "saves", "idle % of a core"),
    )
    table = Table(title, columns)
    for name, found in turns.items():
        all_ = [1000 * each.total for one in found for each in one.parts]
        table.rows.append(
            (
                *(name, medians[name], min(all_, default=None), max(all_, default=None)),
                ratio(medians[name], medians.get(STAT)),
                ratio(medians[name], medians.get("watchfiles")),
                sum(len(one.errors) for one in found),
                sum(one.requests for one in found),
                *(str(len(all_)), idle.get(name)),
            )
        )
    if UNWATCHED in idle:
        table.rows.append((UNWATCHED, *([None] * 8), idle[UNWATCHED]))
    report = stage.report
    report.tables.append(table)
    report.keep(f"reload, {weight}", turns)
    report.samples[f"idle, {weight}"] = idle
    report.pictures.append(Bars(weight, title, "milliseconds", list(medians.items()), stage.below))


def breakdown(stage: Stage, weight: str, turns: dict[str, list[Turn]]) -> None:
    """Where the time goes."""
    table = Table(
        f"Where the time goes, {weight}, medians in ms",
        ("", "notice", "start", "import", "first answer"),
    )
    for name, found in turns.items():
        pieces = (middle(found, part) for part in ("notice", "start", "load", "answer"))
        table.rows.append((name, *pieces))
    stage.report.tables.append(table)


def aims(
    stage: Stage, turns: dict[str, list[Turn]], idle: dict[str, float], *, heavy: bool
) -> None:
    """What dynaport has to keep to."""
    weight, ours = "heavy" if heavy else "light", middle(turns[NAME])
    targets = stage.report.targets
    for peer, limit in PEERS[heavy]:
        part = ratio(ours, middle(turns.get(peer, [])))
        targets.append(Target(f"reload, {weight}, x {peer}", part, limit))
    errors = sum(len(one.errors) for one in turns[NAME])
    targets.append(Target(f"reload, {weight}, requests failed", errors, 0))
    if NAME in idle and UNWATCHED in idle:
        cost = max(idle[NAME] - idle[UNWATCHED], 0.0)
        targets.append(Target(f"watching, {weight}, % of a core", cost, WATCHING))


if __name__ == "__main__":
    sys.exit(main())
