"""A service that prints very many lines at once when it is told to, and what became of them."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from typing import TYPE_CHECKING, NamedTuple

from . import proc
from .rivals.launch import Service

if TYPE_CHECKING:
    from pathlib import Path

    from .herd import Herd

LENGTH = 100
"""Bytes of a line, with its end."""
NUMBER = re.compile(rb"#(\d{9})#")
TRAILER = 200
"""Lines after the last one: some supervisors keep the last 8 KiB back until more comes."""
TAIL = 1 << 16
"""Bytes in which the last line is, whatever prefix the trailer gets."""
GLANCE = 0.002
AFTER = 0.5
"""Seconds after the last line in which work that it brings with it is still counted."""
SCRIPT = """echo ready
read -r word < {go}
for turn in {turns}; do cat {lines}; done
exec sleep 100000
"""


class Passed(NamedTuple):
    """All the lines through one supervisor."""

    seconds: float
    """From the word go until the last line was in the file."""
    processor: float
    """Seconds of the supervisor's processes, without their start."""
    lost: int
    megabytes: float
    """The most that any of its processes has had in memory so far."""


class Feed:
    """The service and its lines."""

    def __init__(self, folder: Path, lines: Path, turns: int = 1) -> None:
        self._go = folder / "go"
        if not self._go.exists():
            os.mkfifo(self._go)
        script = folder / "feed.sh"
        words = " ".join(map(str, range(turns)))
        script.write_text(SCRIPT.format(go=self._go, turns=words, lines=lines))
        self.service = Service("feed", folder, (shutil.which("sh") or "sh", str(script)))

    def go(self, herd: Herd, patience: float) -> float:
        """Tell it to begin, as soon as it runs; the moment of the word."""
        if not herd.wait(self._begun, patience):
            raise TimeoutError(f"the service did not run within {patience:g} s")
        return time.monotonic()

    def _begun(self) -> bool:
        try:
            fifo = os.open(self._go, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads there yet
                raise
            return False
        os.write(fifo, b"go\n")
        os.close(fifo)
        return True

    def supervisors(self, herd: Herd) -> set[int]:
        """The processes that are not the service's."""
        own = herd.running(lambda argv: argv == self.service.argv)
        return herd.members() - proc.descendants(proc.processes(), own)


def pass_through(herd: Herd, feed: Feed, sink: Path, count: int, patience: float) -> Passed:
    """Let all lines run into the file; `patience` bounds each of the two waits."""
    if not herd.wait(lambda: herd.running(lambda argv: argv == feed.service.argv), patience):
        raise TimeoutError(f"the service did not start within {patience:g} s")
    time.sleep(AFTER)
    own = feed.supervisors(herd)
    before = sum(map(proc.total, own))
    began = feed.go(herd, patience)
    last = b"#%09d#" % count
    if not herd.wait(lambda: last in tail(sink), patience, GLANCE):
        raise TimeoutError(f"not all lines were in {sink.name} within {patience:g} s")
    seconds = time.monotonic() - began
    time.sleep(AFTER)
    spent = sum(map(proc.total, own)) - before
    most = max((proc.megabytes(proc.read(pid, "status"), "VmHWM") for pid in own), default=0.0)
    return Passed(seconds, spent, lost(sink, count), most)


def write_lines(path: Path, count: int) -> None:
    """So many lines, each with its number."""
    filler = b"." * (LENGTH - 12)
    with path.open("wb") as file:
        for first in range(1, count + 1, 10_000):
            numbers = range(first, min(first + 10_000, count + 1))
            file.write(b"".join(b"#%09d#%s\n" % (number, filler) for number in numbers))
        file.write(b"#%09d#%s\n" % (0, filler) * TRAILER)


def tail(path: Path) -> bytes:
    """The end of a file; empty as long as there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
            return file.read()
    except FileNotFoundError:
        return b""


def lost(sink: Path, count: int) -> int:
    """How many of the lines are neither in the file nor in those that it was rotated to."""
    seen = bytearray(count + 1)
    for path in (sink, *sink.parent.glob(f"{sink.name}.[0-9]*")):
        with path.open("rb") as file:
            rest = b""
            while block := file.read(1 << 22):
                block, cut, rest = (rest + block).rpartition(b"\n")
                for number in NUMBER.findall(block + cut):
                    seen[int(number)] = 1
    return count - sum(seen[1:])
