"""What the pictures show: how each scene is set, and when it stands still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
from textual.pilot import Pilot
from textual.widgets import Input

from dynaport_tui.control.client import NotRunning
from dynaport_tui.tui.app import Dashboard
from dynaport_tui.tui.opening import Ending, Opening
from dynaport_tui.tui.prefs import Prefs, save
from tests.fakes import FakeEngine, FakeSource
from tests.tui import shop
from tests.tui.stage import FakeOwner, ready, screen, shows, until


class Scene(NamedTuple):
    """An engine, and what is done until the picture is taken."""

    engine: Callable[[], FakeEngine]
    steps: tuple[tuple[str, str], ...]
    """Keys, and a text that is on the screen once they have done what they do."""
    prefs: Prefs = Prefs()
    gone: bool = False
    """Whether the engine goes at last."""


def _log(*steps: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (("", "logs · all"), *steps)


_ASKED = Prefs(log={"past": {"search": ["paid"], "filter": ["level:warning"]}})
"""What is found again with the arrow keys, which is quicker than typing it."""

SCENES = {
    "ready": Scene(shop.ready, _log(("", "GET /"))),
    "broken": Scene(
        shop.broken,
        _log(("exclamation_mark", "▎12:12:25.000"), ("enter", "▾")),
    ),
    "waiting": Scene(shop.waiting, _log(("home down w", "why · web"), ("", "◌ waiting"))),
    "search": Scene(shop.ready, _log(("slash", "newest hit"), ("up enter", "of 20")), _ASKED),
    "filter": Scene(
        shop.ready,
        _log(("tab f", "svc:"), ("up enter", "level:warning"), ("", "only 3 of")),
        _ASKED,
    ),
    "graph": Scene(shop.broken, _log(("g", "▎✗ billing broken"))),
    "requests": Scene(shop.ready, (("3", "requests · catalog"), ("", "p95"))),
    "environment": Scene(
        shop.ready, (("home down down 4", "environment · billing"), ("", "secret"))
    ),
    "help": Scene(shop.ready, _log(("question_mark", "Services"))),
    "palette": Scene(shop.broken, _log(("ctrl+p", "what to do"), ("r e s", "restart billing"))),
    "quit": Scene(shop.ready, _log(("q", "Quit dynaport?"))),
    "mistake": Scene(shop.mistaken, _log(("", "unknown key"))),
}
"""Taken in every size."""

ONCE = {
    "light": (SCENES["broken"], "textual-light"),
    "no-color": (SCENES["broken"], ""),
    "side": (SCENES["broken"]._replace(prefs=Prefs(layout="side")), ""),
    "json": (Scene(shop.structured, _log(("", "no such product"))), ""),
    "gone": (SCENES["ready"]._replace(gone=True), ""),
}
"""Taken in one size, some of them in another theme."""


def opened(folder: Path, scene: Scene, theme: str = "") -> tuple[Dashboard, FakeSource]:
    """The dashboard of a scene; it keeps its things in a folder of the test."""
    prefs = msgspec.structs.replace(scene.prefs, theme=theme)
    assert save(folder / "kept", prefs) is None
    engine = scene.engine()
    source = FakeSource(engine)
    opening = Opening(
        source=source,
        file=Path(engine.project.file),
        state=folder / "kept",
        first=engine.snapshot(),
        owner=FakeOwner(),
        start_again=_again,
        command=["dynaport"],
        clock=lambda: shop.NOW,
    )
    app = Dashboard(opening)
    app.animation_level = "none"
    return app, source


async def _again() -> None:
    """Never called."""


def played(scene: Scene, source: FakeSource) -> Callable[[Pilot[object]], Awaitable[None]]:
    """What plays a scene until it stands still."""

    async def play(any_pilot: Pilot[object]) -> None:
        pilot = cast("Pilot[Ending]", any_pilot)
        await ready(pilot)
        for keys, text in scene.steps:
            await pilot.press(*keys.split())
            await until(pilot, shows(pilot, text))
        if scene.gone:
            source.failure = NotRunning(Path(source.engine.project.file))
            source.cut()
            await until(pilot, shows(pilot, "no engine"))
        await _still(pilot)

    return play


async def _still(pilot: Pilot[Ending]) -> None:
    """Until nothing is fetched any more, and the screen stays as it is."""
    app = cast(Dashboard, pilot.app)
    for field in app.screen.query(Input):
        field.cursor_blink = False
    log = app.desk.log_pane
    assert log is not None
    await until(pilot, lambda: not log.feed.loader.busy)
    seen: list[list[str]] = []
    while len(seen) < 4 or any(lines != seen[-1] for lines in seen[-4:]):
        await pilot.pause()
        seen.append(screen(pilot))
