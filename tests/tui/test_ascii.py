"""A terminal that draws nothing but ASCII."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from textual.pilot import Pilot

from dynaport_tui.tui.opening import Ending
from tests.fakes import NOON, status
from tests.tui.stage import dashboard, ready, screen

ROOT = Path(__file__).parents[2]
KEYS = (
    *("2", "3", "4", "5", "6", "1", "g", "W", "T", "question_mark", "escape", "q", "escape"),
    *("ctrl+p", "escape", "c", "escape", "f", "x", "escape", "slash", "x", "enter", "escape", "M"),
    *("g", "m", "a", "x", "escape", "tab", "S", "z"),
)


async def look() -> None:
    """Print whatever is not ASCII, with the key behind which it came."""
    services = [status(f"s{i}", depends_on=[f"s{i // 2}"] if i else []) for i in range(30)]
    app, engine, _ = dashboard(Path(tempfile.mkdtemp()), *services, note="hello")
    engine.variables = {f"VARIABLE_{i}": "secret" for i in range(60)} | {"API_KEY": "abc"}
    async with app.run_test(size=(100, 24)) as pilot:
        await ready(pilot)
        engine.say("s0", *[f"line {i} of a text that is long " * 9 for i in range(50)], at=NOON)
        for key in KEYS:
            await pilot.press(key)
            await _settled(pilot)
            for line in screen(pilot):
                if not line.isascii():
                    print(f"after {key}: {line}")  # noqa: T201 (for the test)


async def _settled(pilot: Pilot[Ending]) -> None:
    for _ in range(3):
        await pilot.pause()


@pytest.mark.timeout(60)
def test_nothing_but_ascii_is_drawn_where_the_locale_has_no_more() -> None:
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "tests.tui.test_ascii"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=60, check=False)
    assert (done.stdout.decode(), done.returncode) == ("", 0), done.stderr.decode()


if __name__ == "__main__":
    asyncio.run(look())
