"""How soon a saved file is noticed, and what watching costs: `python -m benchmarks.notice`.

The watcher alone, over the files of 30 services in 30 folders. Each save comes at a random phase of
its clock, and is timed from before the write to the call on the loop; `in flow` are saves that
follow another one, `after a rest` those that come when nothing changed for a while. `idle` is the
CPU of all threads while nothing changes; `churn` while a log in a watched folder is written 100
times a second; `hidden` while thousands of files are written into a folder that is not watched.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median, quantiles

from dynaport_tui.engine.watch import Watcher
from dynaport_tui.engine.watchthread import AT_WORK

SERVICES = 30
FILES = 20
"""A service."""
TASKS = Path("/proc/self/task")


def in_place(path: Path, text: str) -> None:
    """As most editors save."""
    path.write_text(text)


def by_rename(path: Path, text: str) -> None:
    """As vim and PyCharm save."""
    new = path.with_suffix(".tmp")
    new.write_text(text)
    new.replace(path)


def emptied_first(path: Path, text: str) -> None:
    """As VS Code saves: emptied, then written a moment later."""
    with path.open("w") as file:
        time.sleep(0.001)
        file.write(text)


SAVES = (in_place, by_rename, emptied_first)


def say(text: str) -> None:
    """A line of the result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Reports:
    """What the watcher said, and when."""

    def __init__(self) -> None:
        self.batches = 0
        self._last = 0.0
        self._paths: set[Path] = set()
        self._came = asyncio.Event()

    def take(self, paths: set[str]) -> None:
        """A report."""
        self._last = time.perf_counter()
        self._paths |= set(map(Path, paths))
        self.batches += 1
        self._came.set()

    async def of(self, paths: set[Path]) -> float:
        """When all of these were reported."""
        async with asyncio.timeout(10):
            while not paths <= self._paths:
                self._came.clear()
                await self._came.wait()
        self._paths.clear()
        return self._last


def cpu() -> float:
    """Seconds that all threads have used."""
    return sum(int((t / "schedstat").read_text().split()[0]) for t in TASKS.iterdir()) / 1e9


def make(root: Path) -> list[Path]:
    """The services' files."""
    files = [root / f"s{s}" / f"m{m}.py" for s in range(SERVICES) for m in range(FILES)]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text("VALUE = 0\n")
    return files


async def saves(reports: Reports, files: list[Path], count: int, rest: float, name: str) -> None:
    """How long it takes until a save is reported."""
    took, before = [], reports.batches
    for number in range(count):
        await asyncio.sleep(rest + random.uniform(0.05, 0.1))
        file, save = random.choice(files), random.choice(SAVES)
        started = time.perf_counter()
        save(file, f"VALUE = {number}\n")
        took.append((await reports.of({file}) - started) * 1000)
    ninth = quantiles(took, n=10)[-1]
    say(
        f"{name:14} mean {mean(took):5.1f}  median {median(took):5.1f}  p90 {ninth:5.1f}"
        f"  min {min(took):5.1f}  max {max(took):5.1f} ms"
        f"  ({reports.batches - before} reports of {count} saves)"
    )


async def many(reports: Reports, files: list[Path]) -> None:
    """How long it takes until a checkout is reported, and in how many reports."""
    before = reports.batches
    started = time.perf_counter()
    for file in files:
        file.write_text("VALUE = 'many'\n")
    wrote = time.perf_counter()
    last = await reports.of(set(files))
    say(
        f"{len(files)} files in {(wrote - started) * 1000:.0f} ms: all told"
        f" {(last - wrote) * 1000:.0f} ms later, in {reports.batches - before} reports"
    )


async def busy(name: str, seconds: float, work: asyncio.subprocess.Process | None = None) -> None:
    """What watching costs meanwhile."""
    await asyncio.sleep(0.5)
    began, used = time.perf_counter(), cpu()
    await asyncio.sleep(seconds)
    share = (cpu() - used) / (time.perf_counter() - began)
    say(f"{name:14} {share * 100:.3f} % of a core over {seconds:.0f} s")
    if work is not None:
        work.kill()
        await work.wait()


async def python(program: str, folder: Path) -> asyncio.subprocess.Process:
    """A program that writes."""
    return await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=folder)


LOG = """
import time
while True:
    with open("app.log", "a") as log: log.write("a line\\n")
    time.sleep(0.01)
"""
BUILD = """
import itertools, os
os.makedirs("build", exist_ok=True)
for n in itertools.count():
    with open(f"build/{n % 50_000}.o", "w") as out: out.write("x")
"""


async def main(root: Path, count: int, seconds: float) -> None:
    """All of it."""
    files, reports = make(root), Reports()
    watcher = Watcher(reports.take, say)
    running = asyncio.create_task(watcher.run())
    watcher.watch(map(str, files))
    await watcher.settled()
    await saves(reports, files, count, 0, "in flow")
    await many(reports, files)
    await busy("after a save", AT_WORK / 2)
    await asyncio.sleep(AT_WORK)
    await busy("idle", seconds)
    await saves(reports, files, count // 10, AT_WORK, "after a rest")
    await asyncio.sleep(AT_WORK)
    await busy("churn", seconds / 4, await python(LOG, root / "s0"))
    await busy("hidden", seconds / 4, await python(BUILD, root))
    watcher.close()
    await running


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20, help="for which nothing changes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder).resolve(), given.saves, given.seconds))
