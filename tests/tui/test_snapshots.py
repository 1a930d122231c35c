"""Pictures of the dashboard, compared with those that somebody has looked at.

`pytest tests/tui/test_snapshots.py --snapshot-update` takes them anew: look at each that changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.scenes import ONCE, SCENES, opened, played

SIZES = ((60, 15), (80, 24), (120, 35), (200, 55))


@pytest.fixture(autouse=True)
def anywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time and the colours are the same wherever the test runs."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        patch.setenv("TERM", "xterm-256color")
        patch.setenv("COLORTERM", "truecolor")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", SCENES)
def test_picture(
    private: Path, snap_compare: Callable[..., bool], name: str, size: tuple[int, int]
) -> None:
    app, source = opened(private, SCENES[name])
    assert snap_compare(app, terminal_size=size, run_before=played(SCENES[name], source))


@pytest.mark.parametrize("name", ONCE)
def test_picture_once(
    private: Path,
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    if name == "no-color":
        monkeypatch.setenv("NO_COLOR", "1")
    scene, theme = ONCE[name]
    app, source = opened(private, scene, theme)
    assert snap_compare(app, terminal_size=(120, 35), run_before=played(scene, source))
