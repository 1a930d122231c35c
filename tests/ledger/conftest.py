"""A ledger of its own for each test, and processes that use it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from dynaport_tui.ledger.ledger import Ledger

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def ledger(private: Path) -> Iterator[Ledger]:
    """The ledger in the test's own state folder."""
    with Ledger() as opened:
        yield opened


class Start(Protocol):
    """Start a Python program in a process that is ended with the test."""

    def __call__(self, program: str, *args: object) -> subprocess.Popen[str]:
        """Its standard input and output are pipes."""


@pytest.fixture
def start(private: Path) -> Iterator[Start]:
    """Start Python programs that may import dynaport_tui."""
    with ExitStack() as started:

        def run(program: str, *args: object) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", program, *map(str, args)],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield run
