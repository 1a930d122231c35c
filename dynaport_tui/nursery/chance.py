"""Random numbers that processes forked from one do not share."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

_by_chance: list[random.Random] = []
"""Generators that libraries made for themselves, and that nobody told where to begin."""


@contextlib.contextmanager
def noted() -> Iterator[None]:
    """Take note of such generators; the one of `random` itself begins anew in every fork."""
    from random import Random

    original = Random.seed

    def seed(self: Random, a: Any = None, version: int = 2) -> None:
        original(self, a, version)
        if a is None:
            _by_chance.append(self)

    Random.seed = seed  # type: ignore[method-assign]
    try:
        yield
    finally:
        Random.seed = original  # type: ignore[method-assign]


def begin_anew() -> None:
    """Give this process random numbers of its own."""
    for generator in _by_chance:
        generator.seed()
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()
