"""An app that is nothing but the log pane."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from dynaport_tui.model.palette import Palette
from dynaport_tui.model.query import parse
from dynaport_tui.model.view import LogPage, LogQuery
from dynaport_tui.tui.glyphs import BAR
from dynaport_tui.tui.log.pane import LogPane
from tests.fakes import NOON, FakeEngine, FakeSource, status


class Understanding(FakeEngine):
    """A FakeEngine that understands filters."""

    async def page(self, query: LogQuery) -> LogPage:
        """Lines that the filter lets through."""
        wanted = parse(query.filter)
        held = self._lines
        self._lines = {
            service: [one for one in lines if wanted.matches(one.service, one.stream, one.text)]
            for service, lines in held.items()
        }
        try:
            return await super().page(
                LogQuery(
                    services=query.services,
                    before=query.before,
                    after=query.after,
                    limit=query.limit,
                )
            )
        finally:
            self._lines = held


class Host(App[None]):
    """Nothing but the pane."""

    def __init__(self, engine: FakeEngine) -> None:
        super().__init__()
        self.engine = engine
        self.source = FakeSource(engine)
        self.chosen: list[str] = []
        self.pane = LogPane(self.source, Palette(), clock=lambda: NOON + 3600)

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.know(self.engine.snapshot())
        self.pane.focus()

    def on_log_pane_service_chosen(self, message: LogPane.ServiceChosen) -> None:
        self.chosen.append(message.service)

    def say(self, service: str, *texts: str, at: float) -> None:
        """Print, and mark it."""
        self.engine.say(service, *texts, at=at)
        last = len(self.engine.logs(service, limit=10**9))
        self.pane.advanced({service: last})


def shop(lines: int = 100) -> FakeEngine:
    """Three services; the first has printed so many lines, one a second."""
    engine = Understanding(*(status(service) for service in ("users", "orders", "billing")))
    for number in range(1, lines + 1):
        engine.say("users", f"GET /users/{number} 200", at=NOON + number)
    return engine


@asynccontextmanager
async def shown(
    engine: FakeEngine, size: tuple[int, int] = (80, 20)
) -> AsyncIterator[tuple[Host, Pilot[None]]]:
    host = Host(engine)
    async with host.run_test(size=size) as pilot:
        await until(pilot, lambda: "looking" not in "".join(screen(host)) and settled(host))
        yield host, pilot


def settled(host: Host) -> bool:
    """Whether the first page is there and no other is under way."""
    loader = host.pane.feed.loader
    return loader.window.asked and not loader.busy


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        await pilot.pause(0.01)


def screen(host: Host) -> list[str]:
    """The lines that are seen."""
    view = host.pane.view
    return [view.render_line(y).text.rstrip().replace(BAR, " ") for y in range(view.size.height)]


def prompt(host: Host) -> str:
    """The last line of the terminal, as it was drawn."""
    return host.screen._compositor.render_strips()[-1].text  # noqa: SLF001


def cursor(host: Host) -> str:
    """What is copied without a block."""
    return host.pane.chosen_text()[0]
