"""What a command line is about to do, as far as that is seen before anything is imported."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONG = {"--file": "-f", "--folder": "-C"}
_ELSEWHERE = frozenset({"-h", "--help", "-d", "--detach"})


def run_here(argv: Sequence[str]) -> str | None:
    """The services.toml, or the folder to look from, of the run that begins in this process.

    None where none begins, or one in another process.
    """
    named = {"-f": "", "-C": "."}
    rest = list(argv)
    while len(rest) > 1 and (option := _LONG.get(rest[0], rest[0])) in named:
        named[option] = rest[1]
        rest = rest[2:]
    command, *arguments = rest or [""]
    if _ELSEWHERE.intersection(arguments):
        return None
    here = command == "test" or (command == "up" and _is_plain(arguments))
    return os.path.join(named["-C"], named["-f"]) if here else None


def _is_plain(arguments: Sequence[str]) -> bool:
    """Whether it is the plain stream; the dashboard has its engine in a process of its own."""
    return "--no-tui" in arguments or not sys.stdout.isatty()
