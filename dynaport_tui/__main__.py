"""The `dynaport` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command that the arguments name; returns its exit code."""
    import signal

    from .cli.main import main as run

    code = run()
    # All is done: one more Ctrl-C must not show how the interpreter ends, nor change the exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


if __name__ == "__main__":
    sys.exit(main())
