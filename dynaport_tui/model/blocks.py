"""What a service printed, made fit to be shown or searched: whole lines, many at once.

The same as `model.text` does with one line, at a small part of its cost.
"""

from __future__ import annotations

import re

from .text import clean, plain

_SGR = re.compile(rb"\x1b\[[0-9;:]*m")
_ESCAPES = re.compile(
    rb"\x1b\[[0-9;:]*m"
    rb"|\x1b\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)"
    rb"|\x1b[PX^_][^\x1b\r\n]*\x1b\\"
    rb"|(?:\x1b\[|\xc2\x9b)[0-?]*[ -/]*[@-~]"
    rb"|\x1b[ -/]*[0-~]"
    rb"|\xc2[\x80-\x9f]"
)
"""What `clean` drops, but never across the end of a line."""
_CONTROLS = bytes(c for c in (*range(32), 127) if c not in b"\t\n\r\x1b")
_EACH = [bytes([c]) for c in _CONTROLS]
_PLAIN = bytes(range(32, 127)) + b"\t"
"""What is always shown as it is."""


def readable(piece: bytes) -> bytes:
    """The same lines without control codes, as `clean` makes each of them; only carriage returns
    inside of a line stay.
    """
    if _is_plain(piece):
        return piece
    if b"\x1b" in piece or b"\xc2" in piece:
        without_colours = _SGR.sub(b"", piece)
        simple = b"\x1b" not in without_colours and b"\xc2" not in piece
        piece = without_colours if simple else _ESCAPES.sub(b"", piece)
    if has_controls(piece) or b"\x1b" in piece:
        piece = piece.translate(None, _CONTROLS + b"\x1b")
    return piece.replace(b"\r\n", b"\n") if b"\r" in piece else piece


def has_controls(piece: bytes) -> bool:
    """Whether there is a control code other than ESC, tab and the ends of lines."""
    return any(control in piece for control in _EACH)


def shown_lines(lines: bytes, *, colour: bool) -> bytes:
    """Whole lines as they are shown, in UTF-8.

    Without colour as `plain(clean(...))` makes each of them; with colour as `clean` does, and a
    line that has any ends it.
    """
    lines = _in_utf8(lines)
    if b"\r" not in lines and (not colour or b"\x1b" not in lines):
        return readable(lines)
    made = texts(lines)
    if colour:
        made = [f"{text}\x1b[0m" if "\x1b" in text else text for text in made]
    else:
        made = [plain(text) for text in made]
    return "\n".join([*made, ""]).encode()


def texts(lines: bytes) -> list[str]:
    """Whole lines as `clean` makes each of them."""
    if _is_plain(lines):
        return lines.decode("ascii").split("\n")[:-1]
    return [clean(line) for line in lines.split(b"\n")[:-1]]


def counted(lines: bytes) -> tuple[int, bool]:
    """How many whole lines these are, and whether they are shown as they are."""
    # One look at each byte: searches for each of the others would cost more.
    rest = lines.translate(None, _PLAIN)
    count = rest.count(b"\n")
    return count, count == len(rest)


def _is_plain(lines: bytes) -> bool:
    return counted(lines)[1]


def _in_utf8(lines: bytes) -> bytes:
    if lines.isascii():
        return lines
    try:
        lines.decode()
    except UnicodeDecodeError:
        return lines.decode("utf-8", "replace").encode()
    return lines
