"""The keys of the user's settings: what each is for, and which values it takes."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LAST_PORT = 65535
_RANGE = re.compile(r"\[?\s*(\d+)\s*(?:-|,|\.\.|\s)\s*(\d+)\s*\]?")


class Key(NamedTuple):
    """One setting."""

    summary: str
    default: Any
    check: Callable[[Any], Any]
    """The value as it is used, of one as TOML or JSON has it; raises ValueError: what to write."""
    typed: Callable[[str], Any]
    """What a text of the command line or of a variable means, to be checked then."""


def port_range(value: Any) -> tuple[int, int]:
    """Lowest and highest port, 1 to 65535; raises ValueError, whose text says what to write."""
    remedy = "write the lowest and the highest port, such as [20000, 29999]"
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(remedy)
    low, high = value
    if not all(type(end) is int and 1 <= end <= _LAST_PORT for end in value):
        raise ValueError(f"{remedy}; a port is a whole number from 1 to {_LAST_PORT}")
    if low > high:
        raise ValueError(f"the range is reversed: write [{high}, {low}]")
    return int(low), int(high)


def typed_range(text: str) -> Any:
    """`5000-6000`, `5000, 6000` or `[5000, 6000]`; anything else as it is."""
    found = _RANGE.fullmatch(text.strip())
    return [int(found[1]), int(found[2])] if found else text


def seconds(lowest: float, highest: float) -> Callable[[Any], float]:
    """The check of a duration within bounds, in seconds."""

    def check(value: Any) -> float:
        from .units import seconds as of

        remedy = f'write seconds from {lowest:g} to {highest:g}, such as 1.5 or "500ms"'
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(remedy)
        try:
            found = of(value)
        except ValueError:
            found = math.nan
        if not lowest <= found <= highest:
            raise ValueError(remedy)
        return found

    return check


KEYS: Mapping[str, Key] = {
    "port_allocator.port_range": Key(
        "Where ports are chosen from; `ports` in services.toml goes before it.",
        (20000, 29999),
        port_range,
        typed_range,
    ),
    "service_registry.health_timeout": Key(
        "Seconds that an app has to answer when its health is asked.",
        1.0,
        seconds(0.05, 60),
        str,
    ),
}
"""Dotted key, always `table.key` -> what it takes."""


def variable(key: str) -> str:
    """The environment variable that goes before the file: `DYNAPORT_PORT_ALLOCATOR_PORT_RANGE`."""
    return f"DYNAPORT_{key.replace('.', '_').upper()}"
