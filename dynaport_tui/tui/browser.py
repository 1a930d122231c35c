"""An address opened in the browser, where there is one."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import PurePath
from typing import TYPE_CHECKING

from .terminal import launch

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLATFORM = sys.platform
_DEADLINE = 2.0
"""Seconds in which an opener can still say that it failed."""
_IN_THE_TERMINAL = frozenset({
    "lynx", "links", "links2", "elinks", "w3m", "www-browser", "browsh", "carbonyl",
})  # fmt: skip
_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


def reachable(env: Mapping[str, str], platform: str) -> bool:
    """Whether a browser can be expected to open before the eyes of the person."""
    if named := env.get("BROWSER"):
        first = named.split(os.pathsep)[0].split()
        return not first or PurePath(first[0]).name not in _IN_THE_TERMINAL
    if env.get("SSH_CONNECTION") or env.get("SSH_TTY"):
        return False
    if platform == "darwin" or env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"):
        return True
    return "WSL_DISTRO_NAME" in env and shutil.which("wslview", path=env.get("PATH")) is not None


async def open_url(url: str, env: Mapping[str, str] | None = None) -> str:
    """Open the address in the browser; the sentence for a toast, after at most 2 s."""
    env = os.environ if env is None else env
    if not reachable(env, _PLATFORM):
        where = "over ssh" if env.get("SSH_CONNECTION") else "in this terminal"
        return f"no browser can be opened {where}: {url}"
    # In a process of its own: what browsers print must not reach the screen.
    try:
        code = await asyncio.to_thread(launch, [*_opener(env), url], env, _DEADLINE)
    except OSError as error:
        return f"no browser could be opened ({error.strerror}): {url}"
    if code is None:
        return f"opening {url} in the browser"
    return f"no browser could be opened: {url}" if code else f"opened {url} in the browser"


def _opener(env: Mapping[str, str]) -> list[str]:
    if "WSL_DISTRO_NAME" in env and not env.get("BROWSER") and shutil.which("wslview"):
        return ["wslview"]
    return [sys.executable, "-I", "-c", _OPEN]
