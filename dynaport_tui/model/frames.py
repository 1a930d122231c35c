"""A printed traceback taken apart: its exceptions, their frames, and which of them are whose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .tracebacks import CHAINED, HEAD, of_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FRAME = re.compile(r'(\s+)File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<where>.+))?')
_BARS = re.compile(r"\s+(?:\| ?|\+ (?=Exception Group))")
"""What stands before the lines of an exception group, and of those inside it."""
_RULE = re.compile(r"\s+\+-[+-]*(?: (?P<number>\d+|\.\.\.) -+)?")
_CARETS = re.compile(r" *(?P<marked>[~^]+) *")
_INSTALLED = re.compile(r".*/(?:site-packages|python3\.\d+t?)/")


class Frame(NamedTuple):
    """One call."""

    file: str
    """As printed."""
    line: int
    where: str
    """The function's name; empty for a syntax error."""
    code: tuple[str, ...]
    """What was printed below it, without its indentation."""
    own: bool
    """Whether its file lies in the project."""


class Part(NamedTuple):
    """One exception of a chain or of a group."""

    link: str
    """What was printed between the one before it and this one; empty for the first."""
    frames: tuple[Frame, ...]
    """The deepest is the last, as printed."""
    error: str
    """`KeyError: 'URL'`, perhaps with more lines."""


def parts(lines: Iterable[str], root: str) -> list[Part]:
    """The exceptions of one traceback, in the order in which they were printed."""
    builder = _Builder(root)
    for line in lines:
        builder.take(line.rstrip())
    return builder.built()


class _Builder:
    """Reads a traceback line after line."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._parts: list[Part] = []
        self._link = ""
        self._frames: list[tuple[Frame, list[str]]] = []
        self._error: list[str] = []
        self._margin: int | None = None
        """Columns before the frame whose code may follow."""

    def take(self, text: str) -> None:
        """The next line."""
        if rule := _RULE.fullmatch(text):
            self._close(f"Exception {rule['number']} of the group" if rule["number"] else "")
            return
        text = _without_bars(text)
        if text.endswith(HEAD):
            self._close(self._link)
        elif text.strip() in CHAINED:
            self._close(text.strip())
        elif frame := _FRAME.match(text):
            self._begin(frame)
        elif self._margin is not None and _indent(text) >= self._margin and text:
            self._frames[-1][1].append(text)
        elif text or self._error:
            self._margin = None
            self._error.append(text)

    def _begin(self, found: re.Match[str]) -> None:
        self._error = []  # words of another thread: the exception's own come behind its frames
        own = of_project(found["file"], self._root)
        frame = Frame(found["file"], int(found["line"]), found["where"] or "", (), own)
        self._frames.append((frame, []))
        self._margin = len(found[1])

    def _close(self, link: str) -> None:
        if self._frames or any(self._error):
            frames = tuple(f._replace(code=_dedented(code)) for f, code in self._frames)
            self._parts.append(Part(self._link, frames, "\n".join(self._error).strip()))
        self._link, self._frames, self._error, self._margin = link, [], [], None

    def built(self) -> list[Part]:
        """All of them; the last may lack its error."""
        self._close("")
        return self._parts


def _without_bars(text: str) -> str:
    while bars := _BARS.match(text):
        text = text[bars.end() :]
    return text


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _dedented(code: Sequence[str]) -> tuple[str, ...]:
    margin = min((_indent(line) for line in code if line.strip()), default=0)
    return tuple(line[margin:] for line in code)


def marked(code: Sequence[str]) -> tuple[int, int] | None:
    """Which columns of the first line the carets below it mark, from 0; None where there are none.

    Columns count from the line's first character that is no space.
    """
    if len(code) != 2:
        return None
    carets = _CARETS.fullmatch(code[1])
    if carets is None:
        return None
    start, end = (place - _indent(code[0]) for place in carets.span("marked"))
    return (start, end) if 0 <= start < len(code[0]) else None


def shortened(file: str) -> str:
    """The file of a library from the folder in which libraries are."""
    return _INSTALLED.sub("", file)
