"""Source lines around the places that a traceback names.

What a service prints is not to be trusted: a traceback may name any file. Only source files inside
of the project are read, never what holds its settings.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.outage import AROUND, Excerpt
from ..model.text import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model.frames import Frame

_SOURCES = frozenset({
    ".py", ".pyw", ".pyx", ".html", ".htm", ".jinja", ".jinja2", ".j2", ".mako", ".xml",
})  # fmt: skip
_FILES = 20
"""Files that are read for one traceback."""
_SIZE = 2_000_000
"""Bytes of one of them."""
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
"""Neither held up by a pipe nor led away by a link that took the place of the file just now."""


def excerpts(frames: Iterable[Frame], cwd: str, root: str) -> dict[tuple[str, int], Excerpt]:
    """The lines around those frames that are the project's own, by file and line as printed."""
    known: dict[str, list[str] | None] = {}
    found = {}
    for frame in frames:
        if not frame.own:
            continue
        if frame.file not in known and len(known) < _FILES:
            known[frame.file] = _lines(Path(cwd, frame.file), root)
        lines = known.get(frame.file)
        if lines is not None and 0 < frame.line <= len(lines):
            found[frame.file, frame.line] = _around(lines, frame)
    return found


def _around(lines: list[str], frame: Frame) -> Excerpt:
    first = max(frame.line - AROUND, 1)
    here = lines[frame.line - 1].strip()
    printed = frame.code[0].strip() if frame.code else here
    changed = here != printed and MASK not in printed  # the file itself has what is hidden there
    return Excerpt(first, tuple(lines[first - 1 : frame.line + AROUND]), changed=changed)


def _lines(path: Path, root: str) -> list[str] | None:
    """The lines of a file that may be shown; None for any other and for one that is unreadable."""
    try:
        real = path.resolve()
        if not _may_be_shown(real, Path(root).resolve()):
            return None
        with os.fdopen(os.open(real, _FLAGS), "rb") as source:
            about = os.fstat(source.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size > _SIZE:
                return None
            text = source.read(_SIZE).decode("utf-8", "replace")
    except (OSError, RuntimeError, ValueError):  # gone, or links in a circle, or no path at all
        return None
    return [line.expandtabs(4) for line in text.removesuffix("\n").split("\n")]


def _may_be_shown(real: Path, root: Path) -> bool:
    if not real.is_relative_to(root) or real.suffix.lower() not in _SOURCES:
        return False
    parts = real.relative_to(root).parts
    return "site-packages" not in parts and not any(part.startswith(".") for part in parts)
