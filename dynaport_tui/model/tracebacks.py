"""Tracebacks of Python among the lines of an output."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from .levels import NAMED
from .relative import relative

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = "Traceback (most recent call last):"
_FRAME = re.compile(r'\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_BARRED = re.compile(r"\s+[|+]")
_BARS = re.compile(r"\s+(?:\| ?|\+ )")
"""What stands before the lines of an exception group."""
_CLOSED = re.compile(r"\s+\+-+")
"""The last line of a group."""
_RAISED = re.compile(r"(?P<name>[A-Za-z_][\w.<>]*)(?:: ?.*)?")
_EXCEPTION = re.compile(r"(?:.*\.)?(?:[A-Z]\w*|\w*(?:error|exception|timeout))")
CHAINED = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
_BETWEEN = 40
"""Lines of a message before what chains the next exception to it."""
_STRANGE = 5
"""Lines of others that may stand inside of a traceback, from another thread or stream."""
_BELONGS = re.compile(r"\s+(?!\* )\S|\[SQL: |\[parameters: |\(Background on this error at: ")

"""Lines of a message beyond its first; ` * Running on …` is what Werkzeug begins with."""
_ONE_LINE = re.compile(r"(?:SyntaxError|IndentationError|TabError)\b")
"""Errors whose message has no further line."""


class Found(NamedTuple):
    """Where a traceback stands among the lines that were given, and what it says."""

    first: int
    last: int
    """Both are indexes, and both lines belong to it."""
    error: str
    """`SyntaxError: invalid syntax`; empty when it is not whole."""
    file: str | None
    """Of the deepest frame that lies in the project, else of the deepest; from the project's folder
    where it lies inside.
    """
    line: int | None
    whole: bool
    """Whether it ends with the exception's own line."""


class _Frame(NamedTuple):
    file: str
    line: int


class _Part(NamedTuple):
    """One traceback of a chain."""

    end: int
    """Index behind its last line."""
    error: str
    frames: list[_Frame]


def tracebacks(lines: Sequence[str], root: str, *, as_printed: bool = False) -> list[Found]:
    """The tracebacks in the lines of one service, which are in order and without colours.

    Chained ones are one, and so is an exception group. The last may be unfinished: then it is not
    `whole`. `as_printed` leaves the files as the lines name them.
    """
    found = []
    i = 0
    while i < len(lines):
        text = lines[i]
        if text.endswith(HEAD):
            found.append(_chain(lines, i, root))
            i = found[-1].last
        elif _FRAME.match(text):
            # The interpreter prints no head over the syntax error of a program itself.
            part = _plain_part(lines, i)
            if _EXCEPTION.fullmatch(part.error.partition(":")[0]):
                found.append(_found(i, part, root))
            i = part.end - 1
        i += 1
    if as_printed:
        return found
    return [f._replace(file=relative(f.file, root)) if f.file else f for f in found]


def elsewhere(lines: Sequence[str], root: str) -> list[bool]:
    """Which lines of a traceback are of frames that are not the project's, their code included."""
    found: list[bool] = []
    margin: int | None = None
    for text in lines:
        body = text.lstrip(" |")
        indent = len(text) - len(body)
        if frame := _FRAME.match(f" {body}"):
            margin = None if of_project(frame["file"], root) else indent
        elif margin is not None and indent <= margin:
            margin = None
        found.append(margin is not None)
    return found


def _chain(lines: Sequence[str], first: int, root: str) -> Found:
    """The traceback whose head is at `first`, with all that are chained to it."""
    part = _part(lines, first)
    while part.error and (head := _next_head(lines, part.end)) is not None:
        part = _part(lines, head)
    return _found(first, part, root)


def _found(first: int, part: _Part, root: str) -> Found:
    mine = [frame for frame in part.frames if of_project(frame.file, root)]
    frame = next(reversed(mine or part.frames), None)
    return Found(
        first=first,
        last=part.end - 1,
        error=part.error,
        file=frame.file if frame else None,
        line=frame.line if frame else None,
        whole=bool(part.error),
    )


def of_project(file: str, root: str) -> bool:
    """Whether a file lies in the project's folder and is nothing that was installed there."""
    path = PurePath(file)
    inside = path.is_relative_to(root) or not (path.is_absolute() or file.startswith("<"))
    return inside and "site-packages" not in path.parts


def _part(lines: Sequence[str], head: int) -> _Part:
    if "Exception Group " + HEAD in lines[head]:
        return _group(lines, head)
    return _plain_part(lines, head + 1, _indent(lines[head]))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip()) if text[:1].isspace() else 0


def _plain_part(lines: Sequence[str], start: int, margin: int = 0) -> _Part:
    """Frames, and the line that names the exception."""
    frames: list[_Frame] = []
    i = start
    while i < len(lines):
        text = lines[i][margin:]
        if frame := _FRAME.match(text):
            frames.append(_Frame(frame["file"], int(frame["line"])))
        elif text and not text[0].isspace():
            if _raised(text):
                end = i + 1 if _ONE_LINE.match(text) else _message_end(lines, i + 1)
                return _Part(end, text, frames)
            on = _goes_on(lines, i, margin)
            if on is None:
                break
            i = on
            continue
        elif not text.strip() and _goes_on(lines, i, margin) is None:
            break
        i += 1
    return _Part(i, "", frames)


def _raised(text: str) -> bool:
    found = _RAISED.fullmatch(text)
    return found is not None and found["name"].lower() not in NAMED


def _goes_on(lines: Sequence[str], at: int, margin: int) -> int | None:
    """Where the frames go on after lines that are not of this traceback."""
    for i in range(at, min(at + 1 + _STRANGE, len(lines))):
        if lines[i].endswith(HEAD):
            return None
        if _FRAME.match(lines[i][margin:]):
            return i
    return None


def _message_end(lines: Sequence[str], start: int) -> int:
    """Where the lines end that certainly belong to the message of an exception."""
    i = start
    while i < len(lines) and not _FRAME.match(lines[i]):
        named = " " not in lines[i] and i + 1 < len(lines) and lines[i + 1].startswith("  ")
        if not (_BELONGS.match(lines[i]) or (named and lines[i].strip())):
            break
        i += 1
    return i


def _next_head(lines: Sequence[str], start: int) -> int | None:
    """The head of the traceback that is chained to the one before `start`."""
    for i in range(start, min(start + _BETWEEN, len(lines))):
        text = lines[i].strip(" |")
        if text in CHAINED:
            after = range(i + 1, min(i + 3, len(lines)))
            return next((j for j in after if lines[j].endswith(HEAD)), None)
        if text.endswith(HEAD):
            return None
    return None


def _group(lines: Sequence[str], head: int) -> _Part:
    """All that stands behind the bars, where the last exception that has frames counts."""
    end = head + 1
    while end < len(lines) and _BARRED.match(lines[end]):
        end += 1
    inside = [_BARS.sub("", line, count=1) for line in lines[head:end]]
    parts = [_plain_part(inside, i + 1) for i, line in enumerate(inside) if line.endswith(HEAD)]
    placed = [part for part in parts if part.error and part.frames]
    if not (placed and _CLOSED.fullmatch(lines[end - 1].rstrip())):
        return _Part(end, "", parts[-1].frames)
    return placed[-1]._replace(end=end)
