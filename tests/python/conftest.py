"""Flask apps that do not serve, unless a test says so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from dynaport_tui import DynaPortFlask, ServiceRegistry
from dynaport_tui.ledger.opened import close_all
from tests.fakes import FakeRun


@pytest.fixture(autouse=True)
def own_ledger(private: Path) -> Iterator[None]:
    """No ledger of one test stays open in the next."""
    yield
    close_all()


@pytest.fixture
def registry(private: Path) -> ServiceRegistry:
    return ServiceRegistry()


def an_app(dynaport: DynaPortFlask, run: FakeRun | None = None) -> Flask:
    """A wrapped app whose run() does not serve."""
    app = Flask("shop")
    app.run = run or FakeRun()  # type: ignore[method-assign, assignment]
    return dynaport.wrap_app(app)


@contextmanager
def another_process() -> Iterator[subprocess.Popen[bytes]]:
    """One that lives until the block ends."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def lives_in(pid: int, port: int, app_id: str = "shop") -> None:
    """Let another process be registered as one that serves an app."""
    ServiceRegistry().register_service(app_id, port, pid=pid, health_endpoint=None)


def own_pid() -> int:
    return os.getpid()
