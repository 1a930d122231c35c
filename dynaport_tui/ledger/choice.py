"""Which port a service gets: a decision over values alone, the same on every machine."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from unicodedata import normalize

from .errors import NoFreePort

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

Range = tuple[int, int]
"""Both ends included."""


def computed_port(project: str, service: str, instance: str, slot: str, ports: Range) -> int:
    """The port that a service has on every machine unless something is in the way.

    `low + H mod (high - low + 1)`, where H is the first 8 bytes, as a big-endian number, of the
    SHA-256 of `project/service/instance/slot` in UTF-8, composed (NFC: a folder's name may come
    decomposed on macOS). The formula is fixed for ever: with another one the machines of a team
    would no longer agree. Raises ValueError for an impossible range.
    """
    low, high = ports
    if not 1 <= low <= high <= 65535:
        raise ValueError(f"{low}-{high} is no range of ports")
    name = normalize("NFC", f"{project}/{service}/{instance}/{slot}")
    digest = sha256(name.encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


def choose(
    computed: int,
    ports: Range,
    *,
    taken: Callable[[int], str | None],
    avoided: Collection[int] = (),
    outgoing: Range = (0, 0),
    binds: Callable[[int], bool],
) -> tuple[int, str | None]:
    """The computed port, else the next free one upward, wrapping; and why it is not computed.

    `taken` says why somebody else has a port, as `is leased to shop/users`. `avoided` are ports
    that the service gave up: they are taken again only when no other is left. `outgoing` is the
    system's range for outgoing connections, whose ports now and then fail to bind although nobody
    listens; it is disregarded when `ports` lies wholly inside it, for then somebody asked for it.
    `binds` is asked last. Raises NoFreePort.
    """
    if outgoing[0] <= ports[0] and ports[1] <= outgoing[1]:
        outgoing = (0, 0)

    def obstacle(port: int) -> str | None:
        if outgoing[0] <= port <= outgoing[1]:
            return f"lies in the system's range for outgoing connections ({_text(outgoing)})"
        return taken(port) or (None if binds(port) else "was in use")

    def obstacle_or_avoided(port: int) -> str | None:
        return "was released" if port in avoided else obstacle(port)

    why = obstacle_or_avoided(computed)
    if why is None:
        return computed, None
    upward = _upward(computed, ports)
    rest = (p for p in upward if p != computed and obstacle_or_avoided(p) is None)
    upward_again = _upward(computed, ports)
    last_resort = (p for p in upward_again if p in avoided and obstacle(p) is None)
    port = next(rest, None) or next(last_resort, None)
    if port is None:
        raise NoFreePort(_nothing_left(ports, taken, outgoing))
    return port, None if port == computed else f"{computed} {why}"


def _upward(start: int, ports: Range) -> Iterator[int]:
    low, high = ports
    yield from range(start, high + 1)
    yield from range(low, start)


def _text(ports: Range) -> str:
    return f"{ports[0]}-{ports[1]}"


def _nothing_left(ports: Range, taken: Callable[[int], str | None], outgoing: Range) -> str:
    everything = range(ports[0], ports[1] + 1)
    others = [port for port in everything if not outgoing[0] <= port <= outgoing[1]]
    excluded = len(everything) - len(others)
    given = sum(taken(port) is not None for port in others)
    parts = {
        "leased": given,
        "in use": len(everything) - given - excluded,
        f"in the system's range for outgoing connections ({_text(outgoing)})": excluded,
    }
    counted = ", ".join(f"{count} {what}" for what, count in parts.items() if count)
    return (
        f"no free port in {_text(ports)}: {counted}. "
        "Write a wider range as `ports` under [project] in services.toml, or for all that names "
        "none with `dynaport config set port_allocator.port_range`; or give a port up with "
        "`dynaport release SERVICE` or `dynaport port release APP`."
    )
