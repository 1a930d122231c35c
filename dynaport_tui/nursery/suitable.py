"""Which programs cannot be run in a process that has imported libraries already."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .request import Request

_PATCHES_THE_LIBRARY = re.compile(
    rb"^[^#\n]*\b(?:monkey\.patch_\w+|patch_all|monkey_patch)\s*\(", re.MULTILINE
)
_LONGEST = 1 << 20


def needs_fresh_interpreter(request: Request) -> bool:
    """Whether the program begins by patching the standard library, as for gevent and eventlet.

    That must happen before anything imports ssl, which a warm process has.
    """
    return any(_PATCHES_THE_LIBRARY.search(_text(path)) for path in _first_files(request))


def _first_files(request: Request) -> list[str]:
    target = request.argv[0] if request.argv else ""
    if request.kind == "script":
        return [os.path.join(request.cwd, target)]
    parts = target.partition(":")[0].split(".")
    files = []
    for end in range(1, len(parts) + 1):
        stem = os.path.join(request.cwd, *parts[:end])
        files += [os.path.join(stem, "__init__.py"), stem + ".py"]
    return files


def _text(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_LONGEST)
    except OSError:
        return b""  # whoever runs it will say what is wrong
