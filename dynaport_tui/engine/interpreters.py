"""Under which Python a service runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model.spec import ProjectSpec, ServiceSpec


def find_python(project: ProjectSpec, spec: ServiceSpec) -> tuple[str, str | None] | None:
    """The interpreter of a service, and its virtual environment if it belongs to one.

    None when services.toml names one that does not exist.
    """
    cwd, root = Path(spec.cwd), Path(project.root)
    if spec.python is not None:
        named = Path(spec.python).expanduser()
        return _interpreter(root / named) or _interpreter(cwd / named) or _on_path(spec.python)
    for folder in dict.fromkeys((cwd, root)):
        for name in (".venv", "venv"):
            if found := _interpreter(folder / name):
                return found
    return sys.executable, sys.prefix if sys.prefix != sys.base_prefix else None


def _interpreter(place: Path) -> tuple[str, str | None] | None:
    """An interpreter by its own path, or the one of the virtual environment at `place`.

    Symbolic links are kept: an environment's interpreter is one, and knows itself by its path.
    """
    place = Path(os.path.normpath(place))
    program = place / "bin" / "python" if place.is_dir() else place
    if not program.is_file() or not os.access(program, os.X_OK):
        return None
    venv = program.parent.parent
    return str(program), str(venv) if (venv / "pyvenv.cfg").is_file() else None


def _on_path(name: str) -> tuple[str, str | None] | None:
    if "/" in name:
        return None
    import shutil

    found = shutil.which(name)
    return (found, None) if found else None
