"""Whether a process that was noted down is still the same one."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


def birth(pid: int) -> str | None:
    """A mark that only this process of that number ever has; None where there is none.

    On Linux the boot and the clock ticks from it to the start of the process (proc(5), field 22 of
    /proc/PID/stat), which no change of the clock moves; elsewhere its creation time as the kernel
    noted it. A zombie, which only waits to be collected, is none.
    """
    return _on_linux(pid) if sys.platform == "linux" else _elsewhere(pid)


def lives(pid: int, born: str | None) -> bool:
    """Whether the process of that number is still the one that was born with that mark."""
    return born is not None and birth(pid) == born


def _on_linux(pid: int) -> str | None:
    try:
        data = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The command's name stands in brackets and may hold brackets and spaces itself.
    fields = data.rpartition(b")")[2].split()
    if len(fields) < 20 or fields[0] in (b"Z", b"X"):
        return None
    return f"{_boot()}:{int(fields[19])}"


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # a sandbox that shows processes and not this
        return "unknown"


def _elsewhere(pid: int) -> str | None:
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.6f}"
    except psutil.NoSuchProcess:
        return None
