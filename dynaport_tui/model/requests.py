"""The HTTP requests of one service: the last of them, and what they say together."""

from __future__ import annotations

import re
from collections import deque
from math import ceil
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import msgspec

from .text import MASK, is_secret, without_passwords
from .view import Request, Requests

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT = 1000
"""Requests kept of one service."""
FAILURE = 500
"""From this status on an answer is the service's own failure."""
PATH_MAX = 500
"""Characters of a path with its query."""
_METHOD_MAX = 20
_SEPARATOR = re.compile("([&;])")


class Answered(msgspec.Struct, frozen=True, array_like=True):
    """One request as the service's runner tells it."""

    at: float
    method: str
    path: str
    status: int
    ms: float


class RequestRecord:
    """Numbers the requests of one service and keeps the last."""

    def __init__(self) -> None:
        self._kept: deque[Request] = deque(maxlen=KEPT)
        self._total = self._dropped = 0

    def take(self, answered: Sequence[Answered], dropped: int = 0) -> None:
        """Requests in the order in which they ended; `dropped` came too fast to be told."""
        self._dropped += dropped
        for one in answered:
            self._total += 1
            self._kept.append(
                Request(
                    number=self._total,
                    at=one.at,
                    method=printable(one.method)[:_METHOD_MAX],
                    path=shown(one.path),
                    status=one.status,
                    ms=round(one.ms, 3),
                )
            )

    def view(self, service: str, after: int = 0) -> Requests:
        """Those numbered above `after`, and the figures over all that are kept."""
        kept = list(self._kept)
        times = [request.ms for request in kept]
        return Requests(
            service=service,
            requests=[request for request in kept if request.number > after],
            total=self._total,
            dropped=self._dropped,
            p50_ms=percentile(times, 50),
            p95_ms=percentile(times, 95),
            error_rate=error_rate(kept),
        )


def percentile(values: Sequence[float], percent: float) -> float | None:
    """By the nearest rank: the smallest value that so many percent do not exceed; None of none."""
    if not values:
        return None
    rank = ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def error_rate(requests: Sequence[Request]) -> float | None:
    """The share that failed by the service's own fault, 0 to 1; None of none."""
    if not requests:
        return None
    return sum(request.status >= FAILURE for request in requests) / len(requests)


def shown(path: str) -> str:
    """A path with its query as it may be shown: no control codes, no secrets, not endless."""
    path, mark, query = printable(path).partition("?")
    if mark:
        path += mark + "".join(map(_masked, _SEPARATOR.split(query)))
    return without_passwords(path)[:PATH_MAX]


def _masked(part: str) -> str:
    name, sign, value = part.partition("=")
    return f"{name}={MASK}" if sign and value and is_secret(unquote_plus(name)) else part


def printable(text: str) -> str:
    """Without what would write somewhere else on a screen."""
    return text if text.isprintable() else "".join(filter(str.isprintable, text))
