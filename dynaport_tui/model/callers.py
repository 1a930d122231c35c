"""Who asks a service that is down: what they may be told, and in which form.

The page shows source code and log lines. It is for the people at this machine: not for others on
the network, and not for web pages that make a browser ask in their name (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple

from .httphead import qualities

if TYPE_CHECKING:
    from collections.abc import Collection

    from .httphead import Head

_PORT = re.compile(r":\d{0,5}\Z")


class Caller(NamedTuple):
    """Both ends of a connection, as addresses without their ports."""

    peer: str
    local: str


def is_at_home(caller: Caller, head: Head, hosts: Collection[str]) -> bool:
    """Whether a request comes from this machine and asks for the service by a name that only its
    people use; `hosts` are names beside addresses, `localhost` and what ends with `.localhost`.
    """
    return _is_near(caller) and _is_ours(head.fields.get("host"), hosts) and not _is_foreign(head)


def wants_html(head: Head) -> bool:
    """Whether the answer is to be a page: HTML is asked for by its name, and not less than JSON."""
    kinds = qualities(head.fields.get("accept", ""))
    html = max(kinds.get("text/html", 0.0), kinds.get("application/xhtml+xml", 0.0))
    return html > 0 and html >= kinds.get("application/json", 0.0)


def _is_near(caller: Caller) -> bool:
    """Whether the other end is on this machine, which may use any of its own addresses."""
    peer, local = _address(caller.peer), _address(caller.local)
    return peer is not None and (peer.is_loopback or peer == local)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return found if mapped is None else mapped


def _is_ours(host: str | None, hosts: Collection[str]) -> bool:
    """Whether a Host field may stand in a request for this service; a browser always sends one."""
    if host is None:
        return True
    name = _PORT.sub("", host.strip().lower())
    if name.startswith("["):
        return name.endswith("]") and _address(name[1:-1]) is not None
    name = name.removesuffix(".")
    known = {"localhost", *(other.lower() for other in hosts)}
    return name in known or name.endswith(".localhost") or _address(name) is not None


def _is_foreign(head: Head) -> bool:
    """Whether a page of somebody else makes a browser ask, other than by leading there.

    https://www.w3.org/TR/fetch-metadata/
    """
    site, mode = head.fields.get("sec-fetch-site"), head.fields.get("sec-fetch-mode")
    return site == "cross-site" and mode != "navigate"
