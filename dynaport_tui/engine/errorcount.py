"""Counts the failures that a service prints, while it prints them."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..model.blocks import readable
from ..model.levels import Level, level_of
from ..model.terms import LevelIs
from .sieve import Sieve

EXACT = 1_000_000
"""Bytes a second that are looked through as a whole."""
AT_ONCE = 128 * 1024
"""Bytes that come at once only where far more than EXACT a second are printed."""
GLANCED = 3_000_000
"""Bytes a second that are searched for words. Of what comes beyond, only the end is: what a service
says before it dies stands there.
"""
LOOKS = 2_000
"""Lines a second that are looked at one by one."""
APART = 0.05
"""Seconds after which an error is of another failure than the one before it."""

_SIEVE = Sieve((LevelIs(Level.ERROR),))
_HEAD = b"Traceback (most recent call last):"
_CHAINED = (
    b"The above exception was the direct cause of the following exception:",
    b"During handling of the above exception, another exception occurred:",
)
_FLOODED = (_HEAD, b"ERROR", b'"error"')
_RAISED = re.compile(r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception)(?::|$)")
_UNREADABLE = re.compile(rb"(?:Syntax|Indentation|Tab)Error: ")
"""Source that is no Python: nothing ran yet, so that no head of a traceback may stand above."""
_FRAME = b'  File "'
_ABOVE = 4
"""Lines that are remembered: the place of a SyntaxError takes three, and one stands above that."""
_END = 4_000
_REACH = 4_000
"""Bytes in which the lines above are sought."""


class ErrorCount:
    """How many failures a log has shown: lines of level ERROR and above, and tracebacks.

    What comes within 50 ms is one, as a logged error with its traceback and the access line below.
    A traceback is one together with what is chained to it and with the line right above it,
    however slowly it comes. Above 1 MB or 2,000 suspicious lines a second the count is an
    estimate: tracebacks and two usual words are counted, and nothing is looked at closer. So it is
    for more than 128 KiB that come at once. Above 3 MB a second only the last lines of what is read
    at once are searched for these.
    """

    def __init__(self) -> None:
        self.total = 0
        self._begun = float("-inf")
        """When the last failure came."""
        self._second = 0
        self._bytes = 0
        self._looks = 0
        self._above = [b""] * _ABOVE
        """The lines above the next ones, but for those in `_passed`."""
        self._passed = b""
        """The end of what came since without being looked at."""
        self._ago = _ABOVE
        """Lines that came since the last error."""

    def feed(self, lines: bytes, at: float) -> None:
        """Take whole lines that came at `at`, in seconds; it never goes back."""
        if int(at) != self._second:
            self._second, self._bytes, self._looks = int(at), 0, 0
        self._bytes += len(lines)
        known = at - self._begun < APART
        if not known and self._bytes <= EXACT and len(lines) <= AT_ONCE:
            found = self._look(lines)
        else:
            self._pass(lines)
            self._ago = _ABOVE
            found = not known and self._glance(lines)
        if found:
            self.total += 1
            self._begun = at

    def _glance(self, lines: bytes) -> bool:
        if self._bytes > GLANCED:
            lines = lines[-_END:]
        return any(word in lines for word in _FLOODED)

    def _pass(self, lines: bytes) -> None:
        above = b"" if len(lines) >= _REACH else self._passed
        self._passed = (above + lines[-_REACH:])[-_REACH:]

    def _look(self, lines: bytes) -> bool:
        suspects = _SIEVE.sift(lines).lines
        if not suspects:
            self._pass(lines)
            self._ago += lines.count(b"\n")
            return False
        self._looks += len(suspects)
        if self._looks > LOOKS:
            self._pass(lines)
            self._ago = _ABOVE
            return True
        above = _last(self._above, self._passed) if self._passed else self._above
        self._above, self._passed = _last(above, lines), b""
        cut = [*above, *readable(lines).split(b"\n")]
        counted = before = _ABOVE - 1 - self._ago
        for i in suspects:
            found = _error(cut, i + _ABOVE)
            if found is not None and found.above != counted:
                counted = i + _ABOVE
        self._ago = len(cut) - 2 - counted
        return counted != before


class _Error(NamedTuple):
    above: int | None = None
    """The line right above its traceback, which may say the same."""


def _error(lines: list[bytes], at: int) -> _Error | None:
    """What a line tells of, unless it is no error or another line tells of the same."""
    raw, above = lines[at], lines[at - 1]
    if raw.endswith(_HEAD):
        chained = not above.strip(b" |") and lines[at - 2].strip(b" |") in _CHAINED
        return None if chained or raw.lstrip().startswith(b"|") else _Error(at - 1)
    if _UNREADABLE.match(raw) and (head := _headless(lines, at)) is not None:
        return _Error(head)
    text = raw[:4000].decode("utf-8", "replace")
    if _RAISED.match(text) and above[:1].isspace():
        return None
    level = level_of(text)
    return _Error() if level is not None and level >= Level.ERROR else None


def _headless(lines: list[bytes], at: int) -> int | None:
    """The line above the place of a SyntaxError that has no head; None where it is part of a
    traceback.
    """
    for place in range(at - 1, at - _ABOVE, -1):
        if lines[place].startswith(_FRAME):
            above = lines[place - 1]
            return None if above[:1].isspace() or above.endswith(_HEAD) else place - 1
    return None


def _last(above: list[bytes], lines: bytes) -> list[bytes]:
    """The lines that are above what follows."""
    start = end = len(lines) - 1
    for _ in range(_ABOVE):
        start = lines.rfind(b"\n", 0, end) + 1
        if start == 0:
            break
        end = start - 1
    last = lines[max(start, len(lines) - _REACH) :]
    return [*above, *readable(last).split(b"\n")[:-1]][-_ABOVE:]
