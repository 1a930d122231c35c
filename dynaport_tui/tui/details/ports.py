"""The ports of a service, who holds them, and who reaches whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ..lines import Line
from .sheet import INDENT, Sheet, fact, listed, note, one_line, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...model.view import Details, PortUse, ServiceStatus

_HELD = "held by dynaport: while it restarts, connections wait and none is refused"
_NOT_HELD = "bound by the service itself: while it restarts, connections are refused"
_NUMBER = 7
"""Columns of a port's number with the colon, and a blank."""


def lines(sheet: Sheet, status: ServiceStatus, details: Details | None) -> list[Line]:
    """All of the tab."""
    if details is None:
        return []
    wide = max((len(port.name) for port in details.ports), default=0)
    found = [line for port in details.ports for line in _port(sheet, port, wide)]
    return [*(found or _none(sheet)), *_neighbours(sheet, status, details)]


def _port(sheet: Sheet, port: PortUse, wide: int) -> Iterator[Line]:
    colours = sheet.colours
    lead = Text(" " * INDENT)
    if wide:
        lead.append(f"{port.name:<{wide}}  ", colours.text)
    indent = Text(" " * (lead.cell_len + _NUMBER))
    lead.append(f":{port.port}".ljust(_NUMBER), colours.accent)
    key, address = f"port:{port.name}", port.url or ""
    yield Line(f"{key}:before", Text())
    yield Line(key, lead.append(address, colours.text), address or str(port.port))
    if port.why:
        yield from wrapped(sheet, f"{key}:why", indent, Text(one_line(port.why), colours.dim))
    held = Text(_HELD if port.held else _NOT_HELD, colours.dim)
    yield from wrapped(sheet, f"{key}:held", indent, held)


def _none(sheet: Sheet) -> list[Line]:
    return [
        Line("none:before", Text()),
        *note(sheet, "none", "It listens to nothing: services.toml says port = false."),
        *note(sheet, "remedy", "Remove that line, and it gets a port that stays its own."),
    ]


def _neighbours(sheet: Sheet, status: ServiceStatus, details: Details) -> Iterator[Line]:
    yield Line("neighbours:before", Text())
    yield from fact(sheet, "depends on", _services(sheet, status.depends_on))
    yield from fact(sheet, "used by", _services(sheet, details.used_by))


def _services(sheet: Sheet, ids: Sequence[str]) -> Text:
    if not ids:
        return Text("no other service", sheet.colours.dim)
    return listed([sheet.known(each) for each in ids])
