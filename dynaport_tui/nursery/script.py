"""Runs a program as `python PROGRAM` would."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import newborn
from .failure import Unusable

if TYPE_CHECKING:
    from .report import Report
    from .request import Request


def run(request: Request, report: Report) -> None:
    """Run the program in argv as `__main__`; its exceptions come through."""
    path = _found(os.path.join(request.cwd, request.argv[0]))
    newborn.arguments(request, os.path.dirname(path), list(request.argv))
    with open(path, "rb") as file:
        source = file.read()
    report.file(path)
    main = newborn.main_module(path)
    exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)


def _found(path: str) -> str:
    path = os.path.normpath(path)
    if os.path.isdir(path):
        path = os.path.join(path, "__main__.py")
    if not os.path.isfile(path):
        raise Unusable(f"there is no script {path}: correct `script` (or `cwd`) in services.toml")
    return path
