"""How the commands speak: facts on standard output, messages on standard error."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, TextIO

import click

from ..model.text import wants_colour

RED, GREEN, YELLOW, CYAN, DIM, BOLD = "31", "32", "33", "36", "2", "1"


def colour(stream: TextIO | None = None) -> bool:
    """Whether to write colours to the stream, standard output unless named."""
    stream = sys.stdout if stream is None else stream
    return wants_colour(os.environ, terminal=stream.isatty())


def painted(text: str, code: str, *, on: bool) -> str:
    """The text in a colour, or as it is."""
    return f"\x1b[{code}m{text}\x1b[0m" if on else text


def error(text: str) -> None:
    """What went wrong, a line each."""
    label = painted("error:", RED, on=colour(sys.stderr))
    for line in text.splitlines():
        _to_stderr(f"{label} {line}")


def hint(text: str) -> None:
    """What to do now."""
    _to_stderr(painted(text, DIM, on=colour(sys.stderr)))


def note(text: str) -> None:
    """What a person should know and a script need not."""
    _to_stderr(f"dynaport: {text}")


def fact(text: str) -> None:
    """One line of what was asked for."""
    click.echo(text, color=True)


def document(value: Any) -> None:
    """The one JSON document of a `--json`."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(value), indent=2 if sys.stdout.isatty() else 0)
    click.echo(text.decode())


def _to_stderr(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal is gone: there is nobody to tell
        click.echo(text, err=True, color=True)
