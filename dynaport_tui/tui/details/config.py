"""What services.toml says of a service with everything applied, and what is executed."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

from rich.text import Text

from ...model.text import MASK
from ..glyphs import UNICODE
from ..lines import Line
from .sheet import INDENT, Sheet, fact, heading, listed, note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...model.view import Details, ServiceStatus

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def lines(sheet: Sheet, status: ServiceStatus, details: Details | None) -> list[Line]:
    """All of the tab."""
    if details is None:
        return []
    return [*_executed(sheet, details), *_written(sheet, status, details)]


def _executed(sheet: Sheet, details: Details) -> Iterator[Line]:
    colours = sheet.colours
    rows = {
        "runs": shlex.join(details.command),
        "in": details.cwd,
        "python": details.python or "",
    }
    yield Line("executed:before", Text())
    for label, value in rows.items():
        if value:
            yield from fact(sheet, label, Text(_visible(value), colours.text), value)
    if details.watched:
        watched = listed([Text(_visible(each), colours.text) for each in details.watched])
        yield from fact(sheet, "reloads on", watched)
    else:
        yield from fact(sheet, "reloads on", Text("nothing: R reloads it", colours.dim))


def _written(sheet: Sheet, status: ServiceStatus, details: Details) -> Iterator[Line]:
    if not details.config:
        yield from note(sheet, "none", "The engine gives no configuration for it.")
        return
    title = f"[services.{_key(status.name)}]"
    yield from heading(sheet, title, "every default and profile applied")
    for line in _table(sheet, "", details.config):
        if line.key == "key:port" and any(not (u.name or u.pinned) for u in details.ports):
            comment = "computed" if status.port_why is None else "not the computed one"
            line.text.append(f"  # {comment}", sheet.colours.dim)
        yield line


def _table(sheet: Sheet, path: str, table: Mapping[str, Any]) -> Iterator[Line]:
    """Its values, then the tables in it as dotted keys."""
    for key, value in sorted(table.items(), key=lambda item: isinstance(item[1], dict)):
        name = f"{path}{_key(key)}"
        if isinstance(value, dict) and value:
            yield from _table(sheet, f"{name}.", value)
        elif value is not None:
            yield _pair(sheet, name, value)


def _pair(sheet: Sheet, name: str, value: object) -> Line:
    text = Text(" " * INDENT)
    text.append(name, sheet.colours.text).append(" = ", sheet.colours.dim)
    written = toml(value)
    text.append_text(_coloured(sheet, value, written))
    return Line(f"key:{name}", text, f"{name} = {written}")


def _coloured(sheet: Sheet, value: object, written: str) -> Text:
    colours = sheet.colours
    if isinstance(value, str) and MASK in value:
        return Text(written if UNICODE else written.replace(MASK, "****"), colours.warn)
    if isinstance(value, str):
        return Text(written, colours.good)
    if isinstance(value, list):
        parts = [_coloured(sheet, each, toml(each)) for each in value]
        return Text.assemble(
            ("[", colours.dim), Text(", ", colours.dim).join(parts), ("]", colours.dim)
        )
    return Text(written, colours.busy)


def toml(value: object) -> str:
    """A value as services.toml would have it, in one line; control characters escaped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{_key(key)} = {toml(each)}" for key, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, int):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if _BARE.match(key) else json.dumps(key, ensure_ascii=False)


def _visible(text: str) -> str:
    return text.replace("\n", "\\n").replace("\t", "\\t")
