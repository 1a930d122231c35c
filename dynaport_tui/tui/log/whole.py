"""A filter lets the head of a traceback through and not its frames: they are shown all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ...model.text import plain
from ...model.tracebacks import HEAD, tracebacks
from ...model.view import LogQuery
from .jumps import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...model.view import LogLine, LogPage
    from ..source import Source

_MOST = 10
"""Tracebacks of a page that are made whole: the newest."""
_LONGEST = 200
"""Lines of a traceback."""


async def made_whole(source: Source, page: LogPage, before: Sequence[LogLine] = ()) -> LogPage:
    """The page with all lines of each traceback whose head is in it, or among the lines before."""
    lines = [*before, *page.lines]
    known = {(line.service, line.number) for line in lines}
    heads = [
        line
        for line in lines
        if line.text.endswith(HEAD) and (line.service, line.number + 1) not in known
    ]
    extra: dict[tuple[str, int], LogLine] = {}
    for head in heads[-_MOST:]:
        for line in await _rest(source, head):
            if (line.service, line.number) not in known:
                extra[line.service, line.number] = line
    if not extra:
        return page
    return msgspec.structs.replace(page, lines=sorted([*page.lines, *extra.values()], key=place_of))


async def _rest(source: Source, head: LogLine) -> Sequence[LogLine]:
    """The lines of the traceback below its head; none while it is unfinished."""
    query = LogQuery(services=[head.service], after=place_of(head), limit=_LONGEST)
    lines = [head, *(await source.page(query)).lines]
    found = tracebacks([plain(line.text) for line in lines], "")
    whole = bool(found) and found[0].first == 0 and found[0].whole
    return lines[1 : found[0].last + 1] if whole else ()
