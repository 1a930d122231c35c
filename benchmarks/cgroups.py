"""A control group for the processes that are measured: it counts also those that have ended.

Both versions are known (cgroups(7)). Usually a group may be made by root, or by a user to whom
systemd has delegated the one it is in; without one the caller has to do with /proc.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOUNTS = Path("/proc/self/mounts")
OWN = Path("/proc/self/cgroup")
PREFIX = "dynaport-benchmark-"
PATIENCE = 5.0


class Cgroup:
    """One group, which is gone when it is closed; all its processes must have ended by then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def make(cls, name: str) -> Cgroup | None:
        """A new group below ours, or none where that is not allowed."""
        for parent in parents(MOUNTS.read_text(), OWN.read_text()):
            folder = parent / f"{PREFIX}{os.getpid()}-{name}"
            with contextlib.suppress(OSError):
                folder.mkdir()
                made = cls(folder)
                if made.works():
                    return made
                folder.rmdir()
        return None

    def works(self) -> bool:
        """Whether processes may be put into it and are counted."""
        return os.access(self._folder / "cgroup.procs", os.W_OK) and self.spent() is not None

    def enter(self) -> None:
        """Put the calling process into it."""
        (self._folder / "cgroup.procs").write_text("0")

    def spent(self) -> float | None:
        """Seconds of processor time of all that are and were in it."""
        with contextlib.suppress(FileNotFoundError):
            return int((self._folder / "cpuacct.usage").read_text()) * 1e-9
        with contextlib.suppress(FileNotFoundError):
            for line in (self._folder / "cpu.stat").read_text().splitlines():
                if line.startswith("usage_usec "):
                    return int(line.split()[1]) * 1e-6
        return None

    def members(self) -> list[int]:
        """The processes in it, without zombies."""
        return [int(line) for line in (self._folder / "cgroup.procs").read_text().split()]

    def close(self) -> None:
        """Take the group away; processes that are just ending are waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._folder.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return


def parents(mounts: str, own: str) -> list[Path]:
    """The folders in which we might make a group: version 2 first, then version 1's cpuacct."""
    paths = {}
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        paths[controllers] = path.lstrip("/")
    found: list[tuple[int, Path]] = []
    for line in mounts.splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup2" and "" in paths:
            found.append((0, Path(where) / paths[""]))
        elif kind == "cgroup" and "cpuacct" in options.split(","):
            names = next((name for name in paths if "cpuacct" in name.split(",")), None)
            if names is not None:
                found.append((1, Path(where) / paths[names]))
    return [path for _, path in sorted(found)]


def sweep(alive: Callable[[int], bool]) -> None:
    """Take away the empty groups of benchmarks that were killed."""
    for parent in parents(MOUNTS.read_text(), OWN.read_text()):
        for folder in parent.glob(f"{PREFIX}*"):
            owner = folder.name.removeprefix(PREFIX).partition("-")[0]
            if not alive(int(owner)):
                with contextlib.suppress(OSError):
                    folder.rmdir()
