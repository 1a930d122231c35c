"""Events, log lines and snapshots as JSON, one object a line, for scripts and other processes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import msgspec

from .blocks import texts
from .view import Event, LogBlock, LogLine, ServiceStatus, Snapshot

_KINDS = frozenset(kind.__struct_config__.tag for kind in get_args(Event))


class UnknownEvent(ValueError):
    """An event of a kind that we do not know: the engine is of a later version."""


def iso(at: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_iso(text: str) -> float:
    """Seconds since 1970; raises ValueError."""
    return datetime.fromisoformat(text).timestamp()


def line_fields(line: LogLine) -> dict[str, Any]:
    """A log line as the fields of a `log` event."""
    return {
        "event": "log",
        "at": iso(line.at),
        "service": line.service,
        "stream": line.stream,
        "number": line.number,
        "text": line.text,
    }


def event_fields(event: Event | LogLine) -> dict[str, Any]:
    """An event or a log line as one JSON object."""
    if isinstance(event, LogLine):
        return line_fields(event)
    fields: dict[str, Any] = msgspec.to_builtins(event)
    if "at" in fields:
        fields["at"] = iso(fields["at"])
    return fields


def encode_event(event: Event | LogLine) -> bytes:
    """One line of an event stream, with its line feed."""
    return msgspec.json.encode(event_fields(event)) + b"\n"


def encode_block(block: LogBlock) -> bytes:
    """What `encode_event` makes of each of its lines."""
    same = {
        "event": "log",
        "at": iso(block.at),
        "service": block.service,
        "stream": block.stream,
    }
    start = msgspec.json.encode(same)[:-1] + b',"number":'
    encode = msgspec.json.Encoder().encode
    return b"".join(
        [
            b'%b%d,"text":%b}\n' % (start, number, encode(text))
            for number, text in enumerate(texts(block.data), block.first)
        ]
    )


def encode_snapshot(snapshot: Snapshot, at: float) -> bytes:
    """The first line of an event stream, with its line feed."""
    fields: dict[str, Any] = msgspec.to_builtins(snapshot)
    return msgspec.json.encode({"event": "snapshot", "at": iso(at), **fields}) + b"\n"


def decode_event(line: bytes) -> Event | LogLine | Snapshot:
    """What was encoded; raises UnknownEvent for another kind, ValueError for anything else."""
    fields: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
    if "at" in fields:
        fields["at"] = from_iso(fields["at"])
    match fields.get("event"):
        case "snapshot":
            return msgspec.convert(fields, Snapshot)
        case "log":
            return msgspec.convert(fields, LogLine)
        case str(kind) if kind not in _KINDS:
            raise UnknownEvent(f"no event is called {kind!r}")
        case _:
            return _event(fields)


def decode_line(fields: dict[str, Any]) -> LogLine:
    """What `line_fields` gave; raises ValueError."""
    return msgspec.convert({**fields, "at": from_iso(fields["at"])}, LogLine)


def positions(snapshot: Snapshot) -> dict[str, int]:
    """The number of the last log line of each service."""
    return {status.id: status.log_lines for status in snapshot.services}


def settled(status: ServiceStatus) -> bool:
    """Whether nobody has to wait for the service any more: READY, or a one-shot that is DONE."""
    return status.state == "DONE" or (status.state == "READY" and not status.task)


def _event(fields: dict[str, Any]) -> Event:
    return msgspec.convert(fields, Event)  # type: ignore[no-any-return]
