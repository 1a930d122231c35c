"""Times as people write and read them."""

from __future__ import annotations

import re
import time
from typing import Literal

Stamps = Literal["time", "age", "off"]
STAMPS: tuple[Stamps, ...] = ("time", "age", "off")
WIDTH: dict[Stamps, int] = {"time": 12, "age": 7, "off": 0}
"""Cells of each kind."""

_DAY = 86_400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": _DAY}
_CLOCK = re.compile(r"^(\d{1,2}):(\d\d)(?::(\d\d(?:[.,]\d{1,6})?))?$")
_AGO = re.compile(r"^-?\s*((?:\d+\s*[smhd]\s*)+?)(?:ago)?$")
_PART = re.compile(r"(\d+)\s*([smhd])")


class TimeError(Exception):
    """A time that is none: `message` says how to write one."""

    message = "a time is 14:05, 14:05:30, or 5m for five minutes ago"


def clock(at: float) -> str:
    """`12:00:01.204`, in the zone of the terminal."""
    milli = int(at * 1000) % 1000
    return f"{time.strftime('%H:%M:%S', time.localtime(at))}.{milli:03d}"


def day(at: float, now: float) -> str:
    """`14:02`, `14:02 yesterday`, `14:02 on 2026-01-31`."""
    then, today = time.localtime(at), time.localtime(now)
    text = time.strftime("%H:%M", then)
    for back, word in ((0, ""), (1, " yesterday")):
        parts = (today.tm_year, today.tm_mon, today.tm_mday - back, 12, 0, 0, 0, 0, -1)
        if time.localtime(time.mktime(parts))[:3] == then[:3]:
            return text + word
    return text + time.strftime(" on %Y-%m-%d", then)


def age(at: float, now: float) -> str:
    """At most seven characters, the largest unit and the next: `12s`, `2m 3s`, `5h 12m`."""
    seconds = int(max(now - at, 0))
    if seconds < 60:
        return f"{seconds}s"
    for below, unit, size, small, part in (
        (3600, "m", 60, "s", 1),
        (_DAY, "h", 3600, "m", 60),
        (100 * _DAY, "d", _DAY, "h", 3600),
    ):
        if seconds < below:
            rest = seconds % size // part
            return f"{seconds // size}{unit} {rest}{small}"
    return f"{seconds // _DAY}d"


def moment(text: str, now: float) -> float:
    """The time that a person means, in seconds since 1970; raises TimeError.

    A time of day is the last one that is not in the future; `5m`, `-5m` and `1h 30m` count back
    from `now`.
    """
    text = text.strip().lower()
    if found := _CLOCK.match(text):
        return _time_of_day(found, now)
    if found := _AGO.match(text):
        return now - sum(int(n) * _UNITS[unit] for n, unit in _PART.findall(found[1]))
    raise TimeError(TimeError.message)


def _time_of_day(found: re.Match[str], now: float) -> float:
    hour, minute = int(found[1]), int(found[2])
    second = float((found[3] or "0").replace(",", "."))
    if hour > 23 or minute > 59 or second >= 60:
        raise TimeError(TimeError.message)
    today = time.localtime(now)
    for back in (0, 1):
        parts = (today.tm_year, today.tm_mon, today.tm_mday - back, hour, minute, 0, 0, 0, -1)
        at = time.mktime(parts) + second
        if at <= now:
            break
    return at
