"""Every test gets folders and variables of its own, whatever the shell around it holds."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project

FOREIGN = frozenset({
    "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "NO_COLOR", "HOST", "PORT", "GATEWAY_URL",
    "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
})  # fmt: skip
"""Variables that change what dynaport or a service does."""

FOREIGN_PREFIXES = ("DYNAPORT_", "FLASK_", "GUNICORN_", "LISTEN_", "UVICORN_", "WERKZEUG_")

OWN_FOLDERS = {
    "XDG_STATE_HOME": "state",
    "XDG_RUNTIME_DIR": "run",
    "XDG_CONFIG_HOME": "config",
    "XDG_CACHE_HOME": "cache",
    "XDG_DATA_HOME": "data",
}


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A private folder (0700) for everything that dynaport keeps, and variables that lead there.

    Its path is short, since a Unix socket's path may have 107 bytes, and unique on the machine, so
    that it tells the processes of this test from all others.
    """
    folder = Path(tempfile.mkdtemp(prefix="dp", dir="/tmp")).resolve()
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in FOREIGN or name.startswith(FOREIGN_PREFIXES):
                patch.delenv(name)
        for name, part in OWN_FOLDERS.items():
            (folder / part).mkdir(mode=0o700)
            patch.setenv(name, str(folder / part))
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def private() -> Iterator[Path]:
    """A private folder for one test."""
    with private_folder() as folder:
        yield folder


@pytest.fixture
def project(private: Path) -> Project:
    """An empty project folder; its name, and with it its ports, differ from test to test."""
    return project_in(private)


def project_in(folder: Path) -> Project:
    """The project of a private folder."""
    return Project(folder / f"shop-{folder.name.removeprefix('dp').replace('_', '')}")
