"""Lines of Python as HTML, in a few colours."""

from __future__ import annotations

import re
from html import escape
from keyword import kwlist

_TOKEN = re.compile(
    r"(?P<m>#.*)"
    r"|(?P<s>(?<!\w)[rbfuRBFU]{0,2}(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'))"
    rf"|(?P<k>\b(?:{'|'.join(kwlist)})\b)"
    r"|(?P<n>\b\d[\w.]*)"
    r"|(?P<d>(?<![\w)\]])@[\w.]+)"
    r"|(?<=def )(?P<f>\w+)|(?<=class )(?P<t>\w+)"
    r"|\w+"
)
"""One token a match; `m` is a comment, `s` a string, `k` a keyword, `n` a number, `d` a decorator,
`f` and `t` the names of a function and of a class. A string of several lines looks like code.
"""


def as_html(line: str) -> str:
    """One line, escaped, its tokens in spans of those classes."""
    found, at = [], 0
    for token in _TOKEN.finditer(line):
        found.append(escape(line[at : token.start()]))
        words = escape(token[0])
        found.append(f'<i class="{token.lastgroup}">{words}</i>' if token.lastgroup else words)
        at = token.end()
    return "".join(found) + escape(line[at:])
