"""Where and when it was measured."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess

from dynaport_tui import __version__

from .rivals.ours import ROOT


def described() -> dict[str, str]:
    """Name -> value, in the order of telling."""
    return {
        "date": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        "cores": str(len(os.sched_getaffinity(0))),
        "load at first": f"{os.getloadavg()[0]:.2f}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "dynaport": f"{__version__} {commit()}".strip(),
    }


def commit() -> str:
    """Of this checkout, with a mark when files differ from it; empty without git."""
    argv = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=9"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
