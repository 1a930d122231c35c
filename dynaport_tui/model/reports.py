"""What the hands tell the fleet, and what the fleet tells the hands to do."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from .launch import Launch
from .view import Exit


class Timer(StrEnum):
    """What a service may be waiting for."""

    DEADLINE = "deadline"
    """It should be ready by now."""
    BACKOFF = "backoff"
    """It may be started again."""
    GRACE = "grace"
    """It was asked to end and should have."""
    KILLED = "killed"
    """It was killed and should be gone."""
    CANDIDATE = "candidate"
    """The process that is to take over should serve by now."""


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    service: str


class _OfRun(_Report, frozen=True, kw_only=True):
    run: int
    """The start that this speaks of; a report of an earlier start changes nothing."""


class Spawned(_OfRun, frozen=True, kw_only=True):
    """The process exists."""

    pid: int
    warm: str = ""
    """Stands for what was imported before it was forked; empty for a fresh interpreter."""


class ReadyReport(_OfRun, frozen=True, kw_only=True):
    """The service itself said that it serves."""

    why: str


class Overheard(_OfRun, frozen=True, kw_only=True):
    """All workers of a server that is not ours serve, as they said themselves: a second process can
    tell in the same way when it could take over.
    """


class Unheard(_OfRun, frozen=True, kw_only=True):
    """A server that is not ours is of a version that cannot tell when it serves."""


class Answered(_Report, frozen=True, kw_only=True):
    """A probe went well."""

    epoch: int
    why: str
    latency_ms: float | None = None


class Unanswered(_Report, frozen=True, kw_only=True):
    """A probe went wrong."""

    epoch: int
    why: str


class Exited(_OfRun, frozen=True, kw_only=True):
    """The process ended, or none could be started: then `exit.error` says why."""

    exit: Exit
    why: str | None = None
    """The error that the service reported before it ended, with file and line."""
    again: bool = True
    """False where another try cannot help: a program that does not exist."""
    broken: bool = False
    """Whether its code could not even be loaded: another try needs another code."""
    left: tuple[int, ...] = ()
    """Who of it goes on after an exit with 0."""


class Gone(_OfRun, frozen=True, kw_only=True):
    """Nothing of that start is alive any more, and its port is free."""


class Survivors(_OfRun, frozen=True, kw_only=True):
    """What was found alive when the service was last signalled."""

    pids: tuple[int, ...]


class Fired(_Report, frozen=True, kw_only=True):
    """A timer went off."""

    timer: Timer
    epoch: int
    run: int


Report = (
    Spawned
    | ReadyReport
    | Overheard
    | Unheard
    | Answered
    | Unanswered
    | Exited
    | Gone
    | Survivors
    | Fired
)


class Start(_OfRun, frozen=True, kw_only=True):
    """Start a process."""

    epoch: int
    launch: Launch
    fresh: bool
    """Whether project modules must be loaded without bytecode: files changed after a start."""
    candidate: bool = False
    """Whether it loads beside the process that serves, and waits for its turn to accept."""
    cold: bool = False
    """Whether it is to have a fresh interpreter, whatever its launch says."""


class TakeOver(_OfRun, frozen=True, kw_only=True):
    """The candidate `run` serves from now on; `old` accepts no more and finishes what it has."""

    old: int


class Signal(_OfRun, frozen=True, kw_only=True):
    """Signal everything of that start; `signal` is a name without `SIG`."""

    signal: str


class Arm(_Report, frozen=True, kw_only=True):
    """Send back Fired after `delay` seconds."""

    timer: Timer
    epoch: int
    run: int
    delay: float


class Forget(_Report, frozen=True, kw_only=True):
    """The service was taken out of services.toml and has ended: let go of its port and its log."""


class StartCold(_Report, frozen=True, kw_only=True):
    """It came up in a fresh interpreter alone: from now on it is to be started in one."""

    launch: Launch
    why: str
    """How it failed otherwise."""


Action = Start | TakeOver | Signal | Arm | Forget | StartCold
