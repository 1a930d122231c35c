"""What a command line is about to do, before anything is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dynaport_tui.cli.beginning import run_here


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("up", "./"),
        ("up --no-tui users", "./"),
        ("-f shop.toml up --no-tui", "./shop.toml"),
        ("-C shop -f a.toml up", "shop/a.toml"),
        ("--file /a/b.toml --folder /c up", "/a/b.toml"),
        ("test -- pytest", "./"),
        ("up -d", None),
        ("up --no-tui --help", None),
        ("ps", None),
        ("", None),
        ("-f", None),
        ("--version", None),
    ],
)
def test_a_run_in_this_process_is_recognised(
    line: str, start: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert run_here(line.split()) == start


def test_in_a_terminal_the_run_is_in_the_engine_that_the_dashboard_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run_here(["up"]) is None
    assert run_here(["up", "--no-tui"]) == "./"


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_standard_stream_may_be_closed(private: Path, closed: str) -> None:
    command = f'exec "$0" -m dynaport_tui config list {closed}'
    assert subprocess.run(["sh", "-c", command, sys.executable], timeout=9).returncode == 0
