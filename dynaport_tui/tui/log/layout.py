"""Text and its styles, brought into the cells of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment

from ..glyphs import ELLIPSIS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.style import Style

_TAB = 8


class Ink(NamedTuple):
    """From the end of the one before up to `end`, characters have this style."""

    end: int
    style: Style


class Body(NamedTuple):
    """A text without tabs and codes, and inks that cover it."""

    text: str
    inks: list[Ink]


def body(pieces: Iterable[tuple[str, Style]]) -> Body:
    """The pieces one after the other, with their tabs as blanks up to the next multiple of 8
    cells.
    """
    texts: list[str] = []
    inks: list[Ink] = []
    end = column = 0
    for text, style in pieces:
        if "\t" in text:
            text = _untabbed(text, column)
        texts.append(text)
        end += len(text)
        column += cell_len(text) if "\t" not in text else 0
        inks.append(Ink(end, style))
    return Body("".join(texts), inks)


def _untabbed(text: str, column: int) -> str:
    parts = text.split("\t")
    done = parts[0]
    column += cell_len(parts[0])
    for part in parts[1:]:
        blanks = _TAB - column % _TAB
        done += " " * blanks + part
        column += blanks + cell_len(part)
    return done


def painted_over(body: Body, spans: Sequence[tuple[int, int]], style: Style) -> Body:
    """The same with a style laid over some spans, which are in order and apart."""
    if not spans:
        return body
    inks: list[Ink] = []
    start = 0
    cuts = sorted({cut for span in spans for cut in span})
    for ink in body.inks:
        ends = [cut for cut in cuts if start < cut < ink.end]
        for end in [*ends, ink.end]:
            over = any(first <= start and end <= last for first, last in spans)
            inks.append(Ink(end, ink.style + style if over else ink.style))
            start = end
    return Body(body.text, inks)


def segments(body: Body, first: int, last: int) -> list[Segment]:
    """The characters from `first` to before `last`."""
    found: list[Segment] = []
    start = 0
    for end, style in body.inks:
        if end > first and start < last and end > start:
            found.append(Segment(body.text[max(start, first) : min(end, last)], style))
        start = end
    return found


def wrapped(text: str, width: int) -> list[tuple[int, int]]:
    """Where each line of at most `width` cells begins and ends; at least one line.

    Every character is in exactly one line. A line ends after a blank where that leaves it more
    than half full; that blank may be one cell too many.
    """
    width = max(width, 2)
    ends = _cells(text)
    lines: list[tuple[int, int]] = []
    start = 0
    while True:
        stop = _fits(ends, start, width)
        if stop >= len(text):
            return [*lines, (start, len(text))]
        blank = text.rfind(" ", start + (stop - start) // 2, stop + 1)
        stop = blank + 1 if blank > 0 else stop
        if stop >= len(text):
            return [*lines, (start, len(text))]
        lines.append((start, stop))
        start = stop


def _cells(text: str) -> Sequence[int] | None:
    """How many cells the text takes up to and with each character; None: one for each."""
    if text.isascii() or (cell_len(text) == len(text) and not _combines(text)):
        return None
    ends = [0] * len(text)
    total = 0
    for first, last, size in split_graphemes(text)[0]:
        total += size
        # Nothing may be cut inside of what is drawn as one: its first characters count in full.
        ends[first:last] = [total] * (last - first)
    return ends


def _combines(text: str) -> bool:
    """Whether a character may take no cell or two: a sum that fits may still be a mixture."""
    return any(last - first != 1 or size != 1 for first, last, size in split_graphemes(text)[0])


def _fits(ends: Sequence[int] | None, start: int, width: int) -> int:
    """The character after the last one that fits, at least one further than `start`."""
    if ends is None:
        return start + width
    before = ends[start - 1] if start else 0
    low, high = start, len(ends)
    while low < high:
        middle = (low + high) // 2
        if ends[middle] - before <= width:
            low = middle + 1
        else:
            high = middle
    if low > start:
        return low
    return start + 1


class Slice(NamedTuple):
    """What of a line is seen when it is not wrapped."""

    first: int
    last: int
    before: str
    """Stands for what is cut off at the left, and fills half a wide character."""
    after: str
    """The same at the right."""


def cut(text: str, left: int, width: int) -> Slice:
    """The part of a line from cell `left` on that fits in `width` cells, with marks where it is
    cut.
    """
    ends = _cells(text[: left + width + 1] if text.isascii() else text[: 4 * (left + width) + 64])
    total = len(text) if ends is None else (ends[-1] if ends else 0)
    if left == 0 and total <= width:
        return Slice(0, len(text), "", "")
    if ends is None:
        return _cut_narrow(len(text), left, width)
    return _cut_wide(ends, left, width)


def _cut_narrow(length: int, left: int, width: int) -> Slice:
    if left >= length:
        return Slice(length, length, ELLIPSIS if length else "", "")
    more = length > left + width
    return Slice(
        left + (left > 0),
        left + width - 1 if more else length,
        ELLIPSIS if left else "",
        ELLIPSIS if more else "",
    )


def _cut_wide(ends: Sequence[int], left: int, width: int) -> Slice:
    total = ends[-1]
    if left >= total:
        return Slice(len(ends), len(ends), ELLIPSIS if total else "", "")
    first_cell = left + 1 if left else 0
    more = total > left + width
    last_cell = left + width - 1 if more else total
    first = next(
        (i for i in range(len(ends)) if (ends[i - 1] if i else 0) >= first_cell), len(ends)
    )
    while 0 < first < len(ends) and ends[first] == ends[first - 1]:
        first += 1
    last = first
    while last < len(ends) and ends[last] <= last_cell:
        last += 1
    gap = min((ends[first - 1] if first else 0) - first_cell, last_cell - first_cell)
    used = ends[last - 1] if last > first else first_cell + gap
    return Slice(
        first,
        last,
        (ELLIPSIS if left else "") + " " * gap,
        (" " * (last_cell - used) + ELLIPSIS) if more else "",
    )
