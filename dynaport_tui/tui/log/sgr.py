"""The colours that a program wrote into its text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rich.color import Color
from rich.style import Style

_CODES = re.compile(r"\x1b\[([0-9;:]*)m")
_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike"}
_OFF = {
    21: ("bold",), 22: ("bold", "dim"), 23: ("italic",), 24: ("underline",),
    27: ("reverse",), 29: ("strike",),
}  # fmt: skip


class Pen(NamedTuple):
    """What the codes so far have set."""

    ink: Color | None = None
    ground: Color | None = None
    ways: frozenset[str] = frozenset()


_PLAIN = Pen()


def pieces(text: str) -> list[tuple[str, Style | None]]:
    """The text without its codes, cut where its style changes; None where it has none."""
    if "\x1b" not in text:
        return [(text, None)]
    found: list[tuple[str, Style | None]] = []
    pen = _PLAIN
    parts = _CODES.split(text)
    for i in range(0, len(parts), 2):
        if parts[i]:
            found.append((parts[i], style(pen)))
        if i + 1 < len(parts):
            pen = after(pen, parts[i + 1])
    return found


@lru_cache(maxsize=512)
def style(pen: Pen) -> Style | None:
    """None where nothing is set."""
    if pen == _PLAIN:
        return None
    return Style(color=pen.ink, bgcolor=pen.ground, **dict.fromkeys(pen.ways, True))  # type: ignore[arg-type]


@lru_cache(maxsize=512)
def after(pen: Pen, codes: str) -> Pen:
    """The pen when these codes, as between `ESC [` and `m`, were obeyed."""
    rest = [_number(code) for code in codes.replace("::", ":").replace(":", ";").split(";")]
    while rest:
        code = rest.pop(0)
        if code in (38, 48):
            colour = _extended(rest)
            pen = pen._replace(ink=colour) if code == 38 else pen._replace(ground=colour)
        else:
            pen = _simple(pen, code)
    return pen


def _number(code: str) -> int:
    return int(code) if code and len(code) < 6 else 0


def _simple(pen: Pen, code: int) -> Pen:
    if code == 0:
        return _PLAIN
    if code in _ON:
        return pen._replace(ways=pen.ways | {_ON[code]})
    if code in _OFF:
        return pen._replace(ways=pen.ways.difference(_OFF[code]))
    if 30 <= code <= 37 or 90 <= code <= 97:
        return pen._replace(ink=_ansi(code - 30))
    if 40 <= code <= 47 or 100 <= code <= 107:
        return pen._replace(ground=_ansi(code - 40))
    if code == 39:
        return pen._replace(ink=None)
    return pen._replace(ground=None) if code == 49 else pen


def _ansi(number: int) -> Color:
    return Color.from_ansi(number if number < 8 else number - 60 + 8)


def _extended(rest: list[int]) -> Color | None:
    """What follows 38 or 48: `5;n` or `2;r;g;b`; takes it from `rest`."""
    kind = rest.pop(0) if rest else 0
    length = {5: 1, 2: 3}.get(kind, 0)
    values, rest[:length] = rest[:length], []
    if not length or len(values) < length or max(values) > 255:
        return None
    return Color.from_ansi(values[0]) if kind == 5 else Color.from_rgb(*values)
