"""The `dynaport` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command that the arguments name; returns its exit code."""
    import signal

    from .cli.beginning import run_here

    start = run_here(sys.argv[1:])
    code = _run() if start is None else _run_services(start)
    # All is done: one more Ctrl-C must not show how the interpreter ends, nor change the exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


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
