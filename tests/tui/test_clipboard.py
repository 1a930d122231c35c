"""What is copied arrives unchanged, and the toast says where."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, cast

import pytest

from dynaport_tui.tui.clipboard import FILE, LIMIT, copy, in_screen, in_tmux, osc52, takes_osc52

ODD = b"caf\xc3\xa9 \xff\x00 [red]\r\n\n"
"""No text at all, and an end that must not be trimmed."""


class Screen:
    """As much of an application as copying needs."""

    def __init__(self) -> None:
        self._driver = self
        self.written: list[str] = []

    def write(self, text: str) -> None:
        """Remember it."""
        self.written.append(text)


class Machine:
    """A PATH with programs that keep what they are fed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"PATH": f"{folder}:{os.environ['PATH']}", "TERM": "xterm-256color"}
        for name in ("tmux", "wl-copy", "xclip", "xsel", "pbcopy"):
            self.has(name, "exit 1")
        self.screen = Screen()

    def has(self, name: str, does: str) -> None:
        """A program of that name that keeps its input and arguments, then `does` something."""
        file = self.folder / name
        file.write_text(f'#!/bin/sh\nif [ "$1" != show-messages ]; then {does}; fi\n')
        file.chmod(0o755)

    def keeps(self, name: str, after: str = "exit 0") -> None:
        """One that takes what it is given."""
        kept = self.folder / f"{name}.kept"
        self.has(name, f'echo "$@" >> {kept}.arguments; cat > {kept}; {after}')

    def kept(self, name: str) -> bytes:
        """What it was given last."""
        return (self.folder / f"{name}.kept").read_bytes()

    async def copy(self, data: bytes = ODD, what: str = "2 lines", **env: str) -> str:
        """Copy, in a terminal with these variables."""
        app = cast("Any", self.screen)
        return await copy(app, data, what, self.folder / "state", {**self.env, **env})

    def osc52(self) -> bytes:
        """What the terminal was told to keep."""
        (escape,) = self.screen.written
        assert escape.startswith("\x1b]52;c;")
        assert escape.endswith("\x07")
        return base64.b64decode(escape[7:-1])


@pytest.fixture
def machine(private: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """One without a clipboard of its own."""
    monkeypatch.setattr("dynaport_tui.tui.clipboard._PLATFORM", "linux")
    folder = private / "bin"
    folder.mkdir()
    return Machine(folder)


async def test_over_ssh_the_terminal_is_asked_by_its_escape(machine: Machine) -> None:
    said = await machine.copy(SSH_CONNECTION="10.0.0.1 5 10.0.0.2 22", DISPLAY=":10")
    assert said == "copied 2 lines to the clipboard (OSC 52)"
    assert machine.osc52() == ODD


@pytest.mark.parametrize(
    ("tool", "env", "arguments"),
    [
        ("wl-copy", {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "--type text/plain"),
        ("xclip", {"DISPLAY": ":0"}, "-selection clipboard -in"),
        ("xsel", {"DISPLAY": ":0"}, "--clipboard --input"),
    ],
)
async def test_a_display_is_reached_by_its_own_program(
    machine: Machine, tool: str, env: dict[str, str], arguments: str
) -> None:
    machine.keeps(tool)
    assert await machine.copy(ODD, "2 lines", **env) == f"copied 2 lines to the clipboard ({tool})"
    assert machine.kept(tool) == ODD
    assert (machine.folder / f"{tool}.kept.arguments").read_text().strip() == arguments
    assert machine.screen.written == []


async def test_a_mac_is_reached_by_pbcopy(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynaport_tui.tui.clipboard._PLATFORM", "darwin")
    machine.keeps("pbcopy")
    said = await machine.copy(TERM_PROGRAM="Apple_Terminal")
    assert said == "copied 2 lines to the clipboard (pbcopy)"
    assert machine.kept("pbcopy") == ODD


async def test_a_program_that_fails_gives_way_to_the_escape(machine: Machine) -> None:
    assert await machine.copy(DISPLAY=":0") == "copied 2 lines to the clipboard (OSC 52)"
    assert machine.osc52() == ODD


async def test_a_program_that_hangs_gives_way_after_its_deadline(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynaport_tui.tui.clipboard._DEADLINE", 0.2)
    machine.has("xclip", "exec sleep 60")
    assert await machine.copy(DISPLAY=":0") == "copied 2 lines to the clipboard (OSC 52)"


async def test_inside_tmux_its_buffer_and_the_clipboard_around_it_get_the_bytes(
    machine: Machine,
) -> None:
    machine.keeps("tmux")
    with (machine.folder / "tmux").open("a") as script:
        script.write(r"echo ' 192: Ms: (string) \033]52;%p1%s;%p2%s\a'")
    said = await machine.copy(TMUX="/tmp/tmux-0/default,1,0")
    assert said == "copied 2 lines to tmux's buffer and the clipboard"
    assert machine.kept("tmux") == ODD
    assert (machine.folder / "tmux.kept.arguments").read_text() == "load-buffer -w -\n"
    assert machine.screen.written == []


async def test_a_terminal_around_tmux_without_a_clipboard_is_named(machine: Machine) -> None:
    machine.keeps("tmux")
    said = await machine.copy(TMUX="/tmp/tmux-0/default,1,0")
    assert said == (
        "copied 2 lines to tmux's buffer, prefix ] pastes: "
        "the terminal around it takes no clipboard"
    )


async def test_an_older_tmux_hands_the_escape_through(machine: Machine) -> None:
    machine.keeps("tmux", after='[ "$2" != -w ]')
    said = await machine.copy(TMUX="/tmp/tmux-0/default,1,0")
    assert said == "copied 2 lines to tmux's buffer and the clipboard (OSC 52)"
    assert machine.kept("tmux") == ODD
    assert machine.screen.written == [in_tmux(osc52(base64.b64encode(ODD).decode()))]


async def test_a_tmux_that_is_gone_leaves_the_escape(machine: Machine) -> None:
    said = await machine.copy(TMUX="/tmp/tmux-0/default,1,0")
    assert said == "copied 2 lines to the clipboard (OSC 52)"


async def test_inside_tmux_on_a_desktop_both_get_the_bytes(machine: Machine) -> None:
    machine.keeps("tmux")
    machine.keeps("xclip")
    said = await machine.copy(TMUX="/tmp/tmux-0/default,1,0", DISPLAY=":0")
    assert said == "copied 2 lines to the clipboard (xclip) and tmux's buffer"
    assert machine.kept("tmux") == machine.kept("xclip") == ODD


@pytest.mark.parametrize("term", ["linux", "dumb", ""])
async def test_a_terminal_without_a_clipboard_gets_a_file_that_nobody_else_reads(
    machine: Machine, term: str
) -> None:
    file = machine.folder / "state" / FILE
    said = await machine.copy(TERM=term)
    assert said == f"copied 2 lines to {file}: this terminal takes no clipboard"
    assert file.read_bytes() == ODD
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_file_copied_before_is_replaced_whole(machine: Machine) -> None:
    await machine.copy(b"a longer text than the next", TERM="linux")
    await machine.copy(b"short", TERM="linux")
    assert (machine.folder / "state" / FILE).read_bytes() == b"short"


async def test_a_link_in_the_place_of_the_file_is_not_followed(machine: Machine) -> None:
    precious = machine.folder / "precious"
    precious.write_text("mine")
    (machine.folder / "state").mkdir()
    (machine.folder / "state" / FILE).symlink_to(precious)
    await machine.copy(TERM="linux")
    assert precious.read_text() == "mine"


async def test_more_than_terminals_take_goes_into_a_file(machine: Machine) -> None:
    data = b"x" * LIMIT
    said = await machine.copy(data, "9,000 lines")
    file = machine.folder / "state" / FILE
    assert said == f"copied 9,000 lines to {file}: too long for the clipboard"
    assert file.read_bytes() == data
    assert machine.screen.written == []


async def test_more_than_terminals_take_goes_into_the_buffer_of_tmux(machine: Machine) -> None:
    machine.keeps("tmux")
    data = b"x" * LIMIT
    said = await machine.copy(data, "9,000 lines", TMUX="/tmp/tmux-0/default,1,0")
    assert (
        said == "copied 9,000 lines to tmux's buffer, prefix ] pastes: too long for the clipboard"
    )
    assert machine.kept("tmux") == data


async def test_a_folder_that_cannot_be_written_is_said(machine: Machine) -> None:
    (machine.folder / "state").write_text("not a folder")
    said = await machine.copy(TERM="linux")
    assert said.startswith("could not copy 2 lines: this terminal takes no clipboard, and ")
    assert said.endswith("state/copied.txt: File exists")


def test_screen_gets_an_escape_in_pieces_it_can_take() -> None:
    escape = osc52("A" * 1000)
    handed = in_screen(escape)
    pieces = handed.removeprefix("\x1bP").removesuffix("\x1b\\").split("\x1b\\\x1bP")
    assert "".join(pieces) == escape
    assert max(map(len, pieces)) <= 240


@pytest.mark.parametrize(
    ("env", "takes"),
    [
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"TERM": "vt100"}, False),
        ({}, False),
    ],
)
def test_terminals_that_know_no_clipboard_are_not_asked(env: dict[str, str], takes: bool) -> None:
    assert takes_osc52(env) is takes
