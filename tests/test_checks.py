"""The checks that a change must pass belong to the tests, so that one command runs them all."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

START_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/dynaport up"

TEST_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/python -m pytest"
)

CHECKS = {
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy": ("-m", "mypy"),
    "import-linter": (
        "-c",
        "from importlinter.cli import lint_imports as lint; raise SystemExit(lint())",
    ),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("check", CHECKS)
def test_the_code_passes(check: str) -> None:
    finished = subprocess.run(
        [sys.executable, *CHECKS[check]],
        cwd=ROOT,
        env={**os.environ, "TERM": "dumb", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=290,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("command", [START_COMMAND, TEST_COMMAND])
def test_readme_names_each_of_the_two_commands_on_one_line(command: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{command}\n" in re.findall(r"```console\n(.*?)```", text, re.DOTALL)


def test_ci_runs_exactly_the_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    lines = [line for line in script.read_text().splitlines() if not line.startswith("#")]
    assert lines == ["set -eu", 'cd "$(dirname "$0")/.."', TEST_COMMAND]
    assert script.stat().st_mode & stat.S_IXUSR
