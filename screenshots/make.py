"""Makes the pictures of README.md from what the program really shows.

Run it as `.venv/bin/python screenshots/make.py`. The demo runs from a copy, with a state of its
own. Durations, ports and pids are real; the folder, the time of day and the debugger's PIN are not.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dashboards
from shop import Shop
from streams import SHOWN, alone, draw, mistakes, prompt, reloading, shown

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def folder() -> Iterator[Path]:
    """One for the demo and its state, whose path can be replaced without moving any text."""
    name = secrets.token_hex(8)[: len(SHOWN) - len("/tmp//shop")]
    base = Path("/tmp", name)
    base.mkdir(mode=0o700)
    try:
        yield base
    finally:
        shutil.rmtree(base)


def main() -> None:
    """Make all pictures."""
    with folder() as base:
        shop = Shop(base)
        with shop.up() as terminal:
            draw("up", prompt("dynaport up --no-tui") + terminal.text, shop.folder, 116)
            draw("ps", shown(shop, "ps"), shop.folder)
            draw("reload", reloading(shop, terminal), shop.folder, 124)
        with shop.background() as socket:
            dashboards.make(shop, socket)
        draw("apps", alone(shop), shop.folder, 116)
        draw("check", mistakes(shop), shop.folder, 124)


if __name__ == "__main__":
    main()
