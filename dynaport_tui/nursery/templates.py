"""Which templates of the project a service loads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import absent, hooks, project

if TYPE_CHECKING:
    from .report import Report


def notice(report: Report) -> None:
    """Tell each template that Jinja loads from a file of the project, and where it looked before
    that: one that comes there later is taken instead.
    """
    hooks.after_import("jinja2.loaders", lambda loaders: _change(loaders, report))


def _change(loaders: Any, report: Report) -> None:
    def reporting(original: Any) -> Any:
        def get_source(self: Any, environment: Any, template: str) -> Any:
            file = None
            try:
                found = original(self, environment, template)
                file = found[1] and os.path.abspath(found[1])
            finally:
                _tell(report, _places(self, template), file)
            return found

        return get_source

    for kind in (loaders.FileSystemLoader, loaders.PackageLoader):
        kind.get_source = reporting(kind.get_source)


def _places(loader: Any, template: str) -> list[str]:
    """Where a loader looks for a template."""
    folders = getattr(loader, "searchpath", ())
    return [os.path.abspath(os.path.join(folder, template)) for folder in folders]


def _tell(report: Report, places: list[str], file: str | None) -> None:
    before = places[: places.index(file)] if file in places else [] if file else places
    for place in before:
        if project.owns(place):
            report.file(absent.nearest(place))
    if file and project.owns(file):
        report.file(file)
