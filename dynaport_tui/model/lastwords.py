"""What a process said before it ended, cut down to one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .relative import relative
from .text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 200


def error_line(why: str, file: str | None, line: int | None, root: str) -> str:
    """An error and where it is: `SyntaxError: invalid syntax  billing/app.py:14`."""
    text = _shortened(" ".join(why.split()))
    return f"{text}  {relative(file, root)}:{line}" if file else text


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def last_words(lines: Sequence[str], root: str) -> str | None:
    """The cause that the last lines of an output name.

    It is the last traceback's error with file and line of the project's deepest frame, else the
    last line that says anything, in quotes; None where there is none.
    """
    lines = [plain(line) for line in lines]
    said = next((text.strip() for text in reversed(lines) if text.strip()), None)
    if said is None:
        return None
    from .tracebacks import tracebacks  # what a silent end need not wait for

    found = tracebacks(lines, root)
    if found and found[-1].whole and found[-1].file:
        return error_line(found[-1].error, found[-1].file, found[-1].line, root)
    return f"“{_shortened(said)}”"
