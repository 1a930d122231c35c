"""A command in the environment of a service, in the terminal that the dashboard has left."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from .terminal import ENTER, ESCAPE, Terminal, run

if TYPE_CHECKING:
    from collections.abc import Sequence

_BACK = frozenset({ENTER, ESCAPE, "q"})


def run_in(
    command: Sequence[str], service: str, line: str, terminal: Terminal | None = None
) -> int:
    """Run `line` by the shell, in the folder and with the variables of the service.

    `command` is how dynaport is called. Returns the exit code, negative for a signal, when the
    person has read it and pressed Enter. For the terminal as the shell left it: inside
    `App.suspend()`.
    """
    terminal = terminal or Terminal()
    terminal.write(f"\n{service} $ {line}\n")
    began = time.monotonic()
    try:
        code = run([*command, "exec", service, "--", "sh", "-c", line])
    except OSError as error:
        code = 127
        terminal.write(f"{command[0]}: {error.strerror or error}\n")
    ended = outcome(code, time.monotonic() - began)
    terminal.wait_for(_BACK, f"\n{ended} - press Enter to go back\n")
    return code


def outcome(code: int, seconds: float) -> str:
    """`exit 0 after 1.2 s`, `ended by SIGINT after 12 s`."""
    took = f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if code >= 0:
        return f"exit {code} after {took}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"ended by {name} after {took}"
