"""Where an interpreter becomes a nursery, and where a service forked from it begins.

`python .../nursery/__main__.py FD warm|bare` is the fork server; FD is its end of the engine's
socket pair. With `cold` it runs one service in this fresh interpreter; FD then holds its request.

`python .../nursery/__main__.py gunicorn ...` is `python -m gunicorn ...`, overheard. The processes
that multiprocessing spawns for such a server import this file as `__mp_main__`.
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


if __name__ == "__mp_main__":
    as_package()
    importlib.import_module(f"{PACKAGE}.hosted").join()
elif __name__ == "__main__" and not sys.argv[1].isdigit():
    as_package()
    importlib.import_module(f"{PACKAGE}.hosted").run(sys.argv[1:])
elif __name__ == "__main__":
    as_package()
    entry = importlib.import_module(f"{PACKAGE}.entry")
    program = entry.born(sys.argv[1:])
    program()
