"""Which ports a request gets, next to what others hold: a decision, nothing is written."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol

from .choice import Range, choose
from .lease import Key, Lease, Want
from .request import PREFERRED, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Others(Protocol):
    """What the ledger knows, looked up where it is needed."""

    def on_port(self, port: int) -> Iterable[Lease]:
        """The leases of one port; several where it is pinned."""

    def given_up(self, root: str, key: Key) -> set[int]:
        """The ports that a service has released."""


class Grant:
    """Decides the same request as often as it is asked; tries each port only once.

    The first time is a rehearsal while others may still write: what is slow, the trial of ports, is
    then known when it counts.
    """

    def __init__(
        self,
        root: str,
        asked: Request,
        *,
        binds: Callable[[int], bool],
        outgoing: Callable[[], Range],
        now: float,
    ) -> None:
        self.asked = asked
        self._root = root
        self._binds = cache(binds)
        self._outgoing = cache(outgoing)
        self._now = now

    def decide(self, held: Mapping[Key, Lease], others: Others) -> dict[Key, Lease]:
        """The lease of every want, in the order of deciding; raises NoFreePort."""
        given: dict[Key, Lease] = {}
        for want in self.asked.in_order():
            given[want.key] = self._lease(want, held.get(want.key), given, others)
        return given

    def _lease(
        self, want: Want, held: Lease | None, given: Mapping[Key, Lease], others: Others
    ) -> Lease:
        if held and self.asked.is_settled(want, held):
            return held
        port, why, since = self._port(want, held, given, others)
        return Lease(
            root=self._root,
            project=self.asked.project,
            service=want.service,
            instance=want.instance,
            slot=want.slot,
            port=port,
            computed=self.asked.computed(want),
            why=why,
            since=since,
            pinned=want.pinned is not None,
        )

    def _port(
        self, want: Want, held: Lease | None, given: Mapping[Key, Lease], others: Others
    ) -> tuple[int, str | None, float]:
        """The port, why it is not the computed one, and since when."""

        def taken(port: int) -> str | None:
            return self._taken(port, want, given, others)

        computed = self.asked.computed(want)
        if want.pinned is not None:
            return want.pinned, None, self._now
        if want.preferred is not None and self._is_to_have(want.preferred, held, taken):
            why = None if want.preferred == computed else PREFERRED
            return want.preferred, why, self._now
        if held and self.asked.may_keep(want, held):
            return held.port, self.asked.why_kept(held, computed), held.since
        port, why = choose(
            computed,
            self.asked.ports,
            taken=taken,
            avoided=others.given_up(self._root, want.key),
            outgoing=self._outgoing(),
            binds=self._binds,
        )
        return port, why, self._now

    def _is_to_have(
        self, port: int, held: Lease | None, taken: Callable[[int], str | None]
    ) -> bool:
        """Whether a preferred port is given; its own may be in use by itself."""
        if held and held.port == port and not held.pinned:
            return False
        return taken(port) is None and self._binds(port)

    def _taken(
        self, port: int, want: Want, given: Mapping[Key, Lease], others: Others
    ) -> str | None:
        for lease in given.values():
            if lease.port == port:
                return lease.claim(self._root)
        for lease in others.on_port(port):
            # Rows of its own are in nobody's way: what was decided stands in `given`.
            mine = lease.root == self._root
            if not (mine and (lease.key == want.key or lease.key in given)):
                return lease.claim(self._root)
        return None
