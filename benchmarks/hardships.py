"""What must not happen to dynaport when files are saved: lost requests, broken code, old code."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from .answers import free_ports, until_all_answer
from .figures import Target
from .herd import Herd
from .report import Table
from .rivals.ours import COMMAND, NAME
from .rivals.reloaders import RELOADERS
from .saved import Saved, phase, whole
from .stage import BROKEN, Stage, say, slug
from .steady import Client, ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

PATIENCE = 60.0
RELOADS, RESTARTS, OTHERS = 50, 20, 10
"""How often ours reloads and restarts, and how often others reload."""
SPOILED, PAIRS = 20, 50
TOLD = 5.0
"""Seconds within which a broken save must be told of."""
KINDS = (
    ("SyntaxError", "def broken(: # {mark}"),
    ("RuntimeError", 'raise RuntimeError("{mark}")'),
    ("ModuleNotFoundError", "import {mark}"),
    ("NameError", "{mark}"),
)
"""What is told, and what is saved."""


class Running(NamedTuple):
    """One that runs with its application."""

    herd: Herd
    saved: Saved
    folder: Path

    @property
    def port(self) -> int:
        """Of the application."""
        return self.saved.service.port or 0

    async def dynaport(self, *args: str) -> str:
        """What one of dynaport's commands says."""
        return await asyncio.to_thread(self.herd.run, [*COMMAND, *args], self.folder)


@contextlib.contextmanager
def run(stage: Stage, kind: str, name: str) -> Iterator[Running]:
    """Start it, and end it after that."""
    folder, port = stage.place(kind, slug(name)), free_ports(1)[0]
    saved = Saved(folder / "app", port, heavy=False)
    with Herd(slug(name), RELOADERS[name](stage.kit, folder, saved.service), folder) as herd:
        until_all_answer([port], PATIENCE, lambda: herd.over)
        yield Running(herd, saved, folder)


@contextlib.asynccontextmanager
async def asked(port: int, *, long: bool = False) -> AsyncIterator[Client]:
    """A client at work; `long`: with a slow request and an open stream all the time."""
    async with Client(port) as client:
        if long:
            client.again("/slow", whole)
            client.again("/stream", whole)
        await asyncio.sleep(1)
        yield client


def requests(stage: Stage) -> None:
    """Saves and restarts under requests, slow ones and streams; others reload a few times."""
    columns = ("", "done", "failed", "of", "slow failed", "of", "streams cut", "of", "went back")
    table = Table("Requests that failed, at 200 a second", columns)
    stage.report.tables.append(table)
    for name in stage.contenders(RELOADERS):
        times = RELOADS if name == NAME else OTHERS
        try:
            with run(stage, "requests", name) as running:
                say(f"reload: {times} reloads of {name} under requests")
                client = asyncio.run(reloads(running, times))
                failures(stage, table, f"{name}, {times} reloads", client)
                if name == NAME:
                    say(f"reload: {RESTARTS} restarts under requests")
                    client = asyncio.run(restarts(running, RESTARTS))
                    failures(stage, table, f"{name}, {RESTARTS} restarts", client)
        except BROKEN as error:
            stage.report.notes.append(f"{name} under requests: {error}")
            if name == NAME:
                stage.report.targets.append(Target("requests failed", None, 0))


async def reloads(running: Running, times: int) -> Client:
    """Save again and again."""
    async with asked(running.port, long=True) as client:
        for _ in range(times):
            running.saved.save()
            await client.until(running.saved.version)
            await asyncio.sleep(phase())
    return client


async def restarts(running: Running, times: int) -> Client:
    """Restart again and again, without any save."""
    async with asked(running.port, long=True) as client:
        for _ in range(times):
            before = await pid(running.port)
            said = await running.dynaport("restart", "app")
            deadline = time.monotonic() + TOLD
            while await pid(running.port) in (before, None):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the same process answers after restart: {said}")
            await asyncio.sleep(phase())
    return client


async def pid(port: int) -> int | None:
    """The process that answers, if one does."""
    answer = await ask(port, patience=TOLD)
    return int(json.loads(answer.body)["pid"]) if answer.body else None


def failures(stage: Stage, table: Table, what: str, client: Client) -> None:
    """A row, what the errors were, and the targets if it is ours."""
    told = [client.told[path] for path in ("/", "/slow", "/stream")]
    counts = [count for each in told for count in (len(each.errors), each.requests)]
    table.rows.append((what, "yes", *counts, client.went_back))
    for error, times in Counter(error for each in told for error in each.errors).most_common(3):
        stage.report.notes.append(f"{what}: {times} x {error}")
    if client.held_back:
        stage.report.notes.append(f"{what}: the machine was too slow for {client.held_back} more")
    stage.report.samples[what] = {path: each.errors for path, each in client.told.items()}
    if what.startswith(NAME):
        failed = sum(len(each.errors) for each in told)
        stage.report.targets.append(Target(f"{what}, requests failed", failed, 0))


def broken(stage: Stage) -> None:
    """Broken saves between good ones."""
    with run(stage, "broken", NAME) as running:
        say(f"reload: {SPOILED} broken saves")
        asyncio.run(spoil(stage, running))


async def spoil(stage: Stage, running: Running) -> None:
    """The old code answers, the error is told, and the next good save takes over."""
    untold, slow, saved = [], 0, running.saved
    async with asked(running.port) as client:
        for number in range(SPOILED):
            error, text = KINDS[number % len(KINDS)]
            mark = f"spoiled_{number:02}"
            saved.spoil(text.format(mark=mark))
            untold += await not_told(running, error, mark)
            await asyncio.sleep(phase() / 2)
            saved.save()
            try:
                await client.until(saved.version, TOLD)
            except TimeoutError:
                slow += 1
    told = client.told["/"]
    stage.report.notes += [f"broken save: {each}" for each in untold[:5] + told.errors[:5]]
    stage.report.targets += [
        Target(f"{SPOILED} broken saves, requests that the old code failed", len(told.errors), 0),
        Target(f"{SPOILED} broken saves, not told in why and log", len(untold), 0),
        Target(f"{SPOILED} broken saves, good save not taken", slow, 0),
    ]


async def not_told(running: Running, error: str, mark: str) -> list[str]:
    """Where the error of this save cannot be read in time."""
    missing, deadline = {"why", "logs"}, time.monotonic() + TOLD
    while missing and time.monotonic() < deadline:
        for command in sorted(missing):
            said = await running.dynaport(command, "app")
            if error in said and (mark in said or (command == "why" and "app.py" in said)):
                missing.discard(command)
    return [f"{error} {mark} is not told by {command}" for command in sorted(missing)]


def equal(stage: Stage) -> None:
    """Two saves of one size within one second, as bytecode knows no better."""
    with run(stage, "equal", NAME) as running:
        say(f"reload: {PAIRS} pairs of saves of equal size")
        stale = asyncio.run(pairs(running))
    stage.report.targets.append(
        Target(f"{PAIRS} x two equal saves within a second, old code stayed", stale, 0)
    )


async def pairs(running: Running) -> int:
    """How often the second one's code did not run; every other time the first one has answered."""
    stale, saved = 0, running.saved
    async with asked(running.port) as client:
        for number in range(PAIRS):
            await asyncio.sleep(1.02 - time.time() % 1)  # just after a full second
            saved.save()
            if number % 2:
                await client.until(saved.version)
            else:
                await asyncio.sleep(random.uniform(0.0, 0.3))
            saved.save()
            try:
                await client.until(saved.version, TOLD)
            except TimeoutError:
                stale += 1
            await asyncio.sleep(0.1)
            stale += client.newest != saved.version
    return stale
