"""Which files are the project's own, and not a library's."""

from __future__ import annotations

import os
import site
import sys

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _libraries() -> tuple[str, ...]:
    folders = [os.path.dirname(os.__file__), *site.getsitepackages(), site.getusersitepackages()]
    every = {os.path.abspath(folder) for folder in folders}
    every |= {os.path.realpath(folder) for folder in every}
    return (*(folder + os.sep for folder in sorted(every)), HERE)


_LIBRARIES = _libraries()
_PACKAGES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def owns(path: str) -> bool:
    """Whether a source file is the project's: not the standard library's, not installed."""
    if not path or path.startswith("<"):
        return False
    path = os.path.abspath(path)
    return not path.startswith(_LIBRARIES) and not installed(path)


def installed(path: str) -> bool:
    """Whether a file lies where packages are installed."""
    return any(part in path for part in _PACKAGES)


def sites() -> list[str]:
    """The folders on the search path where packages are installed."""
    return [entry for entry in sys.path if f"{entry}{os.sep}".endswith(_PACKAGES)]
