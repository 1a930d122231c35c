"""Times as people say them."""

from __future__ import annotations

import time

_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"))


def ago(since: float, now: float | None = None) -> str:
    """`3 min ago` for seconds since 1970; a date where it is more than a month.

    What lies in the future, after a clock that jumped, was just now.
    """
    passed = int((time.time() if now is None else now) - since)
    if passed < 2:
        return "just now"
    for limit, unit, name in _STEPS:
        if passed < limit:
            return f"{passed // unit} {name} ago"
    days = passed // 86_400
    if days > 31:
        return time.strftime("%Y-%m-%d", time.localtime(since))
    return f"{days} day{'s' if days > 1 else ''} ago"
