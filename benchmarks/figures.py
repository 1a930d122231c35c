"""Numbers as people read them: medians, ratios, and whether a target was met."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def median(values: Sequence[float]) -> float | None:
    """The middle one; nothing of nothing."""
    return statistics.median(values) if values else None


def ratio(one: float | None, other: float | None) -> float | None:
    """How many times as much; nothing where one is not known or the other is zero."""
    return one / other if one is not None and other else None


def figure(value: float | None) -> str:
    """Three digits that count, no more; a whole number as it is; a dash for what is not known."""
    if value is None:
        return "-"
    if value == 0 or isinstance(value, int):
        return f"{value:,.0f}"
    size = abs(value)
    if size >= 999.5:
        return f"{value:,.0f}"
    decimals = 1 if size >= 9.995 else 2 if size >= 0.0995 else 3
    return f"{value:.0f}" if size >= 99.95 else f"{value:.{decimals}f}"


@dataclass(frozen=True)
class Target:
    """What a measured ratio or figure has to keep to."""

    what: str
    measured: float | None
    limit: float
    at_least: bool = False
    """Whether more is better."""

    @property
    def met(self) -> bool:
        """False also when it could not be measured."""
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def row(self) -> list[str]:
        """What, measured, target, verdict."""
        word = "at least" if self.at_least else "at most"
        verdict = "ok" if self.met else "not measured" if self.measured is None else "NOT OK"
        return [self.what, figure(self.measured), f"{word} {figure(self.limit)}", verdict]
