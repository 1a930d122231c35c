"""Under which Python a service runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model.spec import ProjectSpec, ServiceSpec


def find_python(project: ProjectSpec, spec: ServiceSpec) -> tuple[str, str | None] | None:
    """The interpreter of a service, and its virtual environment if it belongs to one.

    None when services.toml names one that does not exist.
    """
    cwd, root = spec.cwd, project.root
    if spec.python is not None:
        return named_python(spec.python, (root, cwd))
    for folder in dict.fromkeys((cwd, root)):
        if found := environment_in(folder):
            return found
    return sys.executable, sys.prefix if sys.prefix != sys.base_prefix else None


def named_python(name: str, folders: Sequence[str]) -> tuple[str, str | None] | None:
    """What a `python` in services.toml means: a path from one of the folders, or a program."""
    path = os.path.expanduser(name)
    beside = (_interpreter(os.path.join(folder, path)) for folder in folders)
    return next(filter(None, beside), None) or _on_path(name)


def environment_in(folder: str) -> tuple[str, str | None] | None:
    """The interpreter of the virtual environment `.venv` or `venv` in a folder."""
    for name in (".venv", "venv"):
        if found := _interpreter(os.path.join(folder, name)):
            return found
    return None


def _interpreter(place: str) -> tuple[str, str | None] | None:
    """An interpreter by its own path, or the one of the virtual environment at `place`.

    Symbolic links are kept: an environment's interpreter is one, and knows itself by its path.
    """
    place = os.path.normpath(place)
    program = os.path.join(place, "bin", "python") if os.path.isdir(place) else place
    if not os.path.isfile(program) or not os.access(program, os.X_OK):
        return None
    venv = os.path.dirname(os.path.dirname(program))
    return program, venv if os.path.isfile(os.path.join(venv, "pyvenv.cfg")) else None


def _on_path(name: str) -> tuple[str, str | None] | None:
    if "/" in name:
        return None
    import shutil

    found = shutil.which(name)
    return (found, None) if found else None
