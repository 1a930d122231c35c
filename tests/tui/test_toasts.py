"""Toasts are short, and lie where they hide least."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynaport_tui.model.view import Reloaded
from dynaport_tui.tui.app import Dashboard
from dynaport_tui.tui.tales import tale
from tests.fakes import status
from tests.tui.stage import dashboard, ready, screen, shows, until

SHOP = (status("users"), status("orders"))
REFUSED = Reloaded(
    at=0, service="users", files=["app.py"], ok=False, why="NameError: x; the next save", seconds=1
)


def told(app: Dashboard) -> list[str]:
    return [notice.message for notice in app._notifications]  # noqa: SLF001


@pytest.mark.parametrize(
    ("keys", "bottom"), [("", 9), ("L", 5), ("tab z", 5), ("z", 33)],
    ids=["stacked", "side", "log", "table"],
)  # fmt: skip
async def test_toasts_hide_neither_the_first_rows_nor_the_last_lines_of_the_log(
    private: Path, keys: str, bottom: int
) -> None:
    app, engine, _ = dashboard(private, *SHOP, *map(status, ("web", "db", "mail", "worker")))
    engine.say("users", *(f"line {number} {'=' * 105}" for number in range(60)), at=1)
    async with app.run_test(size=(120, 35), notifications=True) as pilot:
        await ready(pilot)
        await pilot.press(*keys.split())
        await pilot.pause()
        before = screen(pilot)
        app.tell("first " * 30)
        app.tell("second " * 30)
        await until(pilot, shows(pilot, "second"))
        changed = {y for y, line in enumerate(screen(pilot)) if line != before[y]}
        assert changed == set(range(bottom - 3, bottom + 1))


async def test_two_toasts_are_seen_at_once_and_each_is_short(private: Path) -> None:
    app, _, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(60, 15), notifications=True) as pilot:
        await ready(pilot)
        for text in ("first", "second", "third " * 60):
            app.tell(text)
        await until(pilot, shows(pilot, "third third"))
        assert len(told(app)) == 2
        assert told(app)[0] == "second"
        assert told(app)[1].count("\n") == 1
        assert told(app)[1].endswith("…")
        assert shows(pilot, "second")()


async def test_a_refused_reload_is_told_where_its_log_is_out_of_sight(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for keys, seen in (("", True), ("end l", False), ("home", True), ("3", False), ("2", True)):
            await pilot.press(*keys.split())
            await pilot.pause()
            assert app.desk.tells_of("users") is seen, keys
        await pilot.press("3")
        engine.publish(REFUSED)
        await until(pilot, lambda: told(app) == ["users did not take the change in: NameError: x"])


def test_a_refused_reload_in_sight_needs_no_toast() -> None:
    assert tale(REFUSED, None, seen=lambda _: True) is None
    assert tale(REFUSED, None) is not None
