"""The folder that `python -m benchmarks install` has filled: interpreters, tools, versions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Mapping

PYTHON, WATCHDOG, NODE, GEMS = "python", "watchdog", "node", "gems"
"""What the folder has: an environment for all, one with watchdog, npm's packages, ruby's gems."""

LEFT_OUT = "left_out.json"
MODULES = "node_modules"
PATIENCE = 20.0

HOME = {
    "honcho": PYTHON,
    "supervisord": PYTHON,
    "circus": PYTHON,
    "gunicorn": PYTHON,
    "watchfiles": PYTHON,
    "port-for": PYTHON,
    "portpicker": PYTHON,
    "flask": PYTHON,
    "watchdog": WATCHDOG,
    "pm2": NODE,
    "mprocs": NODE,
    "concurrently": NODE,
    "foreman": GEMS,
}
"""Rival -> the part of the folder that has it."""

PACKAGE = {"supervisord": "supervisor", "port-for": "port_for"}
PROGRAM = {"circus": "circusd", "watchdog": "watchmedo", "portpicker": "portserver.py"}
"""Where these are called otherwise than the rival."""


class Kit:
    """The rivals that can be had; a missing one is None and is named with its reason."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def python(self) -> Path:
        """The interpreter of all services; Flask's reloader in it looks at files by turns."""
        return self.folder / PYTHON / "bin" / "python"

    @property
    def ready(self) -> bool:
        """Whether services can be run at all."""
        return self.python.exists()

    def tool(self, name: str) -> Path | None:
        """The program of a rival."""
        home, program = HOME[name], PROGRAM.get(name, name)
        if home == NODE:
            path = self.folder / NODE / MODULES / ".bin" / program
        else:
            path = self.folder / home / "bin" / program
        if path.exists():
            return path
        elsewhere = shutil.which(program) if home == GEMS else None
        return Path(elsewhere) if elsewhere else None

    def needed(self, name: str) -> str:
        """The path of a program that is known to be there."""
        path = self.tool(name)
        if path is None:
            raise LookupError(f"{name} is not installed")
        return str(path)

    def environment(self, name: str) -> dict[str, str]:
        """What the program needs beside the usual variables."""
        gems = self.folder / GEMS
        if HOME[name] == GEMS and gems.exists():
            return {"GEM_HOME": str(gems), "GEM_PATH": str(gems)}
        return {}

    def why_not(self, name: str) -> str:
        """Why a rival is not there, as far as the installation has told."""
        reasons = self.left_out()
        return reasons.get(name, "not installed: python -m benchmarks install")

    def left_out(self) -> dict[str, str]:
        """The rivals that could not be installed, with the reason."""
        try:
            found: dict[str, str] = json.loads((self.folder / LEFT_OUT).read_text())
        except FileNotFoundError:
            return {}
        return found

    def leave_out(self, reasons: Mapping[str, str]) -> None:
        """Remember what could not be installed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / LEFT_OUT).write_text(json.dumps(dict(reasons), indent=2) + "\n")

    def versions(self) -> dict[str, str]:
        """Rival -> version, of all that are there."""
        found = {name: self._version(name) for name in HOME if self.tool(name)}
        if self.ready:
            found["werkzeug"] = self._distribution(PYTHON, "werkzeug")
        return found

    def _version(self, name: str) -> str:
        home, package = HOME[name], PACKAGE.get(name, name)
        if home == NODE:
            text = (self.folder / NODE / MODULES / package / "package.json").read_text()
            return str(json.loads(text)["version"])
        if home == GEMS:
            return said_by(self.needed(name), self.environment(name))
        return self._distribution(home, package)

    def _distribution(self, home: str, package: str) -> str:
        pattern = f"lib/python*/site-packages/{package}-*.dist-info"
        for path in (self.folder / home).glob(pattern):
            return path.name.removesuffix(".dist-info").rpartition("-")[2]
        return "?"


def default_folder() -> Path:
    """Where the rivals are unless it is said otherwise."""
    return Path(platformdirs.user_cache_dir("dynaport", appauthor=False)) / "benchmarks"


def said_by(program: str, env: Mapping[str, str]) -> str:
    """What it prints when it is asked for its version."""
    done = subprocess.run(
        [program, "--version"],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout.strip() or "?"
