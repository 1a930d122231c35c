"""What the log pane costs while one service prints 200,000 lines a second.

    python -m benchmarks.log_pane [SECONDS]

Prints the time that one redraw of a screen of 200 x 55 takes, how many pages were fetched in a
second, and how long the event loop was held up.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, cast

from textual.app import App

from dynaport_tui.model.machine import State
from dynaport_tui.model.palette import Palette
from dynaport_tui.model.view import (
    Hits,
    LogLine,
    LogPage,
    LogQuery,
    ProjectStatus,
    ServiceStatus,
    Snapshot,
)
from dynaport_tui.tui.log.pane import LogPane

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dynaport_tui.tui.source import Source

RATE = 200_000
SIZE = (200, 55)
_TEXT = '\x1b[32mINFO\x1b[0m 127.0.0.1 - - "GET /users/{} HTTP/1.1" 200 -' + " x" * 60


class Flood:
    """Prints RATE lines a second; only those that are asked for are ever made."""

    def __init__(self) -> None:
        self._began = time.time()
        self.pages = 0
        self.lines = 0

    @property
    def last(self) -> int:
        """The newest line."""
        return int((time.time() - self._began) * RATE)

    async def page(self, query: LogQuery) -> LogPage:
        """The newest lines, or those after a place."""
        self.pages += 1
        first = max(self.last - query.limit, 0) + 1
        if query.after is not None:
            first = query.after.number + 1
        lines = [self.line(n) for n in range(first, min(first + query.limit, self.last + 1))]
        self.lines += len(lines)
        return LogPage(lines=lines)

    async def hits(self, query: LogQuery) -> Hits:
        """None."""
        return Hits()

    def line(self, number: int) -> LogLine:
        """One of them."""
        at = self._began + number / RATE
        text = _TEXT.format(number)
        return LogLine(service="users", number=number, at=at, stream="stdout", text=text)


class Bench(App[None]):
    """The pane and marks as the link passes them on, twenty times a second."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.flood = Flood()
        self.seconds = seconds
        self.pane = LogPane(cast("Source", self.flood), Palette())
        self.late: list[float] = []

    def compose(self) -> ComposeResult:
        """Nothing else."""
        yield self.pane

    async def measure(self) -> None:
        """Let it run, and see how late a sleeper wakes."""
        users = ServiceStatus(id="users", name="users", instance=1, state=State.READY, why="")
        project = ProjectStatus(name="shop", root="/", file="/f", state="ready", engine_pid=1)
        self.pane.know(Snapshot(project=project, services=[users]))
        end = time.monotonic() + self.seconds
        mark = 0.0
        while (now := time.monotonic()) < end:
            if now >= mark:
                self.pane.advanced({"users": self.flood.last})
                mark = now + 0.05
            await asyncio.sleep(0.005)
            self.late.append(time.monotonic() - now - 0.005)

    def redraws(self) -> list[float]:
        """Seconds that each of some redraws of other lines takes."""
        view, took = self.pane.view, []
        for number in range(50):
            lines = [self.flood.line(number * 100 + n) for n in range(1, 76)]
            self.pane.feed.loader.window.newest(LogPage(lines=lines))
            began = time.perf_counter()
            self.pane.feed.redo()
            for y in range(view.size.height):
                view.render_line(y)
            took.append(time.perf_counter() - began)
        return took


async def main(seconds: float) -> None:
    """Measure, and print."""
    app = Bench(seconds)
    async with app.run_test(size=SIZE):
        used, pages = time.process_time(), app.flood.pages
        await app.measure()
        used, pages = time.process_time() - used, app.flood.pages - pages
        took = sorted(app.redraws())
        late = sorted(app.late)
    cost = app.flood.lines / app.flood.pages
    for line in (
        f"redraw of 200 x 55: median {took[25] * 1e3:.1f} ms, worst {took[-1] * 1e3:.1f} ms",
        f"pages a second: {pages / seconds:.1f}, lines a page: {cost:.0f}",
        f"the loop was late: p95 {late[len(late) * 95 // 100] * 1e3:.1f} ms,"
        f" worst {late[-1] * 1e3:.1f} ms",
        f"processor: {used / seconds:.0%} of a core",
    ):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0))
