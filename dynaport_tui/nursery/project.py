"""Which files are the project's own, and not a library's."""

from __future__ import annotations

import os
import site

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
    return not path.startswith(_LIBRARIES) and not any(part in path for part in _PACKAGES)
