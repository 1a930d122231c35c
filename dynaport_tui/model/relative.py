"""Paths as people read them."""

from __future__ import annotations

from pathlib import PurePath


def relative(file: str, root: str) -> str:
    """`file` from the project's folder where it lies inside, else as it is."""
    path = PurePath(file)
    return str(path.relative_to(root)) if path.is_relative_to(root) else file
