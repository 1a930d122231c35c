"""Where an interpreter becomes a nursery, and where a service forked from it begins.

`python .../nursery/__main__.py FD warm|bare` is the fork server; FD is its end of the engine's
socket pair. With `cold` it runs one service in this fresh interpreter; FD then holds its request.
"""

from __future__ import annotations

import importlib
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "_dynaport_nursery"


def as_package() -> None:
    """Make our siblings importable under a private name, and our folder no place to import from."""
    package = type(sys)(PACKAGE)
    package.__path__ = [FOLDER]
    sys.modules[PACKAGE] = package
    sys.path[:] = [entry for entry in sys.path if entry != FOLDER]


if __name__ == "__main__":
    as_package()
    entry = importlib.import_module(f"{PACKAGE}.entry")
    program = entry.born(sys.argv[1:])
    program()
