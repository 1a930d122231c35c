"""How a command that is written as one string is executed."""

from __future__ import annotations

_OPERATORS = frozenset("|&;<>()`\n")
_OWN_WORDS = frozenset(
    """
    . : ! [ { alias bg break case cd command continue do eval exec exit export false fg for getopts
    hash if jobs local read readonly return set shift source test time times trap true type ulimit
    umask unalias unset until wait while
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
"""What the shell itself acts on at the start of a command (POSIX, Shell Command Language)."""


def shell_command(text: str) -> tuple[str, ...]:
    """What is executed for a command that goes through sh.

    A single program takes the shell's place, so that LISTEN_PID is its own, a signal reaches it
    first, and its exit is told as its own and not as the shell's.
    """
    text = text.strip()
    first = text.split(maxsplit=1)[0] if text else ""
    single = not (_OPERATORS & set(text) or first in _OWN_WORDS or "=" in first)
    return ("/bin/sh", "-c", f"exec {text}" if single else text)
