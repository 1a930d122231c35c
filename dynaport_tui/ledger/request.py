"""What is asked for in one call, compared with what is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .choice import Range, computed_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .lease import Key, Lease, Want


PREFERRED = "it was asked for"
"""Why a lease that somebody preferred has not the computed port."""


class Request:
    """All wants of one project at one time."""

    def __init__(self, project: str, wants: Sequence[Want], ports: Range) -> None:
        self.project = project
        self.wants = wants
        self.ports = ports
        self._computed: dict[Key, int] = {}
        self.pins = {want.pinned for want in wants if want.pinned is not None}

    def in_order(self) -> list[Want]:
        """Pins first, then by key: who meets at one port does so in the same order everywhere."""
        return sorted(self.wants, key=lambda want: (want.pinned is None, want.key))

    @property
    def keys(self) -> set[Key]:
        """Who asks."""
        return {want.key for want in self.wants}

    def computed(self, want: Want) -> int:
        """The port that `want` has unless something is in the way."""
        port = self._computed.get(want.key)
        if port is None:
            port = self._computed[want.key] = computed_port(self.project, *want.key, self.ports)
        return port

    def settled(self, held: Mapping[Key, Lease]) -> bool:
        """Whether nothing needs to be written."""
        return all(w.key in held and self.is_settled(w, held[w.key]) for w in self.wants)

    def is_settled(self, want: Want, held: Lease) -> bool:
        """Whether `held` says all that is to be said about `want`."""
        if held.project != self.project or held.computed != self.computed(want):
            return False
        if want.pinned is not None:
            return held.pinned and held.port == want.pinned
        if want.preferred not in (None, held.port):
            return False
        return self.may_keep(want, held)

    def may_keep(self, want: Want, held: Lease) -> bool:
        """Whether a port that was chosen stays: no pin decides instead, or did before."""
        return want.pinned is None and not held.pinned and held.port not in self.pins

    def why_kept(self, held: Lease, computed: int) -> str | None:
        """Why a lease is kept although another port is computed now."""
        if held.port == computed:
            return None
        if held.computed == computed or held.why == PREFERRED:
            return held.why
        return "kept from when the project had another name or another range of ports"
