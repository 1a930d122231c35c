"""The language in which lines of a log are looked for."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from typing import TYPE_CHECKING

from .levels import NAMED, Level
from .regexes import endless
from .terms import LevelIs, Line, Matching, ServiceIs, StatusIs, StreamIs, Term, Word
from .text import plain

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Query", "QueryError", "parse"]

_KEY = re.compile(r"(?P<key>[A-Za-z]+):(?P<value>.*)", re.DOTALL)
_QUOTED = re.compile(r'"(?P<inside>.*?)"(?=\s|$)', re.DOTALL)
_EXPRESSION = re.compile(r"re:/(?P<inside>.*?)(?<!\\)/(?P<flags>\w*)(?=\s|$)", re.DOTALL)
_OTHER_WORDS = {
    **dict.fromkeys(("lvl", "loglevel", "levelname", "severity"), "level"),
    **dict.fromkeys(("service", "services", "svcs", "srv"), "svc"),
    **dict.fromkeys(("regex", "regexp"), "re"),
}
_STREAMS = {"stdout": "stdout", "out": "stdout", "stderr": "stderr", "err": "stderr"}
_LEVELS = ", ".join(level.name.lower() for level in Level)


class QueryError(Exception):
    """A text that is no query: what is wrong, and what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Query:
    """What every line that is looked for fulfils: all of the terms."""

    text: str = ""
    """As it was written."""
    terms: tuple[Term, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether every line fulfils it."""
        return not self.terms

    def matches(self, service: str, stream: str, text: str) -> bool:
        """Whether a line fulfils it; `text` may hold colours, which do not count."""
        if not self.terms:
            return True
        return self.fulfilled_by(Line(service, stream, plain(text)))

    def fulfilled_by(self, line: Line) -> bool:
        """The same for a line without colours."""
        return all(term.holds(line) is not term.negated for term in self.terms)

    def spans(self, plain: str) -> list[tuple[int, int]]:
        """Where in a text without colours the words and expressions stand: start and end, in
        order and apart from each other.
        """
        found = sorted(chain.from_iterable(t.spans(plain) for t in self.terms if not t.negated))
        apart: list[tuple[int, int]] = []
        for start, end in found:
            if apart and start <= apart[-1][1]:
                apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
            else:
                apart.append((start, end))
        return apart


def parse(text: str) -> Query:
    """Understand a query; raises QueryError.

    Terms stand apart by blanks, and a line has to fulfil all: `word`, `"two words"`, `-word` (not),
    `re:/…/` (`re:/…/i` whatever the case), `level:error` (or graver; `level:=info` this one),
    `svc:users` (id or name; several with commas), `stream:stderr`, `status:5xx`, `status:404`. The
    case of words counts only where they hold a capital.
    """
    terms = []
    at = _skip(text, 0)
    while at < len(text):
        negated = text[at] == "-" and text[at + 1 : at + 2].strip() != ""
        term, at = _term(text, at + negated, negated)
        terms.append(term)
        at = _skip(text, at)
    return Query(text, tuple(terms))


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _term(text: str, at: int, negated: bool) -> tuple[Term, int]:
    """The term that begins at `at`, and where it ends."""
    quoted = _QUOTED.match(text, at)
    if quoted:
        return _word(quoted["inside"], negated), quoted.end()
    expression = _EXPRESSION.match(text, at)
    if expression:
        return _matching(expression["inside"], expression["flags"], negated), expression.end()
    found = re.compile(r"\S+").match(text, at)
    assert found is not None
    return _bare(found[0], negated), found.end()


def _bare(word: str, negated: bool) -> Term:
    if word.count('"') == 1 and word[0] == '"':
        raise QueryError('a " is never closed', 'Write "two words".')
    keyed = _KEY.fullmatch(word)
    if keyed is None or keyed["value"].startswith("//"):
        return _word(word, negated)
    make = _KEYS.get(keyed["key"].lower())
    if make is None:
        _misspelt(keyed["key"].lower(), word)
        return _word(word, negated)
    return make(keyed["value"], negated)


def _misspelt(key: str, word: str) -> None:
    """Raise where a key was meant."""
    close = get_close_matches(key, _KEYS, n=1, cutoff=0.85)
    meant = _OTHER_WORDS.get(key) or (close[0] if close else None)
    if meant is not None:
        raise QueryError(
            f"{key}: is not known: did you mean {meant}:?",
            f'Write {meant}:…, or "{word}" in quotes to look for that text.',
        )


def _word(text: str, negated: bool) -> Term:
    if not text:
        raise QueryError('there is nothing between the ""', 'Write "two words".')
    return Word(text, negated)


def _matching(pattern: str, flags: str, negated: bool) -> Term:
    if flags not in ("", "i"):
        raise QueryError(f"re:/…/{flags}: the only flag is i", "Write re:/…/i or re:/…/.")
    if not pattern:
        raise QueryError("re:// looks for nothing", "Write re:/time(d out|out)/.")
    if endless(pattern):
        raise QueryError(
            f"re:/{pattern}/ repeats a repetition, which can take for ever on a long line",
            "Write it with one repetition: [ab]+ for (a+|b+)+.",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has opinions on [[ that are not about this one
            return Matching(re.compile(pattern, re.IGNORECASE if flags else 0), negated)
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise QueryError(
            f"re:/{pattern}/ is no regular expression: {error}",
            r"Put a \ before ( ) [ ] { } + * ? . ^ $ | that stand for themselves.",
        ) from None


def _unclosed(value: str, _negated: bool) -> Term:
    raise QueryError(f"re:{value} is not closed", r"Write re:/…/, with \/ for a slash inside.")


def _level(value: str, negated: bool) -> Term:
    exactly = value.startswith("=")
    name = value.removeprefix("=").lower()
    level = NAMED.get(name)
    if level is None:
        close = get_close_matches(name, NAMED, n=1)
        said = f"level:{value}: no such level" if name else "level: of which level?"
        raise QueryError(
            said + (f": did you mean {close[0]}?" if close else ""),
            f"Write level:error for errors and graver, level:=info for one level. They are: "
            f"{_LEVELS}.",
        )
    return LevelIs(level, exactly, negated)


def _services(value: str, negated: bool) -> Term:
    names = frozenset(name for name in value.lower().split(",") if name)
    if not names:
        raise QueryError("svc: of which service?", "Write svc:users, or svc:users,orders.")
    return ServiceIs(names, negated)


def _stream(value: str, negated: bool) -> Term:
    stream = _STREAMS.get(value.lower())
    if stream is None:
        raise QueryError(
            f"stream:{value}: there are two streams", "Write stream:stdout or stream:stderr."
        )
    return StreamIs(stream, negated)


def _statuses(value: str, negated: bool) -> Term:
    wanted = [status for status in value.lower().split(",") if status]
    if not wanted or not all(re.fullmatch(r"[1-5](?:xx|[0-9]{2})", status) for status in wanted):
        raise QueryError(
            f"status:{value}: no status of an answer", "Write status:5xx, or status:404,409."
        )
    return StatusIs(frozenset(wanted), negated)


_KEYS: dict[str, Callable[[str, bool], Term]] = {
    "re": _unclosed,
    "level": _level,
    "svc": _services,
    "stream": _stream,
    "status": _statuses,
}
