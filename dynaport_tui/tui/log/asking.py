"""What the person looks for: the filter, the search, and the prompt in which both are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.query import Query, QueryError, parse
from ...patience import TooLong, at_most
from .find import Finder

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...model.view import LogLine, Place
    from ..source import Source
    from .shown import Shown

_EMPTY = Query()
_MATCHED = 0.05
"""Seconds that an expression may compute over one line."""


class Asking:
    """Filter and search of a pane; each keeps its last good text while another is typed.

    `counted` is called when more hits are known.
    """

    def __init__(self, source: Source, shown: Shown, counted: Callable[[], None]) -> None:
        self._shown = shown
        self.filter = _EMPTY
        self.search = _EMPTY
        self.matching = Finder(source, counted)
        """The lines that the filter lets through."""
        self.hits = Finder(source, counted)
        """The lines that the search finds among them."""

    def set_filter(self, text: str) -> bool:
        """Whether it is another one; raises QueryError."""
        query = parse(text.strip())
        if query == self.filter:
            return False
        self.filter = query
        self.renew()
        return True

    def set_search(self, text: str) -> bool:
        """Whether it is another one; raises QueryError."""
        query = parse(text.strip())
        if query == self.search:
            return False
        self.search = query
        self.renew()
        return True

    def lets_through(self, line: LogLine) -> bool:
        """Whether the filter does; not where it takes too long to be told."""
        try:
            with at_most(_MATCHED):
                return self.filter.matches(line.service, line.stream, line.text)
        except TooLong:
            return False

    def renew(self) -> None:
        """Count again, where something else is counted."""
        services = self._shown.services
        self.matching.look(services, self.filter.text)
        both = f"{self.filter.text} {self.search.text}".strip()
        self.hits.look(services, "" if self.search.empty else both)

    def again(self) -> None:
        """Count again: it is another engine."""
        self.matching.again()
        self.hits.again()

    def advanced(self) -> None:
        """The logs have grown, or one of them is gone."""
        self.renew()
        self.matching.advanced()
        self.hits.advanced()

    def newest(self, upto: Place | None) -> Place | None:
        """The last hit that is not after a place, else the first one."""
        places = self.hits.found.places
        if not places:
            return None
        if upto is None or self.hits.found.rank(upto):
            return upto or places[-1]
        return self.hits.found.before(upto) or places[0]


def trouble(text: str) -> str:
    """What is wrong with a query, and how to write it; empty where it is fine."""
    try:
        parse(text.strip())
    except QueryError as error:
        return error.message
    return ""
