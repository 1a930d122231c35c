"""What a process said before it ended, cut down to one line."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from .text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_FRAME = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_RAISED = re.compile(r"^[A-Za-z_][\w.<>]*(?:: ?.*)?$")
_HEAD = "Traceback (most recent call last):"
_GROUP = re.compile(r"^\s+(?:\| ?|\+ )")
"""What stands before the lines of an exception group."""
_LONGEST = 200


def error_line(why: str, file: str | None, line: int | None, root: str) -> str:
    """An error and where it is: `SyntaxError: invalid syntax  billing/app.py:14`."""
    text = _shortened(" ".join(why.split()))
    return f"{text}  {relative(file, root)}:{line}" if file else text


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def relative(file: str, root: str) -> str:
    """`file` from the project's folder where it lies inside, else as it is."""
    path = PurePath(file)
    return str(path.relative_to(root)) if path.is_relative_to(root) else file


def last_words(lines: Sequence[str], root: str) -> str | None:
    """The cause that the last lines of an output name.

    It is the last traceback's error with file and line of the project's deepest frame, else the
    last line that says anything, in quotes; None where there is none.
    """
    lines = [plain(line) for line in lines]
    found = _last_traceback(_ungrouped(lines), root)
    if found is not None:
        return found
    said = next((text.strip() for text in reversed(lines) if text.strip()), None)
    if said is None:
        return None
    return f"“{_shortened(said)}”"


def _ungrouped(lines: Sequence[str]) -> Sequence[str]:
    """The lines without the bars of an exception group."""
    if not any("Exception Group " + _HEAD in line for line in lines):
        return lines
    return [_GROUP.sub("", line) for line in lines]


def _last_traceback(lines: Sequence[str], root: str) -> str | None:
    frames = [(i, m) for i, text in enumerate(lines) if (m := _FRAME.match(text))]
    if not frames:
        return None
    end, raised = _raised_after(lines, frames[-1][0])
    if raised is None:
        return None
    head = max((i for i in range(end) if lines[i].endswith(_HEAD)), default=-1)
    mine = [m for i, m in frames if i > head and _of_project(m["file"], root)]
    frame = mine[-1] if mine else frames[-1][1]
    return error_line(raised, frame["file"], int(frame["line"]), root)


def _of_project(file: str, root: str) -> bool:
    parts = PurePath(file)
    return parts.is_relative_to(root) and "site-packages" not in parts.parts


def _raised_after(lines: Sequence[str], start: int) -> tuple[int, str | None]:
    """The first unindented line after the frames that names an exception."""
    for i in range(start + 1, len(lines)):
        text = lines[i]
        if text[:1].isspace() or not text:
            continue
        return (i, text) if _RAISED.match(text) else (i, None)
    return len(lines), None
