"""The colours of a terminal as HTML."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_EXTENDED = {38, 48}
"""Colours of 256 or of 16 million: passed over with what belongs to them."""
_ARGUMENTS = {5: 1, 2: 3}


def as_html(text: str) -> str:
    """A line as HTML, escaped, with classes for its colours: `c1` red to `c7` white, `b`, `dim`.

    Of the codes of ECMA-48 (8.3.117) bold, faint and the sixteen colours of the foreground count.
    """
    found = []
    colour, weight = "", ""
    for piece, codes in _pieces(text):
        if piece:
            names = " ".join(filter(None, (colour, weight)))
            words = escape(piece)
            found.append(f'<span class="{names}">{words}</span>' if names else words)
        for code in codes:
            if code in (0, 22):
                weight = ""
            if code in (0, 39):
                colour = ""
            elif code in (1, 2):
                weight = "b" if code == 1 else "dim"
            elif 30 <= code <= 37 or 90 <= code <= 97:
                colour = f"c{code % 10}"
    return "".join(found)


def _pieces(text: str) -> Iterator[tuple[str, list[int]]]:
    """Text, and the codes that follow it."""
    pieces = _SGR.split(text)
    for piece, codes in zip(pieces[::2], [*pieces[1::2], None], strict=True):
        yield piece, [] if codes is None else _codes(codes)


def _codes(text: str) -> list[int]:
    numbers = [_number(part) for part in text.split(";")]
    found = []
    while numbers:
        code = numbers.pop(0)
        if code in _EXTENDED:
            kind = numbers.pop(0) if numbers else 0
            del numbers[: _ARGUMENTS.get(kind, 0)]
        else:
            found.append(code)
    return found


def _number(text: str) -> int:
    """Of a parameter with parts, such as `38:5:1`, nothing is meant for us."""
    return int(text) if text.isdecimal() and len(text) < 4 else 0 if not text else -1
