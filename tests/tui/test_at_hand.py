"""What a key does concerns the service that a person looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynaport_tui.model.view import Traceback
from tests.fakes import FakeEngine, status
from tests.tui.stage import dashboard, ready, shows, until

SHOP = (status("users"), status("orders"), status("billing"))
PRINTED = (
    "Traceback (most recent call last):",
    '  File "orders/app.py", line 3, in <module>',
    "    import nothing",
    "ModuleNotFoundError: No module named 'nothing'",
)


def talk(engine: FakeEngine) -> None:
    """A traceback of orders between lines of users, and an older one of users."""
    engine.say("users", "GET /users 200", at=1000.0)
    engine.say("orders", *PRINTED, at=1001.0)
    engine.say("users", "GET /users 200 again", at=1002.0)
    for service, file, line in (("users", "users/app.py", 9), ("orders", "orders/app.py", 7)):
        engine.tracebacks[service] = Traceback(
            service=service, number=1, last=4, at=1001.0, data=b"", error="E", file=file, line=line
        )


@pytest.fixture
def called(private: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor with a window of its own, and what it was called with."""
    folder = private / "bin"
    folder.mkdir()
    editor = folder / "code"
    editor.write_text(f'#!/bin/sh\necho "$@" > {folder}/new && mv {folder}/new {folder}/called\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    return folder / "called"


def asked(called: Path) -> str:
    """What the editor was called with."""
    return called.read_text().rstrip()


async def test_the_editor_opens_the_traceback_under_the_cursor(private: Path, called: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    talk(engine)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await until(pilot, shows(pilot, "No module named 'nothing'"))
        assert app.board.selected == "users"
        await pilot.press("tab", "up", "E")
        await until(pilot, called.exists)
        assert asked(called) == f"--goto {private}/orders/app.py:3"


async def test_on_a_plain_line_it_is_the_newest_traceback_of_its_service(
    private: Path, called: Path
) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    talk(engine)
    engine.say("orders", "stopped", at=1003.0)
    engine.say("users", "GET /users 200 once more", at=1004.0)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await until(pilot, shows(pilot, "once more"))
        await pilot.press("tab", "up", "E")
        await until(pilot, called.exists)
        assert asked(called) == f"--goto {private}/orders/app.py:7"


async def test_in_the_table_it_is_that_of_the_selected_service(private: Path, called: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    talk(engine)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await pilot.press("tab", "up", "tab", "E")
        await until(pilot, called.exists)
        assert asked(called) == f"--goto {private}/users/app.py:9"


async def test_going_to_an_error_selects_its_service_and_keeps_the_logs_that_are_shown(
    private: Path,
) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        app.viewing.gone_to("orders")
        assert (app.board.selected, app.viewing.services()) == ("orders", [])
        app.board.marked = {"users", "billing"}
        app.viewing.logs = "marked"
        app.viewing.gone_to("billing")
        assert (app.board.selected, app.viewing.services()) == ("billing", ["users", "billing"])
        app.viewing.gone_to("orders")
        assert (app.board.selected, app.viewing.services()) == ("orders", ["orders"])
