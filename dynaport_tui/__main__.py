"""The `dynaport` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command that the arguments name; returns its exit code."""
    import signal

    from .cli.beginning import run_here

    _open_what_is_closed()
    start = run_here(sys.argv[1:])
    code = _run() if start is None else _run_services(start)
    # All is done: one more Ctrl-C must not show how the interpreter ends, nor change the exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def _open_what_is_closed() -> None:
    """Whoever started us may have closed a standard stream: no socket may come to stand there."""
    import os

    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
            os.set_inheritable(number, True)
            stream = open(number, "w" if number else "r", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def _run() -> int:
    from .cli.main import main as run

    return run()


def _run_services(start: str) -> int:
    from .engine import early

    early.begin(start)
    try:
        return _run()
    finally:
        early.over()


if __name__ == "__main__":
    sys.exit(main())
