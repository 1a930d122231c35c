"""Hides the secrets of a service in what it printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .text import MASK, secrets_of, without_passwords

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SHORTEST = 4
"""Characters: what is shorter stands in every second line by chance."""
_WORDS = frozenset({"true", "false", "none", "null", "auto", "test", "admin", "root", "localhost"})
"""What a variable may say that keeps no secret."""


class Redaction:
    """Replaces the values of the secret variables among `env`, wherever they stand as a word.

    What is a part of one of `known`, such as the project's folder or a service's name, is no
    secret, and hiding it would hide the way to a file.
    """

    def __init__(self, env: Mapping[str, str], known: Collection[str] = ()) -> None:
        values = {
            line.strip()
            for value in secrets_of(env)
            for line in value.splitlines()
            if len(line.strip()) >= _SHORTEST and line.strip().lower() not in _WORDS
        }
        told = [value for value in values if not any(value in text for text in known)]
        self._found = _any_of(sorted(told, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """The text without secrets, and without the passwords inside URLs."""
        text = without_passwords(text)
        return text if self._found is None else self._found.sub(MASK, text)


def _any_of(values: list[str]) -> re.Pattern[str] | None:
    if not values:
        return None
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, values))})(?![A-Za-z0-9])")
