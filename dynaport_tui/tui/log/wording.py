"""What the pane says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..glyphs import DOT, count, counted, quoted
from .shown import named
from .times import day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .find import Finder
    from .shown import Shown

_BETWEEN = f" {DOT} "


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to say."""

    shown: Shown
    filter: str
    search: str
    following: bool
    earlier: int
    """Lines of the last run, which stand there until there is one of this run."""
    new: int
    """Lines that were printed since it was paused."""
    marked: int
    """Lines of the block."""
    notice: str
    """Of what was just done."""
    matching: Finder
    hits: Finder
    hit: int
    """Which hit the person stands on, from 1; 0: on none."""


def title(shown: Shown, filter: str) -> str:  # noqa: A002
    """`logs · users · only level:error`."""
    parts = ["logs", named(shown.services)]
    return _BETWEEN.join([*parts, f"only {filter}"] if filter else parts)


def status(facts: Facts) -> str:
    """`follow · 12,480 lines · 1 error`, `paused · 214 new lines · hit 3 of 17`, `last run · 200
    lines`.
    """
    mode = _mode(facts)
    if facts.notice:
        return _BETWEEN.join([facts.notice, mode])
    parts = [mode]
    if facts.marked:
        parts.append(f"{counted(facts.marked, 'line')} marked")
    if facts.new:
        parts.append(counted(facts.new, "new line"))
    if facts.search:
        parts.append(_hits(facts))
    elif facts.filter:
        parts.append(f"{_number(facts.matching)} of {counted(facts.shown.lines, 'line')}")
    elif not facts.new:
        parts.append(counted(facts.earlier or facts.shown.lines, "line"))
    if facts.shown.errors and not (facts.search or facts.filter):
        parts.append(counted(facts.shown.errors, "error"))
    return _BETWEEN.join(parts)


def _mode(facts: Facts) -> str:
    if not facts.following:
        return "paused"
    return "last run" if facts.earlier else "follow"


def _hits(facts: Facts) -> str:
    hits = facts.hits
    number = len(hits.found.places)
    if hits.refusal:
        return hits.refusal
    if not number:
        return "no hit" if hits.complete else "searching"
    if not facts.hit:
        return f"{_number(hits)} hit{'' if number == 1 else 's'}"
    return f"hit {count(facts.hit)} of {_number(hits)}"


def _number(finder: Finder) -> str:
    more = finder.found.more or not finder.complete
    return f"{count(len(finder.found.places))}{'+' if more else ''}"


def nothing(shown: Shown, filter: str, *, looking: bool) -> Sequence[str]:  # noqa: A002
    """What stands where no line does: a headline, and how to go on."""
    if filter:
        if looking:
            return [f"looking for {quoted(filter)}"]
        where = "the logs" if shown.all else named(shown.services)
        widen = (
            "Escape clears the filter." if shown.all else "Escape clears, l looks in all services."
        )
        return [f"no line in {where} matches {quoted(filter)}", widen]
    if looking:
        return []
    if (service := shown.asleep()) is not None:
        return [f"{service} is stopped and has printed nothing yet", "s starts it."]
    who = "nothing" if shown.all else f"{named(shown.services)} has not"
    printed = "has been printed yet" if shown.all else "printed anything yet"
    return [
        f"{who} {printed}",
        "What a service writes to stdout and stderr appears here as soon as it comes.",
    ]


def last_run(at: float, now: float) -> str:
    """Heads what was printed in the run before, last at `at`."""
    return f"last run {DOT} until {day(at, now)}"


def nothing_since(shown: Shown) -> str:
    """Stands below it."""
    headline, more = nothing(shown, "", looking=False)
    if shown.asleep() is not None:
        return f"{headline} {DOT} {more.removesuffix('.')}"
    return f"{headline} in this run"


def no_hit(shown: Shown, search: str) -> str:
    """Nothing was found, and how to widen it."""
    if shown.all:
        return f"no line matches {quoted(search)}"
    return f"no line in {named(shown.services)} matches {quoted(search)}: l looks in all services"
