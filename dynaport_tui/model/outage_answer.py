"""The 503 of a service that is down, as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .outage import bare_fields, fields
from .outage_look import LOOK, POLICY
from .outage_page import bare_page, bare_tag, page

if TYPE_CHECKING:
    from .httphead import Head
    from .machine import State
    from .outage import Outage


def full(head: Head, outage: Outage, retry_after: int, *, html: bool, look: float = 1.0) -> bytes:
    """The response for the people at this machine, whose pages ask again after `look` seconds."""
    if html:
        body = page(outage, method=head.method).encode("utf-8", "replace")
    else:
        body = _json(fields(outage, retry_after))
    more = {"X-Dynaport-Service": outage.service, "ETag": outage.tag, LOOK: f"{look:g}"}
    return _response(head, body, outage.state, retry_after, html=html, more=more)


def bare(head: Head, state: State, retry_after: int, *, html: bool) -> bytes:
    """The response for everybody else: that the service is down, and nothing of why."""
    if html:
        body = bare_page(state, method=head.method).encode()
    else:
        body = _json(bare_fields(state, retry_after))
    return _response(head, body, state, retry_after, html=html, more={"ETag": bare_tag(state)})


def _json(found: dict[str, object]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def _response(
    head: Head, body: bytes, state: State, retry_after: int, *, html: bool, more: dict[str, str]
) -> bytes:
    fields = {
        "Content-Type": "text/html; charset=utf-8" if html else "application/json",
        "Content-Length": str(len(body)),
        "Retry-After": str(retry_after),
        "X-Dynaport-State": state.value,
        **more,
        "Cache-Control": "no-store",
        "Content-Security-Policy": POLICY if html else "default-src 'none'; frame-ancestors 'self'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Connection": "close",
    }
    if head.method == "HEAD":
        body = b""
    lines = ["HTTP/1.1 503 Service Unavailable", *(f"{name}: {v}" for name, v in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
