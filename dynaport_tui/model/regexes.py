"""What can be said of a regular expression without running it."""

from __future__ import annotations

import re
import warnings
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<escape>\\(?:[0-7]{1,3}|x[0-9a-fA-F]{0,2}|u[0-9a-fA-F]{0,4}|U[0-9a-fA-F]{0,8}|N\{[^}]*\}|.))"
    r"|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<open>\((?:\?(?:P[<=>]|[:=!>#]|<[=!]|[aiLmsux-]+[:)])?)?)"
    r"|(?P<close>\))"
    r"|(?P<repeat>[*+?][?+]?|\{\d*(?:,\d*)?\}[?+]?)"
    r"|(?P<other>.)",
    re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str


def endless(pattern: str) -> bool:
    """Whether a group that repeats without bound is itself repeated without bound, as in `(a+)+`.

    On a line that does not match such an expression may take time exponential in its length.
    """
    open_groups = [False]
    closed: bool | None = None
    """Whether the group that has just been closed repeats something."""
    for kind, text in _tokens(pattern):
        if kind == "open":
            open_groups.append(False)
        elif kind == "close" and len(open_groups) > 1:
            closed = open_groups.pop()
            open_groups[-1] |= closed
            continue
        elif kind == "repeat" and _unbounded(text):
            if closed:
                return True
            open_groups[-1] = True
        closed = None
    return False


def line_bound(pattern: re.Pattern[str]) -> re.Pattern[str] | None:
    """What finds at least one match in lines that stand together wherever `pattern` matches one of
    them, and never looks beyond a line; None where that cannot be had.

    It answers for many lines at once whether any of them is worth a look of its own.
    """
    bound = [_bound(kind, text) for kind, text in _tokens(pattern.pattern)]
    texts = [text for text in bound if text is not None]
    if len(texts) < len(bound):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as where the pattern itself was compiled
        return re.compile("".join(texts), pattern.flags | re.MULTILINE)


_WITHOUT_LINE_FEED = {r"\s": r"[^\S\n]", r"\D": r"[^\d\n]", r"\W": r"[^\w\n]"}
_OF_PLACES = (r"\b", r"\B", r"\A", r"\Z", "$")
"""They hold at the end of a text, and may not at that of a line."""


def _bound(kind: str, text: str) -> str | None:
    """A piece of an expression that matches no line feed; None where it must."""
    if kind == "set":
        loose = any(escape in text for escape in _WITHOUT_LINE_FEED)
        if loose or text.startswith("[^]"):
            return None
        return f"[^\\n{text[2:]}" if text.startswith("[^") else text
    possessive = kind == "repeat" and len(text) > 1 and text.endswith("+")
    if possessive or text in _OF_PLACES or (kind == "open" and text not in ("(", "(?:")):
        return None
    return _WITHOUT_LINE_FEED.get(text, text)


def required(pattern: str) -> tuple[str, ...]:
    """Texts of which at least one certainly stands in whatever the expression matches: the longest
    of each alternative; some may be empty.

    The case is that of the expression, whatever its flags are.
    """
    if "(?" in pattern:
        return ("",)
    alternatives = [[""]]
    depth = 0
    for kind, text in _tokens(pattern):
        depth += {"open": 1, "close": -1}.get(kind, 0)
        runs = alternatives[-1]
        if kind == "repeat":
            runs[-1] = runs[-1][:-1]
        if text == "|" and not depth:
            alternatives.append([""])
        elif (literal := _literal(kind, text)) and not depth:
            runs[-1] += literal
        else:
            runs.append("")
    return tuple(max(runs, key=len) for runs in alternatives)


def _tokens(pattern: str) -> list[_Token]:
    return [_Token(found.lastgroup or "", found[0]) for found in _TOKEN.finditer(pattern)]


def _literal(kind: str, text: str) -> str:
    if kind == "escape" and len(text) == 2 and not text[1].isalnum():
        return text[1]
    return text if kind == "other" and text not in ".^$|" else ""


def _unbounded(repeat: str) -> bool:
    if repeat[0] == "{":
        _, comma, most = repeat.rstrip("?+").strip("{}").partition(",")
        return bool(comma) and not most
    return repeat[0] in "*+"
