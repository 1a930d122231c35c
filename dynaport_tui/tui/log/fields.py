"""A line that is meant for machines, with what people look for first: JSON, access lines."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, NamedTuple

_LONGEST = 8_000
"""Characters of a line that is taken apart; a longer one is shown as it is."""
_FIRST: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("time", ("time", "timestamp", "ts", "@timestamp", "asctime")),
    ("level", ("level", "levelname", "severity", "lvl", "log.level")),
    ("logger", ("logger", "name", "logger_name", "log.logger")),
    ("message", ("message", "msg", "event")),
)

_LOCAL = "127.0.0.1"
_LOGGER = 48
"""Characters that level and logger may take before it."""
_ACCESS = re.compile(
    r"(?P<head>(?:[A-Z]+:(?:[\w.]+:| +))?"
    rf"{re.escape(_LOCAL)}(?: - \S+ \[[^\]\s]+ [^\]]+\]|:\d+ -)) "
    r'"(?P<asked>[A-Z]{3,10} \S+) HTTP/[\d.]+" (?P<status>\d{3})(?: -|(?P<more> .+))?'
)
"""As Werkzeug, Uvicorn and others write it, also where logging puts level and logger in front; who
asked and when says nothing new here.
"""

Kind = Literal["time", "level", "logger", "message", "key", "value"]


class Field(NamedTuple):
    """A piece of the text that stands for the line."""

    kind: Kind
    text: str


def fields(plain: str) -> list[Field] | None:
    """The pieces, without the blanks between them; None where the line is to be shown as it is."""
    found = _object(plain)
    if not found:
        return _access(plain)
    pieces: list[Field] = []
    for kind, names in _FIRST:
        name = next((n for n in names if isinstance(found.get(n), str | int | float)), None)
        if name is not None:
            pieces.append(Field(kind, _clean(str(found.pop(name)))))  # type: ignore[arg-type]
    for name, value in found.items():
        pieces += [Field("key", f"{_clean(name)}="), Field("value", _value(value))]
    return pieces


def _access(plain: str) -> list[Field] | None:
    """Who asked and when, and what for."""
    if _LOCAL not in plain[:_LOGGER]:
        return None
    found = _ACCESS.fullmatch(plain, 0, _LONGEST)
    if found is None:
        return None
    said = f"{found['asked']} {found['status']}{found['more'] or ''}"
    return [Field("time", found["head"]), Field("message", said)]


def pretty(plain: str) -> list[str]:
    """All of it: of JSON a line for every field and list item; none where nothing is left out."""
    found = _object(plain)
    if not found:
        return [plain] if _access(plain) else []
    text = json.dumps(found, indent=2, ensure_ascii=False)
    lines = text.replace("\\n", "\n      ").split("\n")
    return [_clean(line) for line in lines[1:-1]]


def _object(plain: str) -> dict[str, Any] | None:
    text = plain.strip()
    if not (text.startswith("{") and text.endswith("}") and len(text) <= _LONGEST):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _value(value: object) -> str:
    if isinstance(value, str):
        text = (
            value
            if value and not set(value) & set(' "=')
            else json.dumps(value, ensure_ascii=False)
        )
    else:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _clean(text)


def _clean(text: str) -> str:
    """Without the control codes that JSON can carry in its escapes."""
    return "".join(character if character.isprintable() else " " for character in text)
