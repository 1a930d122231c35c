"""Which templates of the project a service loads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import hooks, project

if TYPE_CHECKING:
    from .report import Report


def notice(report: Report) -> None:
    """Tell each template that Jinja loads from a file of the project."""
    hooks.after_import("jinja2.loaders", lambda loaders: _change(loaders, report))


def _change(loaders: Any, report: Report) -> None:
    def reporting(original: Any) -> Any:
        def get_source(self: Any, environment: Any, template: str) -> Any:
            found = original(self, environment, template)
            if found[1] and project.owns(found[1]):
                report.file(os.path.abspath(found[1]))
            return found

        return get_source

    for kind in (loaders.FileSystemLoader, loaders.PackageLoader):
        kind.get_source = reporting(kind.get_source)
