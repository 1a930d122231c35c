"""Fetch the rivals into a folder of their own, outside the environment of the project.

    python -m benchmarks install [--into FOLDER]

Python's go into two virtual environments: one for all services and tools, and one with watchdog,
whose presence alone changes what Flask's reloader does. npm's and ruby's go into folders beside
them. What cannot be had is left out, named with the reason, and left out of the tables.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from .rivals.kit import GEMS, HOME, NODE, PYTHON, WATCHDOG, Kit, default_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PATIENCE = 600.0
"""Seconds that fetching the packages of one registry may take."""
SERVICES = ("flask", "pydantic", "sqlalchemy", "requests")
"""What the measured services import."""
TOOLS = ("honcho", "supervisor", "circus", "gunicorn", "watchfiles", "port-for", "portpicker")
UNBROKEN = "watchdog<7"
"""Flask's reloader with 7.1 watches the interpreter's own library and never sees a save."""
PACKAGES = ("pm2", "mprocs", "concurrently@9")
"""Of npm; a later concurrently needs a later node than most distributions have."""


def main(argv: Sequence[str] | None = None) -> int:
    """Install all that can be had; 1 when not even the services' environment can."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks install", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--into", type=Path, default=default_folder(), metavar="FOLDER")
    kit = Kit(parser.parse_args(argv).into.absolute())
    kit.folder.mkdir(parents=True, exist_ok=True)
    kit.leave_out(missing(kit))
    for name, version in sorted(kit.versions().items()):
        sys.stdout.write(f"{name:14} {version}\n")
    for name, reason in kit.left_out().items():
        sys.stdout.write(f"{name:14} left out: {reason}\n")
    sys.stdout.write(f"in {kit.folder}\n")
    return int(not kit.ready)


def missing(kit: Kit) -> dict[str, str]:
    """Install each part; the rivals that are not there then, with the reason."""
    parts: dict[str, Callable[[Path], str]] = {
        PYTHON: lambda folder: environment(folder, (*SERVICES, *TOOLS)),
        WATCHDOG: lambda folder: environment(folder, (*SERVICES, UNBROKEN)),
        NODE: packages,
        GEMS: gems,
    }
    said = {part: install(kit.folder / part) for part, install in parts.items()}
    return {
        name: said[part] or "its package has no such program"
        for name, part in HOME.items()
        if kit.tool(name) is None
    }


def environment(folder: Path, names: Sequence[str]) -> str:
    """A virtual environment with these; why it could not be made, or nothing."""
    progress(f"{folder.name}: {' '.join(names)}")
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    return failure([python, "-m", "pip", "install", "--quiet", "--upgrade", *names])


def packages(folder: Path) -> str:
    """npm's; why they could not be had, or nothing."""
    if not shutil.which("npm"):
        return "npm is not installed"
    progress(f"npm: {' '.join(PACKAGES)}")
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    return failure(["npm", "install", "--prefix", str(folder), *quiet, *PACKAGES])


def gems(folder: Path) -> str:
    """ruby's; why they could not be had, or nothing."""
    if not shutil.which("gem"):
        return "gem is not installed"
    if shutil.which("foreman"):
        return ""  # a distribution's own will do
    progress("gem: foreman")
    folder.mkdir(parents=True, exist_ok=True)
    return failure(["gem", "install", "--no-document", "--install-dir", str(folder), "foreman"])


def failure(argv: Sequence[str]) -> str:
    """Run it; the last line that it said if it failed."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{argv[0]} did not end within {PATIENCE:g} s"
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return said[-1].strip()[:200] if said else f"{argv[0]} ended with {done.returncode}"


def progress(text: str) -> None:
    """Tell what is going on."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
