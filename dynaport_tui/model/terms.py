"""The single conditions of a query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from .levels import Level, level_of, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 10_000
"""Characters of a line that a regular expression sees: some take the square of it."""


class Line(NamedTuple):
    """What a condition is about."""

    service: str
    stream: str
    plain: str
    """Its text without colours."""


@dataclass(frozen=True)
class Word:
    """A text that the line holds; its case counts only where it holds a capital."""

    text: str
    negated: bool = False

    @property
    def exact(self) -> bool:
        """Whether the case counts."""
        return self.text != self.text.lower()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        ascii_alone = re.ASCII if self.text.isascii() else 0
        flags = 0 if self.exact else re.IGNORECASE | ascii_alone
        return re.compile(re.escape(self.text), flags)

    def holds(self, line: Line) -> bool:
        """Whether the text is in the line."""
        return self._pattern.search(line.plain) is not None

    def spans(self, plain: str) -> Iterator[tuple[int, int]]:
        """Where it stands."""
        return (found.span() for found in self._pattern.finditer(plain))


@dataclass(frozen=True)
class Matching:
    """A regular expression that matches somewhere in the first 10,000 characters."""

    pattern: re.Pattern[str]
    negated: bool = False

    def holds(self, line: Line) -> bool:
        """Whether it matches."""
        return self.pattern.search(line.plain, 0, LONGEST) is not None

    def spans(self, plain: str) -> Iterator[tuple[int, int]]:
        """Where it matches more than nothing."""
        matches = self.pattern.finditer(plain, 0, LONGEST)
        return (found.span() for found in matches if found.end() > found.start())


@dataclass(frozen=True)
class _Unseen:
    """A condition that is about no part of the text."""

    def spans(self, plain: str) -> Iterator[tuple[int, int]]:
        """None."""
        return iter(())


@dataclass(frozen=True)
class LevelIs(_Unseen):
    """The level that the line names is this one, or a graver one too."""

    level: Level
    exactly: bool = False
    negated: bool = False

    def holds(self, line: Line) -> bool:
        """A line that names no level is of none."""
        found = level_of(line.plain)
        if found is None:
            return False
        return found is self.level if self.exactly else found >= self.level


@dataclass(frozen=True)
class ServiceIs(_Unseen):
    """The line is of one of these services, by id or by name without the instance."""

    names: frozenset[str]
    """In lower case."""
    negated: bool = False

    def holds(self, line: Line) -> bool:
        """Whether it is of one of them."""
        service = line.service.lower()
        return service in self.names or service.partition(".")[0] in self.names


@dataclass(frozen=True)
class StreamIs(_Unseen):
    """The line was printed to this stream."""

    stream: str
    negated: bool = False

    def holds(self, line: Line) -> bool:
        """Whether it was."""
        return line.stream == self.stream


@dataclass(frozen=True)
class StatusIs(_Unseen):
    """The line tells of an answer with one of these, such as `404` or `5xx`."""

    statuses: frozenset[str]
    negated: bool = False

    def holds(self, line: Line) -> bool:
        """Whether it does."""
        status = status_of(line.plain)
        if status is None:
            return False
        return str(status) in self.statuses or f"{status // 100}xx" in self.statuses


Term = Word | Matching | LevelIs | ServiceIs | StreamIs | StatusIs
