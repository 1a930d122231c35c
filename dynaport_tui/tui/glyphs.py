"""What a state looks like and how numbers are written."""

from __future__ import annotations

import os
from statistics import median
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..model.machine import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model.view import ServiceStatus

Ink = Literal["good", "busy", "warn", "bad", "text", "dim"]
"""A field of `Colours`."""

Word = Literal[
    "ready", "running", "starting", "reloading", "old code", "waiting", "unhealthy", "backing off",
    "broken", "stopping", "stopped", "done",
]  # fmt: skip


def speaks_unicode(env: Mapping[str, str]) -> bool:
    """Whether the terminal behind these variables can be expected to draw more than ASCII.

    True where nothing is said; the text console of Linux has UTF-8 but no such glyphs.
    """
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or "UTF-8"
    encoding = locale.partition("@")[0].replace("-", "").lower()
    return encoding.endswith("utf8") and env.get("TERM") != "linux"


UNICODE = speaks_unicode(os.environ)
"""Whether this process may draw more than ASCII."""


class Mark(NamedTuple):
    """How a state is shown: never by its colour alone."""

    glyph: str
    """One cell wide."""
    word: Word
    ink: Ink


_MARKS: dict[Word, tuple[str, str, Ink]] = {
    "ready": ("●", "*", "good"),
    "running": ("◐", "~", "busy"),
    "starting": ("◐", "~", "busy"),
    "reloading": ("◐", "~", "busy"),
    "old code": ("!", "!", "warn"),
    "waiting": ("◌", ".", "busy"),
    "unhealthy": ("!", "!", "warn"),
    "backing off": ("↻", "@", "warn"),
    "broken": ("✗", "X", "bad"),
    "stopping": ("◑", "~", "dim"),
    "stopped": ("○", "o", "dim"),
    "done": ("✓", "+", "dim"),
}

_WORDS: dict[State, Word] = {
    State.READY: "ready",
    State.STARTING: "starting",
    State.UNHEALTHY: "unhealthy",
    State.BACKOFF: "backing off",
    State.FAILED: "broken",
    State.STOPPING: "stopping",
    State.STOPPED: "stopped",
    State.DONE: "done",
}


def state_word(status: ServiceStatus) -> Word:
    """What a person calls the state of this service."""
    if status.state is State.STOPPED and status.wanted and status.waiting:
        return "waiting"
    if status.task and status.state in (State.STARTING, State.READY):
        return "running"
    if status.state is State.READY and status.reloading:
        return "reloading"
    if status.state is State.READY and status.reload_error:
        return "old code"
    return _WORDS[status.state]


def state_mark(status: ServiceStatus, ascii: bool = not UNICODE) -> Mark:  # noqa: A002
    """Glyph, word and colour of a service's state."""
    word = state_word(status)
    glyph, plain, ink = _MARKS[word]
    return Mark(plain if ascii else glyph, word, ink)


RULE = "─" if UNICODE else "-"
BAR = "▎" if UNICODE else ">"
"""At the left of what is selected."""
CHOSEN = "◆" if UNICODE else "#"
"""What is marked."""
ELLIPSIS = "…" if UNICODE else "~"
NOTHING = "\N{EN DASH}" if UNICODE else "-"
"""Where there is no value."""
DOT = "·" if UNICODE else "-"
"""Between facts of one line."""
AGAIN = "↻" if UNICODE else "rst"
"""Heads the column of restarts."""
UP = "↑" if UNICODE else "^"
DOWN = "↓" if UNICODE else "v"
FROM = "←" if UNICODE else "<-"
"""What follows is the cause."""
ACROSS, ALONG = ("↑ ↓", "← →") if UNICODE else ("Up Down", "Left Right")
"""Keys that move."""
SHIFT = "⇧" if UNICODE else "Shift+"
TEE = "┬" if UNICODE else "+"
WALL = "│" if UNICODE else "|"
CROSS = "✗" if UNICODE else "X"
SPARKS = "▁▂▃▄▅▆▇█" if UNICODE else "_.-~=+*#"
LOST = "\N{MULTIPLICATION SIGN}" if UNICODE else "x"
"""A probe that failed."""

_FLOOR_MS = 4.0
"""Below this no difference of latency is worth a look."""


def sparkline(values: Sequence[float | None]) -> str:
    """A character a value; None is a probe that failed.

    What is usual lies low and what is not stands up: the top is four times the median, or the
    largest value where that is more.
    """
    known = [value for value in values if value is not None]
    top = max(_FLOOR_MS, max(known), 4 * median(known)) if known else _FLOOR_MS
    steps = len(SPARKS) - 1
    return "".join(
        LOST if value is None else SPARKS[round(max(value, 0.0) / top * steps)] for value in values
    )


def latency(ms: float) -> str:
    """Milliseconds with two digits that count: `2.9`, `14`, `1204`."""
    return f"{ms:.1f}" if ms < 9.95 else f"{ms:.0f}"


def percent(value: float) -> str:
    """Of one core, without the sign: `0.1`, `104`."""
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def duration(seconds: float) -> str:
    """The largest unit alone, so that it seldom changes: `42s`, `12m`, `5h`, `3d`."""
    if seconds < 60:
        return f"{int(max(seconds, 0))}s"
    if seconds < 3600:
        return f"{int(seconds // 60)}m"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)}h"
    return f"{int(seconds // 86400)}d"


def size(count: float) -> str:
    """Bytes as `812 kB`, `31 MB`, `1.4 GB`: 1000 each."""
    if count < 999_500:
        return f"{count / 1e3:.0f} kB"
    if count < 999_500_000:
        return f"{count / 1e6:.0f} MB"
    return f"{count / 1e9:.1f} GB"


def quoted(text: str) -> str:
    """What somebody has typed."""
    return f"“{text}”" if UNICODE else f'"{text}"'


def count(n: int) -> str:
    """With a comma a thousand: `12,480`."""
    return f"{n:,}"


def counted(n: int, noun: str, plural: str = "") -> str:
    """`1 error`, `3 errors`."""
    return f"{count(n)} {noun if n == 1 else plural or noun + 's'}"
