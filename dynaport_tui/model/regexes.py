"""What can be said of a regular expression without running it."""

from __future__ import annotations

import re
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
