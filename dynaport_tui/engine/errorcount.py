"""Counts the errors that a service prints, while it prints them."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..model.levels import Level, level_of
from ..model.terms import LevelIs
from .sieve import Sieve, readable

EXACT = 1_000_000
"""Bytes a second that are looked through as a whole."""
LOOKS = 2_000
"""Lines a second that are looked at one by one."""

_SIEVE = Sieve((LevelIs(Level.ERROR),))
_HEAD = b"Traceback (most recent call last):"
_CHAINED = (
    b"The above exception was the direct cause of the following exception:",
    b"During handling of the above exception, another exception occurred:",
)
_FLOODED = (_HEAD, b"ERROR", b'"error"')
_RAISED = re.compile(r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception)(?::|$)")


class ErrorCount:
    """How many errors a log has shown: lines of level ERROR and above, and tracebacks.

    A traceback is one error together with what is chained to it and with the line right above it.
    Above 1 MB or 2,000 suspicious lines a second the count is an estimate: tracebacks and two
    usual words are counted, and nothing is looked at closer.
    """

    def __init__(self) -> None:
        self.total = 0
        self._second = 0
        self._bytes = 0
        self._looks = 0
        self._above = [b"", b""]
        """The two lines above the next ones."""
        self._counted = False
        """Whether the last line was an error."""

    def feed(self, lines: bytes, at: float) -> None:
        """Take whole lines that came at `at`, in seconds."""
        if int(at) != self._second:
            self._second, self._bytes, self._looks = int(at), 0, 0
        self._bytes += len(lines)
        if self._bytes > EXACT:
            self.total += _estimate(lines)
        else:
            self._counted = self._look(lines)
        self._above = _last_two(self._above, lines)

    def _look(self, lines: bytes) -> bool:
        """Count them; whether the last line is one of them."""
        suspects = _SIEVE.sift(lines).lines
        self._looks += len(suspects)
        if self._looks > LOOKS:
            self.total += len(suspects)
            return False
        if not suspects:
            return False
        cut = [*self._above, *readable(lines).split(b"\n")]
        counted = -1 if self._counted else -2
        for i in suspects:
            kind = _kind(cut, i + 2)
            if kind.error and not (kind.head and counted == i - 1):
                self.total += 1
                counted = i
        return counted == len(cut) - 4


class _Kind(NamedTuple):
    error: bool
    head: bool = False


def _kind(lines: list[bytes], at: int) -> _Kind:
    """Whether a line is an error of its own, and whether it is the head of a traceback."""
    raw, above = lines[at], lines[at - 1]
    if raw.endswith(_HEAD):
        chained = not above.strip(b" |") and lines[at - 2].strip(b" |") in _CHAINED
        return _Kind(error=not (chained or raw.lstrip().startswith(b"|")), head=True)
    text = raw[:4000].decode("utf-8", "replace")
    if _RAISED.match(text) and above[:1].isspace():
        return _Kind(error=False)
    level = level_of(text)
    return _Kind(error=level is not None and level >= Level.ERROR)


def _estimate(lines: bytes) -> int:
    return sum(lines.count(word) for word in _FLOODED)


def _last_two(above: list[bytes], lines: bytes) -> list[bytes]:
    start = lines.rfind(b"\n", 0, -1)
    if start < 0:
        return [above[1], readable(lines[-1000:])[:-1]]
    before = lines.rfind(b"\n", 0, start) + 1
    last = lines[max(before, len(lines) - 4000) :]
    return [b"", *readable(last).split(b"\n")[:-1]][-2:]
