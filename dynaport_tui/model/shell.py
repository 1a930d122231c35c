"""How a command that is written as one string is executed."""

from __future__ import annotations

import re

_OPERATORS = frozenset("|&;<>()`\n")
_OWN_WORDS = frozenset(
    """
    . : ! [ { alias bg break case cd command continue do eval exec exit export false fg for getopts
    hash if jobs local read readonly return set shift source test time times trap true type ulimit
    umask unalias unset until wait while
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
"""What the shell itself acts on at the start of a command (POSIX, Shell Command Language)."""

_EXEC = re.compile(r"(?:^|[;\n]|&&|\|\|)\s*exec\s")
"""A command that says so itself, as in `cd jobs && exec worker`."""


def shell_command(text: str) -> tuple[str, ...]:
    """What is executed for a command that goes through sh.

    A single program takes the shell's place, so that LISTEN_PID is its own, a signal reaches it
    first, and its exit is told as its own and not as the shell's.
    """
    text = text.strip()
    return ("/bin/sh", "-c", f"exec {text}" if _is_program(text) else text)


def takes_shells_place(text: str) -> bool:
    """Whether the program of such a command will be the process that was started."""
    return _is_program(text.strip()) or _EXEC.search(text) is not None


def _is_program(text: str) -> bool:
    first = text.split(maxsplit=1)[0] if text else ""
    return not (_OPERATORS & set(text) or first in _OWN_WORDS or "=" in first)
