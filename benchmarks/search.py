"""How fast lines are found in 200,000 kept ones: `python -m benchmarks.search`.

Four services keep 50,000 lines of about 100 bytes each, once as plain text, once with colours and
as JSON. Each search is what a view does: `page` until its first lines come, `hits` until all are
counted. `grep -c` over the same bytes in a file is the floor. Medians of 7, interleaved.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec

from dynaport_tui.engine.logs import ServiceLog
from dynaport_tui.engine.reading import LogReader
from dynaport_tui.model.spec import LogSpec
from dynaport_tui.model.view import LogQuery

SERVICES = ("billing", "orders", "users", "web")
LINES = 50_000
ROUNDS = 7
CHUNK = 4
"""Lines that came in one read: few, as from services that flush every line."""
SEARCHES = {
    "a rare word": ("needle", ["-i", "needle"]),
    "a frequent word": ("customer", ["-i", "customer"]),
    "a rare expression": (r"re:/need\w+ found/", ["-E", r"need\w+ found"]),
    "one without a fixed text": (r"re:/n[e]+[d]l[e]/", ["-E", "n[e]+[d]l[e]"]),
    "level:error": ("level:error", ["-iE", "error|critical|fatal"]),
    "no filter": ("", [""]),
}

PLAIN = (
    "2026-01-01 12:00:{:02d},123 app.users INFO handled GET /users/{} in {} ms, customer {:06d} ok"
)
COLOURED = (
    "\x1b[2m12:00:{:02d}\x1b[0m \x1b[32mINFO\x1b[0m handled \x1b[1mGET /users/{}\x1b[0m in {} ms, "
    "customer {:06d}"
)
JSON = (
    '{{"at": "12:00:{:02d}", "level": "info", "path": "/users/{}", "ms": {}, "customer": {:06d}}}'
)


class Figures(NamedTuple):
    """Of one search, in milliseconds."""

    first: float
    all: float
    hits: int
    blocked: float
    """The longest time for which nothing else got a turn."""
    grep: float


class Kept:
    """Logs full of lines, and a file of the same bytes."""

    def __init__(self, forms: tuple[str, ...], folder: Path) -> None:
        self.logs = {s: ServiceLog(s, folder, LogSpec(lines=LINES), _nobody) for s in SERVICES}
        self.reader = LogReader(self.logs.__getitem__)
        self.file = folder / "lines"
        with self.file.open("wb") as file:
            for start in range(0, LINES, CHUNK):
                for index, service in enumerate(SERVICES):
                    data = b"".join(_line(forms, index, i) for i in range(start, start + CHUNK))
                    self.logs[service].ring.append(data, 1.7e9 + start / 100, "stdout")
                    file.write(data)


def _nobody(_service: str, _last: int) -> None:
    pass


def _line(forms: tuple[str, ...], service: int, number: int) -> bytes:
    if number == 0 and service == 0:
        return b"the needle found at last\n"
    form = forms[number % len(forms)]
    text = form.format(number % 60, number % 97, number % 13, number)
    if number % 1000 == 7:
        text = text.replace("INFO", "ERROR").replace('"info"', '"error"')
    return f"{text}\n".encode()


class Turns:
    """Watches how long the loop is not free."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.longest = max(self.longest, now - before)
            before = now

    def end(self) -> float:
        """The longest turn, in seconds."""
        self._task.cancel()
        return self.longest


async def _first(reader: LogReader, query: LogQuery) -> None:
    while True:
        page = await reader.page(query)
        if page.lines or page.reached is None:
            return
        query = msgspec.structs.replace(query, before=page.reached)


async def _all(reader: LogReader, query: LogQuery) -> int:
    count = 0
    while True:
        hits = await reader.hits(query)
        count += len(hits.places)
        if hits.reached is None:
            return count
        query = msgspec.structs.replace(query, before=hits.reached)


async def measure(kept: Kept, words: str) -> tuple[float, float, int, float]:
    """One round of one search; as Figures, but for grep."""
    query = LogQuery(services=list(SERVICES), filter=words)
    turns = Turns()
    begun = time.perf_counter()
    await _first(kept.reader, query)
    first = time.perf_counter() - begun
    begun = time.perf_counter()
    hits = await _all(kept.reader, query)
    every = time.perf_counter() - begun
    return first * 1e3, every * 1e3, hits, turns.end() * 1e3


def grepped(kept: Kept, arguments: list[str]) -> float:
    """Milliseconds that grep takes for it, with its start."""
    begun = time.perf_counter()
    subprocess.run(["grep", "-c", *arguments, str(kept.file)], capture_output=True, check=False)
    return (time.perf_counter() - begun) * 1e3


def write(line: str) -> None:
    """One line of the report."""
    sys.stdout.write(line + "\n")


def report(title: str, found: dict[str, list[Figures]], size: int) -> None:
    """A table."""
    write(f"\n{title}: {len(SERVICES) * LINES:,} lines, {size / 1e6:.1f} MB")
    write(f"{'':26}{'first page':>12}{'all hits':>12}{'hits':>10}{'blocked':>10}{'grep -c':>10}")
    for name, rounds in found.items():
        middle = Figures(*(median(values) for values in zip(*rounds, strict=True)))
        write(
            f"{name:26}{middle.first:9.1f} ms{middle.all:9.1f} ms{middle.hits:10,.0f}"
            f"{middle.blocked:7.1f} ms{middle.grep:7.1f} ms"
        )


def compare(title: str, forms: tuple[str, ...]) -> None:
    """All searches over one kind of lines."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Kept(forms, Path(folder))
        found: dict[str, list[Figures]] = {name: [] for name in SEARCHES}
        for _ in range(ROUNDS):
            for name, (words, grep) in SEARCHES.items():
                ours = asyncio.run(measure(kept, words))
                found[name].append(Figures(*ours, grepped(kept, grep)))
        report(title, found, kept.file.stat().st_size)


if __name__ == "__main__":
    compare("plain lines", (PLAIN,))
    compare("colours and JSON", (COLOURED, JSON))
