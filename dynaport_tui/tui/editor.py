"""Which editor the person has, and a file opened in it at a line."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import PurePath
from typing import TYPE_CHECKING

from . import terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_USUAL = ("nano", "vim", "vi")
_AT_PLUS = frozenset({
    "vi", "vim", "nvim", "view", "gvim", "mvim", "nano", "pico", "emacs", "emacsclient", "kak",
    "micro", "joe", "jed", "ne", "mg", "mcedit", "gedit", "vis", "bbedit",
})  # fmt: skip
"""`+12 file`."""
_AT_COLON = frozenset({"hx", "helix", "subl", "sublime_text", "zed", "zeditor", "lapce"})
"""`file:12`."""
_AT_GOTO = frozenset({"code", "code-insiders", "codium", "cursor", "windsurf", "code-server"})
"""`--goto file:12`."""
_AT_LINE = frozenset({
    "idea", "pycharm", "webstorm", "phpstorm", "rubymine", "goland", "clion", "charm", "kate",
    "kwrite", "mate",
})  # fmt: skip
"""`--line 12 file`."""
_WINDOWS = _AT_GOTO | _AT_LINE | (_AT_COLON - {"hx", "helix"}) | {"gvim", "mvim", "gedit", "bbedit"}
"""Those with a window of their own."""
_START = 2.0
"""Seconds in which an editor with a window may still say that it failed."""


def find(env: Mapping[str, str]) -> list[str] | None:
    """The person's editor with its arguments: VISUAL, EDITOR, else a usual one; None: there is
    none.
    """
    for name in ("VISUAL", "EDITOR"):
        if command := _words(env.get(name, "")):
            return command
    path = env.get("PATH")
    return next(([name] for name in _USUAL if shutil.which(name, path=path)), None)


def needs_terminal(command: Sequence[str]) -> bool:
    """Whether the editor draws into the terminal, so that the dashboard must leave it."""
    name = _name(command)
    if name in ("emacs", "emacsclient"):
        return not {"-c", "--create-frame"} & set(command) or "-nw" in command
    if name in ("vim", "vi", "nvim"):
        return "-g" not in command
    return name not in _WINDOWS


def arguments(command: Sequence[str], file: Path, line: int | None) -> list[str]:
    """The command that opens the file, at the line where the editor is known to take one."""
    name = _name(command)
    if line is None:
        return [*command, str(file)]
    if name in _AT_PLUS:
        return [*command, f"+{line}", str(file)]
    if name in _AT_COLON:
        return [*command, f"{file}:{line}"]
    if name in _AT_GOTO:
        return [*command, "--goto", f"{file}:{line}"]
    if name in _AT_LINE:
        return [*command, "--line", str(line), str(file)]
    return [*command, str(file)]


def edit(file: Path, line: int | None, env: Mapping[str, str] | None = None) -> str | None:
    """Open the file in the person's editor; what to tell, or None where all went well.

    One that draws into the terminal is waited for: inside `App.suspend()`. One with a window of its
    own is only started, which takes at most 2 s: in a thread.
    """
    env = os.environ if env is None else env
    command = find(env)
    if command is None:
        return f"no editor found for {file}: set EDITOR, or install one of {', '.join(_USUAL)}"
    words = arguments(command, file, line)
    try:
        code = (
            terminal.run(words, env)
            if needs_terminal(command)
            else terminal.launch(words, env, _START)
        )
    except OSError as error:
        why = "is not in your PATH" if isinstance(error, FileNotFoundError) else error.strerror
        return f"{command[0]} {why}; it comes from {_origin(env)}"
    return None if not code else f"{command[0]} ended with {_ending(code)}: {shlex.join(words)}"


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()


def _name(command: Sequence[str]) -> str:
    return PurePath(command[0]).name.removesuffix(".exe")


def _origin(env: Mapping[str, str]) -> str:
    return next((name for name in ("VISUAL", "EDITOR") if env.get(name)), "the usual ones")


def _ending(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"signal {-code}"
