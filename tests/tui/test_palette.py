"""What the palette offers, finds and does."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App
from textual.command import CommandList
from textual.widgets import Input

from dynaport_tui.model.machine import State
from dynaport_tui.model.view import Verb
from dynaport_tui.tui.actions import ACTIONS, shown
from dynaport_tui.tui.board import Board
from dynaport_tui.tui.palette import ActionProvider, Palette, ThemeProvider
from tests.fakes import FakeEngine, status


class Host(App[None]):
    """As much of the dashboard as the palette needs; it remembers what it was told."""

    COMMANDS = {ActionProvider}  # noqa: RUF012 (as Textual declares it)

    def __init__(self) -> None:
        super().__init__()
        engine = FakeEngine(status("users"), status("billing.1", State.STOPPED, wanted=False))
        self.board = Board()
        self.board.update(engine.snapshot(), 0.0)
        self.acts = self.viewing = self
        self.done: list[str] = []

    async def on(self, verb: Verb, service: str) -> None:
        """A verb for a service."""
        self.done.append(f"{verb} {service}")

    def open(self, service: str) -> None:
        """The log of a service."""
        self.done.append(f"open {service}")


for _action in ACTIONS:
    setattr(Host, f"action_{_action.id}", lambda host, action=_action.id: host.done.append(action))


async def offered(host: Host, pilot: Any, typed: str = "") -> list[str]:
    """The rows of the palette with this in its line."""
    host.screen.query_one(Input).value = typed
    await pilot.pause()
    await host.workers.wait_for_complete()
    await pilot.pause()
    options = host.screen.query_one(CommandList).options
    return [str(option.prompt) for option in options]


async def rows(typed: str = "", size: tuple[int, int] = (80, 24)) -> list[str]:
    """The same in an application of its own."""
    host = Host()
    async with host.run_test(size=size) as pilot:
        host.push_screen(Palette())
        await pilot.pause()
        return await offered(host, pilot, typed)


async def test_every_action_is_offered_with_its_key_and_what_it_does() -> None:
    found = await rows(size=(120, 40))
    expected = [action for action in ACTIONS if action.id not in ("palette", "interrupt", "leave")]
    assert len(found) == len(expected)
    for row, action in zip(found, expected, strict=True):
        assert row.startswith(action.label)
        assert all(f" {shown(key)} " in row for key in action.keys)
        assert action.help[:30] in row


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (160, 45)])
async def test_a_row_is_as_wide_as_the_panel_and_no_wider(size: tuple[int, int]) -> None:
    for typed in ("", "restart"):
        assert max(map(len, await rows(typed, size))) <= min(size[0], 96) - 5


async def test_typing_finds_actions_services_and_themes() -> None:
    found = await rows("restart")
    assert [row[:20].strip() for row in found[:4]] == [
        "restart",
        "restart all",
        "restart users",
        "restart billing.1",
    ]
    assert any(row.startswith("theme: nord") for row in await rows("nord"))
    assert (await rows("go to bill"))[0].startswith("go to billing.1")


async def test_words_of_the_sentence_find_an_action_too() -> None:
    assert [row[:6] for row in await rows("secrets of")] == ["show s"]


async def test_a_service_that_is_stopped_is_not_offered_to_be_stopped() -> None:
    found = await rows("stop")
    assert any(row.startswith("stop users") for row in found)
    assert not any(row.startswith("stop billing") for row in found)


@pytest.mark.parametrize(
    ("typed", "done"),
    [
        ("restart all", "restart_all"),
        ("copy trace", "copy_traceback"),
        ("release users", "release users"),
        ("go to bill", "open billing.1"),
    ],
)
async def test_enter_does_what_was_found(typed: str, done: str) -> None:
    host = Host()
    async with host.run_test() as pilot:
        host.push_screen(Palette())
        await pilot.pause()
        await offered(host, pilot, typed)
        await pilot.press("enter")
        await pilot.pause()
        await host.workers.wait_for_complete()
    assert host.done == [done]


async def test_a_click_does_it_too() -> None:
    host = Host()
    async with host.run_test() as pilot:
        host.push_screen(Palette())
        await pilot.pause()
        await offered(host, pilot, "restart all")
        await pilot.click(CommandList, offset=(5, 1))
        await pilot.pause()
    assert host.done == ["restart_all"]


async def test_escape_does_nothing() -> None:
    host = Host()
    async with host.run_test() as pilot:
        host.push_screen(Palette())
        await pilot.pause()
        await offered(host, pilot, "stop all")
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(host.screen, Palette)
    assert host.done == []


async def test_themes_are_chosen_from_the_same_panel() -> None:
    host = Host()
    async with host.run_test() as pilot:
        host.push_screen(Palette([ThemeProvider]))
        await pilot.pause()
        assert "nord" in [row.strip() for row in await offered(host, pilot)]
        await offered(host, pilot, "nord")
        await pilot.press("enter")
        await pilot.pause()
        assert host.theme == "nord"
