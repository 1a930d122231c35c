"""The table of services under the hands of a person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dynaport_tui.model.machine import State
from dynaport_tui.tui.table import ServiceTable
from tests.fakes import status
from tests.tui.stage import dashboard, ready, screen, shows, until

SIZES = [(80, 24), (120, 35)]
SHOP = (status("users"), status("orders"), status("billing"), status("web", port=20733))


_ROW = re.compile(r"[▎ ].[●◐◌!↻✗◑○✓] (\S+)")


def names(lines: list[str]) -> list[str]:
    """The services in the rows, from the top."""
    return [found[1] for line in lines if (found := _ROW.match(line))]


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_picture_shows_the_services(private: Path, size: tuple[int, int]) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=size) as pilot:
        assert names(screen(pilot)) == ["users", "orders", "billing", "web"]
        assert "4 of 4 ready" in screen(pilot)[0]


@pytest.mark.parametrize("size", SIZES)
async def test_arrows_and_letters_move_the_selection(private: Path, size: tuple[int, int]) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=size) as pilot:
        for key, service in (
            ("down", "orders"),
            ("j", "billing"),
            ("end", "web"),
            ("k", "billing"),
        ):
            await pilot.press(key)
            assert app.board.selected == service
        assert screen(pilot)[5].startswith("▎ ● billing")


async def test_the_selection_follows_a_service_that_breaks(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await pilot.press("down", "down")
        engine.move("billing", State.FAILED, "exit 1 after 0.2 s")
        await until(pilot, lambda: names(screen(pilot))[0] == "billing")
        assert screen(pilot)[3].startswith("▎↑✗ billing")
        assert "exit 1 after 0.2 s" in screen(pilot)[3]
        assert "1 broken" in screen(pilot)[0]
        await until(pilot, shows(pilot, "▎ ✗ billing"))


async def test_a_click_selects_a_second_opens_the_log_and_a_heading_sorts(private: Path) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await pilot.click(ServiceTable, offset=(10, 3))
        assert app.board.selected == "billing"
        assert app.viewing.logs == "all"
        await pilot.click(ServiceTable, offset=(10, 2), times=2)
        await until(pilot, shows(pilot, "logs · orders"))
        await pilot.click(ServiceTable, offset=(6, 0))
        await until(pilot, lambda: names(screen(pilot)) == ["billing", "orders", "users", "web"])
        assert "by name" in screen(pilot)[1]
        await pilot.press("S", "S")
        await until(pilot, lambda: app.board.sort == "cpu")


async def test_the_filter_acts_as_it_is_typed_and_escape_drops_it(private: Path) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("f", *"er")
        await until(pilot, lambda: names(screen(pilot)) == ["users", "orders"])
        assert shows(pilot, "2 of 4")()
        await pilot.press("enter")
        await until(pilot, lambda: not app.desk.query("#sieve"))
        assert "filter er" in screen(pilot)[1]
        await pilot.press("escape")
        await until(pilot, lambda: len(names(screen(pilot))) == len(SHOP))
        await pilot.press("f", *"zzz")
        await until(pilot, shows(pilot, "no service has 'zzz'"))
        await pilot.press("escape")
        await until(pilot, lambda: len(names(screen(pilot))) == len(SHOP))


async def test_a_project_without_services_says_what_to_write(private: Path) -> None:
    app, *_ = dashboard(private)
    async with app.run_test(size=(80, 24)) as pilot:
        assert shows(pilot, "dynaport init")()


async def test_new_errors_are_marked_until_the_log_is_looked_at(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        engine.change("users", log_errors=3)
        app.link.poke()
        await until(pilot, shows(pilot, "users   !3"))
        await pilot.press("enter")
        await until(pilot, lambda: not shows(pilot, "!3")())


async def test_a_snapshot_that_changes_nothing_draws_no_row(private: Path) -> None:
    app, engine, _ = dashboard(private, *(status(f"s{n}", uptime_s=600.0) for n in range(100)))
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await pilot.pause()
        drawn: list[int] = []
        render, table = app.desk.table.render_line, app.desk.table

        def counted(y: int) -> object:
            drawn.append(y)
            return render(y)

        table.render_line = counted  # type: ignore[method-assign, assignment]
        for n in range(100):
            engine.change(f"s{n}", uptime_s=601.0)
        before = app.board.snapshot
        app.link.poke()
        await until(pilot, lambda: app.board.snapshot is not before)
        await pilot.pause()
        assert drawn == []
        engine.change("s1", cpu_percent=3.0)
        app.link.poke()
        await until(pilot, shows(pilot, "3.0%"))
        assert set(drawn) == {2}
