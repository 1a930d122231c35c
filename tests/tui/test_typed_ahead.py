"""Keys that come in one burst act one after the other, each on what the one before it opened."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.command import CommandList

from dynaport_tui.tui.app import Dashboard
from tests.fakes import status
from tests.tui.stage import dashboard, until


def burst(app: Dashboard, *keys: str) -> None:
    """All in one piece, as a slow line brings them."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_a_filter_that_is_typed_quickly_is_a_filter(private: Path) -> None:
    app, engine, _ = dashboard(private, status("users"), status("worker"))
    async with app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: app.desk.log_pane is not None)
        burst(app, "f", *"work", "enter")
        await until(pilot, lambda: app.board.filter == "work")
        assert engine.acts == []


async def test_a_search_that_is_typed_quickly_is_a_search(private: Path) -> None:
    app, engine, _ = dashboard(private, status("users"), status("worker"))
    async with app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: app.desk.log_pane is not None)
        log = app.desk.log_pane
        burst(app, "slash", *"srx", "enter")
        await until(pilot, lambda: log is not None and "matches “srx”" in log.status)
        assert engine.acts == []


async def test_an_answer_that_is_typed_quickly_answers_the_question(private: Path) -> None:
    app, engine, _ = dashboard(private, status("users"))
    async with app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: app.desk.log_pane is not None)
        burst(app, "x", "y", "x", "n", "x", "enter")
        await until(pilot, lambda: engine.acts == [("release", ["users"])] * 2)


async def test_the_palette_takes_what_the_whole_word_finds(private: Path) -> None:
    app, engine, _ = dashboard(private, status("users"))
    async with app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: app.desk.log_pane is not None)
        await app.run_action("theme")
        await until(pilot, lambda: any(found.options for found in app.screen.query(CommandList)))
        burst(app, *"dracula", "enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await until(pilot, lambda: app.theme == "dracula")
        await app.run_action("palette")
        burst(app, *"start all", "enter")
        await until(pilot, lambda: engine.acts == [("start", [])])
