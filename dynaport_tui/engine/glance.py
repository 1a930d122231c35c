"""What is known of a service that is down without looking any further."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from ..model.outage import due

if TYPE_CHECKING:
    from ..model.machine import State
    from ..model.record import Record
    from .supervisor import Supervisor


class Glance(NamedTuple):
    """Its state at one instant."""

    state: State
    why: str
    since: float
    due: float | None
    """Both on the engine's clock."""
    tag: str
    """Another one as soon as there is something else to tell."""


def glance(engine: Supervisor, record: Record) -> Glance:
    """The present state of a service; cheap, for every answer begins with it."""
    why = engine.fleet.explain(record.id)
    seen = f"{engine.hands.engine_id} {record.id} {record.epoch} {record.state} {why}"
    seen = f"{seen} {engine.hands[record.id].log.last}"
    tag = f'"{sha256(seen.encode("utf-8", "replace")).hexdigest()[:20]}"'
    return Glance(record.state, why, record.since, due(record), tag)
