"""The head of an HTTP/1 request, as far as somebody needs it who gives the same answer to all."""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_MAX = 64 * 1024
"""Bytes of a head; a longer one is no request that we take."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_REQUEST = re.compile(rf"(?P<method>{_TOKEN}{{1,32}}) (?P<target>[^\s\x00-\x1f\x7f]+) HTTP/1\.[01]")
_FIELD = re.compile(rf"(?P<name>{_TOKEN}+):[ \t]*(?P<value>[^\x00\r\n]*?)[ \t]*")
_BEGINNING = re.compile(rb"(?:\r?\n)?[!#$%&'*+.^_`|~0-9A-Za-z-]{0,32}(?: |\Z)")
_END = re.compile(rb"\r?\n\r?\n")
_EMPTY_LINE = re.compile(rb"(?:\r?\n)?")


class Head(NamedTuple):
    """A request without its body."""

    method: str
    target: str
    fields: dict[str, str]
    """Names in lower case; what stands more than once is joined with a comma (RFC 9110, 5.3)."""


def may_be_request(data: bytes) -> bool:
    """Whether these first bytes of a connection may become a request; none may."""
    return _BEGINNING.match(data[:40]) is not None


def is_tls(data: bytes) -> bool:
    """Whether a connection begins with a handshake of TLS (RFC 8446, 5.1)."""
    return data[:1] == b"\x16"


def head_of(data: bytes) -> bytes | None:
    """The head that is complete in these bytes; None while its end has not come."""
    start = _EMPTY_LINE.match(data)
    assert start is not None
    found = _END.search(data, start.end())
    return None if found is None else data[start.end() : found.start()]


def parse(head: bytes) -> Head | None:
    """A complete head; None for what is no request of HTTP/1.0 or 1.1."""
    first, *rest = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    request = _REQUEST.fullmatch(first)
    if request is None:
        return None
    fields: dict[str, str] = {}
    for line in rest:
        field = _FIELD.fullmatch(line)
        if field is None:
            return None
        name = field["name"].lower()
        fields[name] = f"{fields[name]}, {field['value']}" if name in fields else field["value"]
    return Head(request["method"], request["target"], fields)


def qualities(accept: str) -> dict[str, float]:
    """The media types that an Accept field names, in lower case, each with its weight.

    What is no weight counts as 1, as browsers and servers are used to.
    """
    found: dict[str, float] = {}
    for part in accept.split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        if kind:
            found.setdefault(kind.lower(), _weight(parameters))
    return found


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q" and re.fullmatch(r"[01](?:\.\d{0,3})?", value.strip()):
            return float(value)
    return 1.0
