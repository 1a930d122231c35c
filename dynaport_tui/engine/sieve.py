"""Finds the lines that can fulfil a query in bytes as they came, without decoding them."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..model.blocks import has_controls, readable
from ..model.levels import Level
from ..model.regexes import required
from ..model.terms import LevelIs, Matching, StatusIs, Word
from ..model.text import clean, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..model.terms import Term

_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LOWER = bytes(range(256)).lower()
_TELLING = 3
"""Letters of an expression that are worth looking for: fewer stand in most lines."""
_NUMBERS = b"0123456789;:"
_COLOUR = b"\x1b[m"
"""A colour code without its numbers."""

_GRAVE = {
    Level.WARNING: (b"warn", b"wrn"),
    Level.ERROR: (b"err", b"severe", b"fail", b"exception", b"traceback (most"),
    Level.CRITICAL: (b"crit", b"fatal", b"panic", b"alert", b"emerg"),
}
"""What a line of that level holds, unless it is a number that says so."""
_GRAVE_NUMBERS = {
    Level.WARNING: (
        rb" [45][0-9][0-9]",
        rb"""level["']? ?[=:] ?[4-9]""",
        rb"status[^ ]{0,9} ?[45]",
    ),
    Level.ERROR: (rb" 5[0-9][0-9]", rb"""level["']? ?[=:] ?[5-9]""", rb"status[^ ]{0,9} ?5"),
    Level.CRITICAL: (rb"""level["']? ?[=:] ?[5-9]""",),
}
"""Patterns of the numbers; each begins with a letter or two, which makes it fast."""


class _Needle(NamedTuple):
    """A text to look for; in lower case unless the case counts."""

    data: bytes
    exact: bool
    negated: bool = False
    folds: bool = False
    """Whether letters outside of ASCII can stand for it too."""


class Sifted(NamedTuple):
    """Lines of a piece by their index, in order."""

    lines: Sequence[int]
    sure: bool
    """Whether they fulfil the query; else they are only all that can."""


class _Text:
    """Whole lines without control codes, in both cases."""

    def __init__(self, piece: bytes) -> None:
        self.exact = readable(piece)
        self.lower = self.exact.lower()

    def of(self, needle: _Needle) -> bytes:
        return self.exact if needle.exact else self.lower


class Finder(Protocol):
    """Knows which lines of a piece are worth a closer look."""

    @property
    def coarse(self) -> bool:
        """Whether it lets every line through, to be looked at one by one."""

    def sift(self, piece: bytes) -> Sifted:
        """These lines."""


class AnyOf:
    """The lines that hold one of some texts just so, with no colours in it."""

    coarse = False

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = texts

    def sift(self, piece: bytes) -> Sifted:
        """They fulfil it for sure."""
        return Sifted(sorted({i for text in self._texts for i in lines_with(piece, text)}), True)


class Sieve:
    """The terms of one query, but for those about the service."""

    def __init__(self, terms: Sequence[Term]) -> None:
        words = [term for term in terms if isinstance(term, Word) and term.text.isascii()]
        self._all = not terms
        self._certain = len(words) == len(terms)
        self._foreign = any(isinstance(t, Word) and _is_foreign(t) for t in terms)
        """Whether a line in plain ASCII cannot fulfil them."""
        choices = list(_literals(terms))
        needles = [*map(_word, words), *(choice[0] for choice in choices if len(choice) == 1)]
        self._choices = [choice for choice in choices if len(choice) > 1]
        self._wanted = sorted((n for n in needles if not n.negated), key=_size, reverse=True)
        self._unwanted = [needle for needle in needles if needle.negated]
        self._grave = [_grave(t.level) for t in terms if isinstance(t, LevelIs) and _is_grave(t)]
        self._statuses = [_statuses(t) for t in terms if isinstance(t, StatusIs) and not t.negated]

    @property
    def coarse(self) -> bool:
        """Whether it lets every line through, to be looked at one by one."""
        return not (self._wanted or self._choices or self._grave or self._statuses or self._certain)

    def sift(self, piece: bytes) -> Sifted:
        """The lines of a piece that are worth a closer look."""
        if self._all:
            return Sifted(range(piece.count(b"\n")), sure=True)
        if self.coarse and not (self._unwanted or self._foreign):
            return Sifted(range(piece.count(b"\n")), sure=False)
        if b"\x1b" in piece and self._surely_absent(piece):
            return Sifted((), sure=True)
        text = _Text(piece)
        if self._foreign and text.exact.isascii():
            return Sifted((), sure=True)
        wanted = [n for n in self._wanted if not n.folds or text.exact.isascii()]
        if any(needle.data not in text.of(needle) for needle in wanted):
            return Sifted((), sure=True)
        rewritten = b"\r" in text.exact
        found = self._found(text, wanted, text.exact.isascii() if self._choices else False)
        if self._unwanted and not rewritten:
            for needle in self._unwanted:
                found = found.difference(lines_with(text.of(needle), needle.data))
        return Sifted(sorted(found), self._certain and not rewritten)

    def _found(self, text: _Text, wanted: Iterable[_Needle], ascii_only: bool) -> set[int]:
        sets: list[Iterable[int]] = [lines_with(text.of(n), n.data) for n in wanted]
        for choice in self._choices:
            if ascii_only or not choice[0].folds:
                sets.append({i for n in choice for i in lines_with(text.of(n), n.data)})
        for words, numbers in self._grave:
            said = {line for word in words for line in lines_with(text.lower, word)}
            sets.append(said.union(_matching(text.lower, numbers)))
        sets.extend(_matching(text.lower, patterns) for patterns in self._statuses)
        if not sets:
            return set(range(piece_lines(text.exact)))
        return reduce(set.intersection, map(set, sets[1:]), set(sets[0]))

    def _surely_absent(self, piece: bytes) -> bool:
        """Whether a word is not there even when colours between its letters are left out.

        Digits are left out as well, on both sides: that makes all codes of colours the same.
        """
        sought = [n.data.lower().translate(None, _NUMBERS) for n in self._wanted if not n.folds]
        sought = [data for data in sought if len(data) > 1]
        if not sought:
            return False
        squeezed = piece.translate(_LOWER, _NUMBERS).replace(_COLOUR, b"")
        if b"\x1b" in squeezed or has_controls(squeezed):
            return False
        return any(data not in squeezed for data in sought)


def plain_lines(piece: bytes) -> Callable[[int], str]:
    """What gives a line of the piece, decoded and without colours, by its index."""
    text = plain(piece.decode("utf-8", "replace"))
    if _UNCLEAN.search(text) is None:
        return text.split("\n").__getitem__
    raw = piece.split(b"\n")
    return lambda index: plain(clean(raw[index]))


def worth_a_look(piece: bytes, pattern: re.Pattern[str]) -> bool:
    """Whether some line of the piece may match what this is the `line_bound` form of."""
    exact = readable(piece)
    return b"\r" in exact or pattern.search(exact.decode("utf-8", "replace")) is not None


def piece_lines(piece: bytes) -> int:
    """How many lines a piece has."""
    return piece.count(b"\n")


def lines_with(text: bytes, needle: bytes) -> Iterator[int]:
    """Indexes of the lines that hold it."""
    line = seen = 0
    at = text.find(needle)
    while at >= 0:
        line += text.count(b"\n", seen, at)
        yield line
        seen = text.find(b"\n", at)
        at = text.find(needle, seen)


def _matching(text: bytes, patterns: Iterable[re.Pattern[bytes]]) -> set[int]:
    lines = set()
    for pattern in patterns:
        line = seen = 0
        for found in pattern.finditer(text):
            line += text.count(b"\n", seen, found.start())
            seen = found.start()
            lines.add(line)
    return lines


def _word(word: Word) -> _Needle:
    return _Needle(word.text.encode(), word.exact, word.negated)


def _is_foreign(word: Word) -> bool:
    """Whether some letter is outside of ASCII in either case; a long s is not."""
    return not word.negated and any(
        not (c.isascii() or c.lower().isascii() or c.upper().isascii()) for c in word.text
    )


def _literals(terms: Iterable[Term]) -> Iterator[list[_Needle]]:
    """For each expression the texts of which one must be there, if that tells enough."""
    for term in terms:
        if not isinstance(term, Matching) or term.negated:
            continue
        literals = required(term.pattern.pattern)
        if any(len(literal) < _TELLING or not literal.isascii() for literal in literals):
            continue
        if term.pattern.flags & re.IGNORECASE:
            yield [_Needle(text.lower().encode(), exact=False, folds=True) for text in literals]
        else:
            yield [_Needle(text.encode(), exact=True) for text in literals]


def _is_grave(term: LevelIs) -> bool:
    return not term.negated and term.level >= Level.WARNING


def _grave(level: Level) -> tuple[tuple[bytes, ...], list[re.Pattern[bytes]]]:
    words = [word for at, some in _GRAVE.items() if at >= level for word in some]
    return tuple(words), [re.compile(pattern) for pattern in _GRAVE_NUMBERS[level]]


def _statuses(term: StatusIs) -> list[re.Pattern[bytes]]:
    numbers = "|".join(status.replace("x", "[0-9]") for status in sorted(term.statuses))
    said = f" (?:{numbers})", f"status[^ ]{{0,9}} ?(?:{numbers})"
    return [re.compile(pattern.encode()) for pattern in said]


def _size(needle: _Needle) -> int:
    return len(needle.data)
