"""The variables that a service is given, by where they come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.text import Text

from ...model.launch import variable
from ...model.text import MASK
from ..glyphs import UNICODE, counted
from ..lines import Line
from .sheet import INDENT, Sheet, heading, note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...model.view import Details, ServiceStatus

_OWN = ("DYNAPORT_", "LISTEN_", "PORT_", "FLASK_RUN_", "UVICORN_")
_OWN_NAMES = frozenset(
    {"PORT", "HOST", "NOTIFY_SOCKET", "PYTHONUNBUFFERED", "FORCE_COLOR", "WATCHDOG_USEC"}
)
_ADDRESS = ("_URL", "_URLS", "_HOST", "_PORT")
_WIDEST = 28
"""Cells of the column of names at most."""

Groups = dict[str, list[str]]

OWN = "from dynaport"
OTHERS = "the other services"
FILE = "from services.toml"
REST = "from the shell and env files"


def grouped(
    env: Mapping[str, str], details: Details | None, services: Mapping[str, ServiceStatus]
) -> Groups:
    """Names of variables by where they come from, sorted."""
    written = details.config.get("env") if details else None
    named = set(written) if isinstance(written, dict) else set()
    prefixes = {"GATEWAY"} | {
        variable(text) for status in services.values() for text in (status.id, status.name)
    }
    groups: Groups = {OWN: [], OTHERS: [], FILE: [], REST: []}
    for name in sorted(env):
        groups[_group(name, named, prefixes)].append(name)
    return {title: names for title, names in groups.items() if names}


def _group(name: str, written: set[str], prefixes: set[str]) -> str:
    if name in _OWN_NAMES or name.startswith(_OWN):
        return OWN
    if name in written:
        return FILE
    for ending in _ADDRESS:
        if name.endswith(ending) and name.removesuffix(ending) in prefixes:
            return OTHERS
    return REST


def lines(
    sheet: Sheet, env: Mapping[str, str] | None, details: Details | None, *, revealed: bool
) -> list[Line]:
    """All of the tab."""
    if env is None:
        return []
    if not env:
        return note(sheet, "none", "dynaport gives it no variables while it is not to run.")
    return [*_secrecy(sheet, env, revealed=revealed), *_variables(sheet, env, details)]


def _secrecy(sheet: Sheet, env: Mapping[str, str], *, revealed: bool) -> Iterator[Line]:
    yield Line("secrecy:before", Text())
    hidden = sum(MASK in value for value in env.values())
    if revealed:
        text = Text(" " * INDENT)
        text.append("Secrets are shown", sheet.colours.warn)
        text.append(" until another service is selected; V hides them.", sheet.colours.dim)
        yield Line("secrecy", text)
    elif hidden:
        told = f"{counted(hidden, 'secret')} hidden; V shows {'it' if hidden == 1 else 'them'}."
        yield from note(sheet, "secrecy", told)
    else:
        yield from note(sheet, "secrecy", "No variable looks like a secret.")


def _variables(sheet: Sheet, env: Mapping[str, str], details: Details | None) -> Iterator[Line]:
    wide = min(_WIDEST, max(map(len, env)))
    for title, names in grouped(env, details, sheet.services).items():
        yield from heading(sheet, title)
        for name in names:
            yield _variable(sheet, name, env[name], wide)


def _variable(sheet: Sheet, name: str, value: str, wide: int) -> Line:
    shown = value.replace("\n", "\\n").replace("\t", "\\t")
    text = Text(f"{' ' * INDENT}{name:<{wide}}  ", sheet.colours.dim)
    for part in re.split(f"({MASK})", shown):
        if part == MASK:
            text.append(part if UNICODE else "****", sheet.colours.warn)
        else:
            text.append(part, sheet.colours.text)
    return Line(f"variable:{name}", text, f"{name}={value}")
