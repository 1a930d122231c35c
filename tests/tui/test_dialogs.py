"""What each dialog answers to keys and clicks, and what it shows."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import pytest
from textual.app import App
from textual.screen import Screen
from textual.widgets import Static

from dynaport_tui.tui.actions import ACTIONS, shown
from dynaport_tui.tui.dialogs.command import CommandScreen
from dynaport_tui.tui.dialogs.confirm import ConfirmScreen
from dynaport_tui.tui.dialogs.help import HelpScreen
from dynaport_tui.tui.dialogs.leave import QuitScreen
from dynaport_tui.tui.dialogs.sheet import arranged

T = TypeVar("T")
NOTHING = object()


class Host(App[None], Generic[T]):
    """An application that shows one dialog and keeps its answer."""

    def __init__(self, dialog: Screen[T]) -> None:
        super().__init__()
        self._dialog = dialog
        self.answer: object = NOTHING

    def on_mount(self) -> None:
        """Ask."""
        self.push_screen(self._dialog, self._answered)

    def _answered(self, answer: T | None) -> None:
        self.answer = answer


async def answer(dialog: Screen[Any], *keys: str) -> object:
    """What the dialog says after these keys; NOTHING while it is open."""
    host: Host[Any] = Host(dialog)
    async with host.run_test() as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        return host.answer


async def clicked(dialog: Screen[Any], text: str) -> object:
    """What it says after a click on this text."""
    host: Host[Any] = Host(dialog)
    async with host.run_test() as pilot:
        await pilot.pause()
        row, column = next(
            (row, line.find(text)) for row, line in enumerate(picture(host)) if text in line
        )
        await pilot.click(offset=(column, row))
        await pilot.pause()
        return host.answer


def picture(host: App[Any]) -> list[str]:
    """The screen as lines."""
    width, height = host.size
    strips = host.screen._compositor.render_strips()  # noqa: SLF001 -- as App.export_screenshot does
    assert (len(strips), strips[0].cell_length) == (height, width)
    return [strip.text for strip in strips]


async def shows(dialog: Screen[Any], size: tuple[int, int] = (80, 24)) -> str:
    """The screen with the dialog on it."""
    host: Host[Any] = Host(dialog)
    async with host.run_test(size=size) as pilot:
        await pilot.pause()
        return "\n".join(picture(host))


# ---- quit


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["enter"], "stop"),
        (["ctrl+c"], "stop"),
        (["d"], "detach"),
        (["escape"], None),
        (["down", "enter"], "detach"),
        (["down", "down", "enter"], None),
        (["down", "up", "enter"], "stop"),
        (["x"], NOTHING),
    ],
)
async def test_quitting_stops_all_detaches_or_stays(keys: list[str], said: object) -> None:
    assert await answer(QuitScreen(True, 6), *keys) is said


@pytest.mark.parametrize(
    ("text", "said"),
    [("stop all of them", "stop"), ("detach:", "detach"), ("stay here", None)],
)
async def test_quitting_is_answered_by_a_click_too(text: str, said: object) -> None:
    assert await clicked(QuitScreen(True, 6), text) == said


async def test_a_click_on_the_question_is_no_answer() -> None:
    assert await clicked(QuitScreen(True, 6), "Quit dynaport?") is NOTHING


async def test_a_click_beside_the_panel_stays() -> None:
    host: Host[Any] = Host(QuitScreen(True, 6))
    async with host.run_test() as pilot:
        await pilot.pause()
        await pilot.click(offset=(1, 1))
        await pilot.pause()
        assert host.answer is None


@pytest.mark.parametrize(
    ("owner", "running", "texts"),
    [
        (True, 6, ["6 services are running.", "stop all of them", "detach: they go on"]),
        (True, 1, ["1 service is running.", "stop it"]),
        (True, 0, ["No service is running.", "stop dynaport"]),
        (False, 2, ["2 services are running, started elsewhere.", "leave them running"]),
    ],
)
async def test_quitting_says_what_would_happen(owner: bool, running: int, texts: list[str]) -> None:
    screen = await shows(QuitScreen(owner, running), (60, 15))
    assert [text for text in texts if text not in screen] == []


# ---- confirm


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["enter"], True),
        (["y"], True),
        (["n"], False),
        (["escape"], False),
        (["down", "enter"], False),
        (["tab", "enter"], False),
    ],
)
async def test_a_dangerous_action_is_done_or_left(keys: list[str], said: bool) -> None:
    assert await answer(ConfirmScreen("Release?", "It moves.", "release"), *keys) is said


async def test_no_text_of_a_question_is_taken_for_markup() -> None:
    dialog = ConfirmScreen("Stop [red]users[/red]?", "[/] is [bold", "[b]yes")
    screen = await shows(dialog, (60, 15))
    for text in ("Stop [red]users[/red]?", "[/] is [bold", "[b]yes"):
        assert text in screen


# ---- command


async def test_a_command_line_is_given_as_it_was_typed() -> None:
    keys = [*"ls -l", "enter"]
    keys = ["space" if key == " " else "minus" if key == "-" else key for key in keys]
    assert await answer(CommandScreen("users"), *keys) == "ls -l"


@pytest.mark.parametrize("keys", [["enter"], ["space", "enter"], ["escape"], ["l", "escape"]])
async def test_no_command_line_is_none(keys: list[str]) -> None:
    assert await answer(CommandScreen("users"), *keys) is None


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["up", "enter"], "pytest -q"),
        (["up", "up", "enter"], "flask db upgrade"),
        (["up", "up", "up", "enter"], "flask db upgrade"),
        (["up", "up", "down", "enter"], "pytest -q"),
        (["l", "s", "up", "down", "enter"], "ls"),
        (["up", "x", "enter"], "pytest -qx"),
    ],
)
async def test_earlier_commands_come_back_by_up_and_down(keys: list[str], said: str) -> None:
    history = ["flask db upgrade", "pytest -q"]
    assert await answer(CommandScreen("users", history), *keys) == said


# ---- help


@pytest.mark.parametrize("key", ["escape", "q", "enter", "question_mark"])
async def test_the_help_is_left_by_any_of_its_keys(key: str) -> None:
    assert await answer(HelpScreen(), key) is None


@pytest.mark.parametrize(
    ("text", "action"), [("zoom", "zoom"), ("restart all", "restart_all"), ("Services", NOTHING)]
)
async def test_an_action_of_the_help_can_be_clicked(text: str, action: object) -> None:
    assert await clicked(HelpScreen(), text) == action


@pytest.mark.parametrize("width", [50, 73, 125, 153, 190])
def test_the_help_names_every_key_and_fits_its_width(width: int) -> None:
    lines = arranged(ACTIONS, width, App()).plain.split("\n")
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    for action in ACTIONS:
        for key in action.keys:
            assert f"{shown(key)} " in text
    for title in ("Services", "Log", "Copy", "View", "Project", "Move", "Mouse and selection"):
        assert title in text
    assert "level:error" in text
    assert "Shift+drag" in text


def test_the_wide_help_explains_every_action_in_a_sentence() -> None:
    words = arranged(ACTIONS, 190, App()).plain.split()
    for action in ACTIONS:
        assert set(action.help.removesuffix(".").split()) <= set(words), action.id


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (200, 55)])
async def test_the_keys_of_all_actions_are_seen_without_scrolling(size: tuple[int, int]) -> None:
    screen = await shows(HelpScreen(), size)
    for title in ("Services", "Log", "Copy", "View", "Project"):
        assert title in screen


async def test_the_help_scrolls_to_what_does_not_fit() -> None:
    host: Host[Any] = Host(HelpScreen())
    async with host.run_test(size=(60, 15)) as pilot:
        await pilot.pause()
        assert "Shift+drag" not in "\n".join(picture(host))
        await pilot.press("end")
        await pilot.pause()
        for _ in range(100):
            if "Shift+drag" in "\n".join(picture(host)):
                break
            await pilot.pause(0.02)
        assert "Shift+drag" in "\n".join(picture(host))


async def test_the_help_is_arranged_anew_when_the_terminal_grows() -> None:
    host: Host[Any] = Host(HelpScreen())
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        narrow = host.screen.query_one("#sheet", Static).size.width
        await pilot.resize_terminal(200, 55)
        await pilot.pause()
        assert host.screen.query_one("#sheet", Static).size.width > narrow
