"""What becomes of the connections to a service that nobody serves right now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .dependencies import blockers, waiting
from .machine import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .record import Record

    Records = Mapping[str, Record]

Attitude = Literal["wait", "answer", "refuse"]
"""They wait for a process; the engine answers that the service is down; or there are none."""


def attitude(records: Records, record: Record) -> Attitude:
    """What is right for a service that has a held socket, in the state that it is in."""
    match record.state:
        case State.FAILED | State.BACKOFF:
            return "answer"
        case State.STOPPED if not record.wanted:
            return "refuse"
        case State.STOPPED if _in_vain(records, record):
            return "answer"
        case _:
            return "wait"


def _in_vain(records: Records, record: Record) -> bool:
    """Whether a service waits for one that will not come without a person's help."""
    if not waiting(records, record):
        return False
    others = [records[service] for service in blockers(records, record)]
    return any(
        not other.wanted or other.state is State.FAILED or _in_vain(records, other)
        for other in others
    )
