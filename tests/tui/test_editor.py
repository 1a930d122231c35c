"""Which editor is opened, at which line, and what is said when it cannot be."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from dynaport_tui.tui.editor import arguments, edit, find, needs_terminal

FILE = Path("/shop/users/app.py")


class Editors:
    """A PATH with nothing in it but what the test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"PATH": str(folder)}

    def has(self, name: str, does: str = "") -> Path:
        """An editor that notes how it was called."""
        file = self.folder / name
        file.write_text(f'#!/bin/sh\nprintf "%s\\n" "$0" "$@" > {self.folder}/called\n{does}\n')
        file.chmod(0o755)
        return file

    def called(self) -> list[str]:
        """The last call, without its folder."""
        first, *rest = (self.folder / "called").read_text().splitlines()
        return [Path(first).name, *rest]


@pytest.fixture
def editors(private: Path) -> Editors:
    folder = private / "bin"
    folder.mkdir()
    return Editors(folder)


def test_visual_comes_before_editor_and_may_hold_arguments(editors: Editors) -> None:
    env = {**editors.env, "VISUAL": "my-editor --wait 'two words'", "EDITOR": "vi"}
    assert find(env) == ["my-editor", "--wait", "two words"]


def test_an_editor_of_blanks_counts_as_none(editors: Editors) -> None:
    editors.has("vi")
    assert find({**editors.env, "VISUAL": "  ", "EDITOR": ""}) == ["vi"]


def test_without_a_choice_the_first_usual_one_that_is_installed_is_taken(editors: Editors) -> None:
    assert find(editors.env) is None
    editors.has("vi")
    editors.has("vim")
    assert find(editors.env) == ["vim"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("vim", "vim +12 FILE"),
        ("/usr/bin/nvim -p", "/usr/bin/nvim -p +12 FILE"),
        ("nano", "nano +12 FILE"),
        ("emacsclient -t", "emacsclient -t +12 FILE"),
        ("kak", "kak +12 FILE"),
        ("micro", "micro +12 FILE"),
        ("hx", "hx FILE:12"),
        ("subl -w", "subl -w FILE:12"),
        ("zed --wait", "zed --wait FILE:12"),
        ("code -w", "code -w --goto FILE:12"),
        ("cursor", "cursor --goto FILE:12"),
        ("pycharm", "pycharm --line 12 FILE"),
        ("ed", "ed FILE"),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way(command: str, words: str) -> None:
    expected = words.replace("FILE", str(FILE))
    assert shlex.join(arguments(shlex.split(command), FILE, 12)) == expected


def test_without_a_line_every_editor_gets_the_file_alone() -> None:
    assert arguments(["code", "-w"], FILE, None) == ["code", "-w", str(FILE)]


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ("vim", True),
        ("vim -g", False),
        ("gvim", False),
        ("emacsclient -t", True),
        ("emacsclient -c", False),
        ("emacs -nw", True),
        ("hx", True),
        ("code -w", False),
        ("/snap/bin/subl", False),
        ("pycharm", False),
        ("some-editor", True),
    ],
)
def test_only_editors_with_a_window_leave_the_terminal_alone(command: str, needs: bool) -> None:
    assert needs_terminal(command.split()) is needs


def test_an_editor_that_went_well_has_nothing_to_tell(editors: Editors) -> None:
    editors.has("vim")
    assert edit(FILE, 12, editors.env) is None
    assert editors.called() == ["vim", "+12", str(FILE)]


def test_none_at_all_is_said_with_what_to_do(editors: Editors) -> None:
    assert edit(FILE, 12, editors.env) == (
        f"no editor found for {FILE}: set EDITOR, or install one of nano, vim, vi"
    )


def test_one_that_is_not_installed_is_named_with_its_origin(editors: Editors) -> None:
    env = {**editors.env, "EDITOR": "no-such-editor"}
    assert edit(FILE, 12, env) == "no-such-editor is not in your PATH; it comes from EDITOR"


def test_one_that_fails_is_named_with_its_exit_code(editors: Editors) -> None:
    editors.has("vi", "exit 3")
    assert edit(FILE, None, editors.env) == f"vi ended with exit 3: vi {FILE}"


def test_one_with_a_window_is_not_waited_for(
    editors: Editors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynaport_tui.tui.editor._START", 0.3)
    go_on = editors.folder / "go-on"
    os.mkfifo(go_on)
    editors.has("code", f"read line < {go_on}")
    env = {**editors.env, "VISUAL": "code -w"}
    assert edit(FILE, 12, env) is None
    assert editors.called() == ["code", "-w", "--goto", f"{FILE}:12"]
    go_on.write_text("on\n")


def test_one_with_a_window_that_fails_at_once_is_named(editors: Editors) -> None:
    editors.has("code", "exit 1")
    said = edit(FILE, None, {**editors.env, "VISUAL": "code"})
    assert said == f"code ended with exit 1: code {FILE}"
