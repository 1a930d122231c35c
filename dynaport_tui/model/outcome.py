"""When a run is over, and with which exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from . import wording
from .machine import State

if TYPE_CHECKING:
    from .fleet import Fleet
    from .record import Record

OK, SERVICE_FAILED, USAGE, DEADLINE, NO_PORT, NO_ENGINE = range(6)
"""Exit codes; 128 + n stands for being interrupted by signal n."""


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """What the person who started the run wants of it."""

    keep_going: bool = False
    """A FAILED service does not end the run."""
    exit_when_ready: bool = False
    watch: bool = True
    """Whether a saved file may still revive what has failed."""
    attended: bool = False
    """Somebody looks at it: neither that all is done nor that something failed ends the run."""
    errand: bool = False
    """Services are only there for a program that runs beside them: until everything was ready, one
    that ends the run at once; from then on the program alone says when it is over."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The run is over."""

    code: int
    why: str
    short: str = ""
    """What the services that end with it say of it; empty: the same."""


def verdict(fleet: Fleet, aim: Aim, *, was_ready: bool) -> Verdict | None:
    """The end of the run, or None while it goes on; `was_ready`: everything has been ready once."""
    wanted = [r for r in fleet.records.values() if r.wanted]
    if not wanted:
        return None
    if aim.exit_when_ready and all_ready(fleet):
        return Verdict(code=OK, why="everything was ready")
    if aim.errand:
        return None if was_ready else _ended_early(wanted)
    if aim.attended:
        return None
    if all(r.state is State.DONE for r in wanted) and not _stopped_by_hand(fleet):
        return Verdict(code=OK, why="every service is done")
    failed = [r for r in wanted if r.state is State.FAILED and not (aim.watch and r.edited)]
    hopeless = not aim.watch and all(_over(fleet, r) for r in wanted)
    if failed and (hopeless or not aim.keep_going):
        return _failed(failed)
    return None


def _stopped_by_hand(fleet: Fleet) -> bool:
    """Whether something ran that a person stopped, and may start again."""
    return any(r.run and not r.wanted and not r.removed for r in fleet.records.values())


def _ended_early(wanted: list[Record]) -> Verdict | None:
    ended = [r for r in wanted if r.state in (State.BACKOFF, State.FAILED)]
    return _failed(ended) if ended else None


def overdue(fleet: Fleet, seconds: float) -> Verdict:
    """The readiness deadline passed."""
    late = [f"{s}: {fleet.explain(s)}" for s in unready(fleet)]
    short = f"not everything was ready within {seconds:g} s"
    why = f"not ready within {seconds:g} s: " + "; ".join(late)
    return Verdict(code=DEADLINE, why=why, short=short)


def all_ready(fleet: Fleet) -> bool:
    """Whether everything wanted is READY, one-shots DONE."""
    return not unready(fleet)


def unready(fleet: Fleet) -> list[str]:
    """What is wanted and not READY, one-shots not DONE."""
    return [r.id for r in fleet.records.values() if r.wanted and not _ready(r)]


def _ready(record: Record) -> bool:
    return record.state is State.DONE or (record.state is State.READY and not record.spec.task)


def _over(fleet: Fleet, record: Record) -> bool:
    return record.state in (State.DONE, State.FAILED) or fleet.waiting(record)


def _failed(records: list[Record]) -> Verdict:
    names = [r.id for r in records]
    return Verdict(
        code=SERVICE_FAILED,
        why="; ".join(f"{r.id} failed: {wording.last_words(r.why)}" for r in records),
        short=f"ending, because {' and '.join(names)} failed",
    )
