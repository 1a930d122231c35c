"""Text to where the person can paste it, by the most reliable way there is."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from textual.app import App

LIMIT = 100_000
"""Characters of base64 that terminals can be expected to take."""
FILE = "copied.txt"
_PLATFORM = sys.platform
_DEADLINE = 2.0
"""Seconds that a program may take over it."""


class Tool(NamedTuple):
    """A program that puts its standard input into the clipboard of this machine."""

    name: str
    arguments: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


_PBCOPY = Tool("pbcopy", variables=(("LC_CTYPE", "UTF-8"),))
_WAYLAND = Tool("wl-copy", ("--type", "text/plain"))
_X11 = (Tool("xclip", ("-selection", "clipboard", "-in")), Tool("xsel", ("--clipboard", "--input")))


async def copy(
    app: App[object],
    data: bytes,
    what: str,
    folder: Path,
    env: Mapping[str, str] | None = None,
) -> str:
    """Put the bytes unchanged where they can be pasted; the sentence for a toast.

    `what` names them (`23 lines`). Where nothing takes them they go into a file in `folder`. Takes
    2 s at the most for each program that is tried.
    """
    env = os.environ if env is None else env
    text = base64.b64encode(data).decode()
    short = len(text) <= LIMIT
    if tool := await _by_tool(data, env):
        tmux = bool(env.get("TMUX")) and await _tmux(["load-buffer", "-"], data, env)
        return f"copied {what} to the clipboard ({tool})" + (" and tmux's buffer" if tmux else "")
    if env.get("TMUX") and (said := await _by_tmux(app, data, text if short else None, env)):
        return f"copied {what} {said}"
    if short and takes_osc52(env):
        _write(app, in_screen(osc52(text)) if env.get("STY") else osc52(text))
        return f"copied {what} to the clipboard (OSC 52)"
    why = "this terminal takes no clipboard" if short else "too long for the clipboard"
    return await asyncio.to_thread(_by_file, data, what, folder / FILE, why)


def tools(env: Mapping[str, str], platform: str) -> Sequence[Tool]:
    """The programs that would reach the clipboard before the person's eyes; none over ssh."""
    if env.get("SSH_CONNECTION") or env.get("SSH_TTY"):
        return ()
    if platform == "darwin":
        return (_PBCOPY,)
    wayland = (_WAYLAND,) if env.get("WAYLAND_DISPLAY") else ()
    return (*wayland, *(_X11 if env.get("DISPLAY") else ()))


def takes_osc52(env: Mapping[str, str]) -> bool:
    """Whether the terminal may know the escape for the clipboard; none of them ever answers."""
    if env.get("TERM_PROGRAM") == "Apple_Terminal":
        return False
    return env.get("TERM", "") not in ("", "dumb", "linux", "vt100", "vt220")


def osc52(text: str) -> str:
    """The escape that puts base64 into the clipboard."""
    return f"\x1b]52;c;{text}\x07"


def in_tmux(escape: str) -> str:
    """An escape that tmux hands through to the terminal around it."""
    return "\x1bPtmux;" + escape.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def in_screen(escape: str) -> str:
    """An escape that screen hands through, in pieces as short as it takes them."""
    pieces = (escape[start : start + 240] for start in range(0, len(escape), 240))
    return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)


async def _by_tool(data: bytes, env: Mapping[str, str]) -> str | None:
    for tool in tools(env, _PLATFORM):
        path = shutil.which(tool.name, path=env.get("PATH"))
        variables = {**env, **dict(tool.variables)}
        if path and await _fed([path, *tool.arguments], data, variables):
            return tool.name
    return None


async def _by_tmux(
    app: App[object], data: bytes, text: str | None, env: Mapping[str, str]
) -> str | None:
    """Where tmux put it; None where it cannot be reached."""
    if text is not None and await _tmux(["load-buffer", "-w", "-"], data, env):
        if b"Ms: (string)" in await _capabilities(env):
            return "to tmux's buffer and the clipboard"
        return "to tmux's buffer, prefix ] pastes: the terminal around it takes no clipboard"
    if not await _tmux(["load-buffer", "-"], data, env):
        return None
    if text is None:
        return "to tmux's buffer, prefix ] pastes: too long for the clipboard"
    _write(app, in_tmux(osc52(text)))
    return "to tmux's buffer and the clipboard (OSC 52)"


async def _tmux(arguments: Sequence[str], data: bytes, env: Mapping[str, str]) -> bool:
    path = shutil.which("tmux", path=env.get("PATH"))
    return path is not None and await _fed([path, *arguments], data, env)


async def _fed(command: Sequence[str], data: bytes, env: Mapping[str, str]) -> bool:
    """Whether the program took the bytes."""
    return await asyncio.to_thread(_run, command, data, env) is not None


async def _capabilities(env: Mapping[str, str]) -> bytes:
    """What tmux knows of the terminals around it; `Ms` is the escape for the clipboard."""
    command = [shutil.which("tmux", path=env.get("PATH")) or "tmux", "show-messages", "-T"]
    return await asyncio.to_thread(_run, command, b"", env, True) or b""


def _run(
    command: Sequence[str], data: bytes, env: Mapping[str, str], answers: bool = False
) -> bytes | None:
    """What the program printed, where it answers; None where it failed or took too long."""
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            command,
            input=data,
            env=env,
            # xclip and wl-copy live on in the background: a pipe would be held open by them.
            stdout=subprocess.PIPE if answers else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_DEADLINE,
            start_new_session=True,
            check=True,
        )
        return done.stdout or b""
    return None


def _write(app: App[object], escape: str) -> None:
    driver = app._driver  # noqa: SLF001 -- App.copy_to_clipboard takes text alone, not any bytes
    if driver is not None:
        driver.write(escape)


def _by_file(data: bytes, what: str, path: Path, why: str) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # it may be a link that somebody else put there
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
    except OSError as error:
        return f"could not copy {what}: {why}, and {path}: {error.strerror or error}"
    return f"copied {what} to {path}: {why}"
