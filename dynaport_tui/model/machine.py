"""The life of one service as one table.

A restart is no state of its own: it is a stop while the service is still wanted. *Waiting*,
*active*, *satisfies* and *stale* are derived from what is stored, never stored themselves.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .spec import Condition


class State(StrEnum):
    """What a service is doing."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    READY = "READY"
    UNHEALTHY = "UNHEALTHY"
    STOPPING = "STOPPING"
    BACKOFF = "BACKOFF"
    DONE = "DONE"
    FAILED = "FAILED"


class Trigger(StrEnum):
    """What may move a service from one state to another."""

    START = "start"
    """Wanted, its dependencies are satisfied, and no process of its own is left alive."""
    READY = "ready"
    """A ready report, or a probe that was answered."""
    DEADLINE = "deadline"
    """The start deadline passed."""
    PROBE_LOST = "probe lost"
    """`retries` probes in a row failed."""
    STOP = "stop"
    """It is to end: unwanted, or cycled."""
    EXIT_AGAIN = "exit, again"
    """The process ended and the restart policy says: again."""
    EXIT_DONE = "exit, done"
    """A one-shot ended with 0."""
    EXIT_FOR_GOOD = "exit, for good"
    """The process ended, or could not be started, and the restart policy says: no more."""
    GONE = "gone"
    """Nothing of it is left alive and its port is free."""
    WOULD_NOT_DIE = "would not die"
    """Something outlived KILL and its grace."""
    CLEAR = "clear"
    """The backoff is over, or a stop, a user's start, a changed file or a new launch."""


_S, _T = State, Trigger

_RUNNING = {
    _T.STOP: _S.STOPPING,
    _T.EXIT_AGAIN: _S.BACKOFF,
    _T.EXIT_DONE: _S.DONE,
    _T.EXIT_FOR_GOOD: _S.FAILED,
}

TRANSITIONS: dict[State, dict[Trigger, State]] = {
    _S.STOPPED: {_T.START: _S.STARTING, _T.EXIT_FOR_GOOD: _S.FAILED},
    _S.STARTING: {**_RUNNING, _T.READY: _S.READY, _T.DEADLINE: _S.UNHEALTHY},
    _S.READY: {**_RUNNING, _T.PROBE_LOST: _S.UNHEALTHY},
    _S.UNHEALTHY: {**_RUNNING, _T.READY: _S.READY},
    _S.STOPPING: {_T.GONE: _S.STOPPED, _T.WOULD_NOT_DIE: _S.FAILED},
    _S.BACKOFF: {_T.CLEAR: _S.STOPPED},
    _S.DONE: {_T.CLEAR: _S.STOPPED},
    _S.FAILED: {_T.CLEAR: _S.STOPPED},
}
"""Every allowed change of state; anything else is a programming error."""

ACTIVE = frozenset({_S.STARTING, _S.READY, _S.UNHEALTHY, _S.STOPPING})
"""States in which a process of the service exists."""

RUNNING = frozenset({_S.STARTING, _S.READY, _S.UNHEALTHY})
"""States in which the process is meant to exist."""

RESTING = frozenset({_S.BACKOFF, _S.DONE, _S.FAILED})
"""States that hold a service back until they are cleared."""


class IllegalTransition(Exception):
    """A trigger that the table does not allow in this state; nothing was changed."""


def advance(state: State, trigger: Trigger) -> State:
    """The state after `trigger`; raises IllegalTransition."""
    try:
        return TRANSITIONS[state][trigger]
    except KeyError:
        raise IllegalTransition(f"{trigger.value!r} in state {state}") from None


def satisfies(state: State, condition: Condition) -> bool:
    """Whether a dependency in `state` lets its dependents start.

    `ready` takes a one-shot that is DONE as well; `started` only needs the process to have been
    started.
    """
    match condition:
        case "completed":
            return state is State.DONE
        case "started":
            return state in RUNNING or state is State.DONE
        case "ready":
            return state in (State.READY, State.DONE)
