"""Durations and sizes as people write them."""

from __future__ import annotations

import math
import re

YEAR = 365 * 86_400.0
"""The longest duration, in seconds."""

_N = r"\d+(\.\d+)?"
DURATION = rf"({_N}|(?=\d)({_N}d)?({_N}h)?({_N}m)?({_N}s)?({_N}ms)?)"
"""What a duration looks like, as a regular expression that JSON Schema understands too."""

SIZE = r"\d+(\.\d+)? ?([kKMGT]i?)?B?"
"""What a size looks like, likewise."""

_DURATION = re.compile(DURATION, re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])?", re.ASCII)
_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(?:([kKMGT])(i)?)?B?", re.ASCII)
_DIGITS = 18


def seconds(value: str | float) -> float:
    """Seconds of a number or of a text such as `500ms`, `1m30s` or `2.5`.

    From 0 to YEAR; raises ValueError, whose text says what was wrong.
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 2 * _DIGITS or not _DURATION.fullmatch(text):
            raise ValueError("no duration")
        total = sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(text))
    else:
        total = _number(value)
    if total < 0:
        raise ValueError("negative")
    if not total <= YEAR:
        raise ValueError("longer than a year")
    return total


def size(value: str | float) -> int:
    """Bytes of a number or of a text such as `50MB` (1000 each) or `10KiB` (1024 each).

    At most 10**18; raises ValueError, whose text says what was wrong.
    """
    if isinstance(value, str):
        text = value.strip()
        match = _SIZE.fullmatch(text)
        if match is None or len(text) > 2 * _DIGITS:
            raise ValueError("no size")
        number, letter, binary = match.groups()
        base = 1024 if binary else 1000
        total = float(number) * base ** (
            "kMGT".index(letter.replace("K", "k")) + 1 if letter else 0
        )
    else:
        total = _number(value)
    if total < 0:
        raise ValueError("negative")
    if not total <= 10**_DIGITS:
        raise ValueError("too large")
    return int(total)


def _number(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    if math.isnan(number):
        raise ValueError("not a number")
    return number
