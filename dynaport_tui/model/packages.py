"""What is installed for an interpreter, and how two states of that differ."""

from __future__ import annotations

import re

Packages = dict[str, int]
"""What tells of a package (a folder of its metadata, a file of search paths), or the interpreter
itself -> when it was changed, in nanoseconds.
"""

MARKS = (".dist-info", ".egg-info", ".egg-link", ".pth")
"""How the names of the files end that an installation leaves beside the code."""

_EDITABLE = "__editable__."
"""How the file begins by which setuptools lets a package be found where it is written."""
_NAMED = 3
"""Packages that are named."""
_METADATA = re.compile(
    r"(?P<name>[^/]+?)(-(?P<version>\d[^/-]*)(-py[\d.]+)?)?\.(dist-info|egg-info|egg-link)"
)


def changes(before: Packages, now: Packages) -> str:
    """What was installed, upgraded or removed, for people; empty where nothing was."""
    changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
    found = [_told(name, before, now) for name in sorted({_parts(path)[0] for path in changed})]
    more = len(found) - _NAMED
    return ", ".join(found[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _parts(path: str) -> tuple[str, str]:
    """Name and version, as far as the path tells."""
    file = path.rpartition("/")[2]
    if file.startswith(_EDITABLE):
        file = file[len(_EDITABLE) :].replace(".pth", ".dist-info")
    found = _METADATA.fullmatch(file)
    if found is None:
        return file, ""
    return found["name"].replace("_", "-").lower(), found["version"] or ""


def _told(name: str, before: Packages, now: Packages) -> str:
    old = {path: changed for path, changed in before.items() if _parts(path)[0] == name}
    new = {path: changed for path, changed in now.items() if _parts(path)[0] == name}
    was, is_ = _version(old), _version(new)
    if not new:
        return f"{name} removed"
    if not old:
        return f"{name} {is_}".rstrip() + " installed"
    if was == is_:
        return f"{name} {is_} installed again" if is_ else f"{name} changed"
    return f"{name} {was} \u2192 {is_}"


def _version(entries: Packages) -> str:
    return max((_parts(path)[1] for path in entries), default="")
