"""The `dynaport` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command that the arguments name; returns its exit code."""
    from .cli.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
