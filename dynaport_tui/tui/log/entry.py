"""A line of a log as the pane keeps it, and what is found out about it once."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from ...model.levels import Level, level_of
from ...model.text import plain
from ...model.view import Place

if TYPE_CHECKING:
    from ...model.view import LogLine

SHOWN = 16_384
"""Characters of a line that are drawn; copying takes all of it."""
_TOLD = 1_000
"""Characters in which a level is looked for."""
_CUT_CODE = re.compile(r"\x1b[^m]*\Z")
_STAMP = re.compile(r"^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?\s*")

Key = tuple[str, int, int]
"""What a row is known by: service, number of its first line, and 0 for the line itself, below 0
for the head of several, above 0 for a part.
"""


class Entry:
    """One line; everything about it is worked out when it is first asked for."""

    def __init__(self, line: LogLine) -> None:
        self.line = line
        self.service = line.service
        self.number = line.number
        self.place = Place(line.at, line.service, line.number)

    @property
    def key(self) -> Key:
        """Of the row that shows this line alone."""
        return (self.service, self.number, 0)

    @cached_property
    def shown(self) -> str:
        """The text as it is drawn, with colours, cut to SHOWN characters."""
        text = self.line.text
        return text if len(text) <= SHOWN else _CUT_CODE.sub("", text[:SHOWN])

    @property
    def hidden(self) -> int:
        """How many characters are not drawn."""
        return len(self.line.text) - len(self.shown)

    @cached_property
    def plain(self) -> str:
        """What is drawn, without colours."""
        return plain(self.shown)

    @cached_property
    def level(self) -> Level | None:
        """How grave the line says that it is."""
        return level_of(self.plain[:_TOLD])

    @cached_property
    def saying(self) -> str:
        """The text without a time in front, to compare it with another."""
        return _STAMP.sub("", self.plain)
