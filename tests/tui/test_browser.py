"""Whether a browser can be reached, and what is said when it cannot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dynaport_tui.tui.browser import open_url, reachable

URL = "http://127.0.0.1:20112/?a=1&b=[red]"
SSH = {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}


@pytest.mark.parametrize(
    ("env", "platform", "can"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        (SSH, "darwin", False),
        ({**SSH, "DISPLAY": ":10"}, "linux", False),
        ({**SSH, "BROWSER": "/usr/bin/open-on-my-machine"}, "linux", True),
        ({"BROWSER": "/usr/bin/w3m", "DISPLAY": ":0"}, "linux", False),
        ({"BROWSER": "firefox:lynx"}, "linux", True),
    ],
)
def test_a_browser_is_opened_only_before_the_eyes_of_the_person(
    env: dict[str, str], platform: str, can: bool
) -> None:
    assert reachable(env, platform) is can


def browser(folder: Path, does: str = "exit 0") -> dict[str, str]:
    """A browser that notes what it was asked for."""
    file = folder / "my-browser"
    file.write_text(f'#!/bin/sh\necho noise; echo "$1" > {folder}/asked\n{does}\n')
    file.chmod(0o755)
    return {**os.environ, "BROWSER": f"{file} %s"}


async def test_the_address_reaches_the_browser_unchanged(private: Path) -> None:
    said = await open_url(URL, browser(private))
    assert said == f"opened {URL} in the browser"
    assert (private / "asked").read_text() == f"{URL}\n"


async def test_a_browser_that_fails_is_said_with_the_address(private: Path) -> None:
    env = {**browser(private, "exit 1"), "PATH": "/nowhere", "DISPLAY": ""}
    assert await open_url(URL, env) == f"no browser could be opened: {URL}"


async def test_a_browser_that_takes_its_time_is_not_waited_for(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynaport_tui.tui.browser._DEADLINE", 0.2)
    go_on = private / "go-on"
    os.mkfifo(go_on)
    said = await open_url(URL, browser(private, f"read line < {go_on}"))
    assert said == f"opening {URL} in the browser"
    go_on.write_text("on\n")


async def test_over_ssh_the_address_is_shown_instead() -> None:
    assert await open_url(URL, SSH) == f"no browser can be opened over ssh: {URL}"


async def test_without_a_display_the_address_is_shown_instead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dynaport_tui.tui.browser._PLATFORM", "linux")
    assert await open_url(URL, {}) == f"no browser can be opened in this terminal: {URL}"
