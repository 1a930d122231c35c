"""The text of a services.toml to a ProjectSpec, or to all that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .build import build_project
from .checks import check_services
from .interpolate import InterpolationError, expand
from .keys import FILE
from .lines import LineIndex
from .links import check_links
from .problems import ConfigError, Problem, Report
from .profiles import Selection, check_profiles
from .syntax import load
from .units import seconds, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .spec import ProjectSpec

__all__ = [
    "ConfigError",
    "InterpolationError",
    "Problem",
    "expand",
    "parse",
    "seconds",
    "size",
]


def parse(text: str, *, file: str, profiles: Sequence[str] = ()) -> ProjectSpec:
    """What a services.toml says with `profiles` laid over it, later ones last.

    `file` is its absolute path; paths in the result are seen from its folder. Raises ConfigError
    with every mistake of the text; no other exception, whatever the text is.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    report = Report(file, LineIndex(text))
    document = load(text, report)
    report.finish()
    root = FILE.read(document, report.spot())
    selection = Selection(root, profiles)
    check_profiles(selection, report)
    check_services(selection, report)
    check_links(selection)
    report.finish()
    return build_project(selection, file)
