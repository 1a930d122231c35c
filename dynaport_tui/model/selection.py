"""Which services a person means by the names they type."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .spec import ServiceSpec


class UnknownService(LookupError):
    """No service has that name; the message names the likeliest one."""


def select(names: Sequence[str], services: Mapping[str, ServiceSpec]) -> list[str]:
    """The ids meant by `names`: a service's name means all its instances, no name all services.

    Raises UnknownService.
    """
    if not names:
        return list(services)
    found: list[str] = []
    for name in names:
        ids = [s for s, spec in services.items() if name in (s, spec.name)]
        if not ids:
            raise UnknownService(_unknown(name, services))
        found += [s for s in ids if s not in found]
    return found


def _unknown(name: str, services: Mapping[str, ServiceSpec]) -> str:
    import difflib

    names = dict.fromkeys([*(spec.name for spec in services.values()), *services])
    near = difflib.get_close_matches(name, names, 1)
    there = ", ".join(services)
    return f"no service {name!r}" + (
        f": did you mean {near[0]}?" if near else f": there are {there}"
    )
