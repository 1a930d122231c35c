"""A dashboard that a test plays with: on a FakeEngine, without a terminal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from dynaport_tui.model.view import ServiceStatus
from dynaport_tui.tui.app import Dashboard
from dynaport_tui.tui.opening import Opening, Owner
from tests.fakes import FakeEngine, FakeSource

PATIENCE = 5.0
"""Seconds until a test gives up waiting for the screen."""


class FakeOwner:
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.detached = self.killed = self.saw = False

    def drawn(self) -> None:
        """There is a picture."""
        self.saw = True

    def detach(self) -> None:
        """Live on without us."""
        self.detached = True

    def kill(self) -> None:
        """Do not wait."""
        self.killed = True


def dashboard(
    folder: Path,
    *services: ServiceStatus,
    owner: Owner | None = None,
    again: Callable[[], Awaitable[None]] | None = None,
    note: str = "",
) -> tuple[Dashboard, FakeEngine, FakeSource]:
    """A dashboard whose first picture shows these services."""
    engine = FakeEngine(*services, file=str(folder / "services.toml"))
    source = FakeSource(engine)
    opening = Opening(
        source=source,
        file=folder / "services.toml",
        state=folder / "kept",
        first=engine.snapshot(),
        owner=owner,
        start_again=again,
        command=["dynaport"],
        note=note,
    )
    return Dashboard(opening), engine, source


async def until(pilot: Pilot[Any], holds: Callable[[], object]) -> None:
    """Wait until something holds on the screen."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "\n".join(screen(pilot))
        await asyncio.sleep(0.01)
        await pilot.pause()


async def ready(pilot: Pilot[Any]) -> None:
    """Everything is loaded and connected."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    await until(pilot, lambda: app.desk.details is not None and app.desk.details.is_mounted)
    await until(pilot, lambda: app.link.snapshot is not None)


def screen(pilot: Pilot[Any]) -> list[str]:
    """The lines of the screen as text."""
    strips = pilot.app.screen._compositor.render_strips()  # noqa: SLF001 (the only way)
    return [strip.text.rstrip() for strip in strips]


def shows(pilot: Pilot[Any], text: str) -> Callable[[], bool]:
    """Whether some line of the screen holds the text."""
    return lambda: any(text in line for line in screen(pilot))
