"""What is remembered of one service while the engine runs."""

from __future__ import annotations

from collections import deque

import msgspec

from .launch import Launch
from .machine import ACTIVE, RUNNING, State
from .spec import ServiceSpec
from .view import Exit
from .warmth import Warmth

HISTORY = 50
"""Transitions kept a service."""
PROBES = 16
"""Probes whose latency is kept a service."""


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One change of state."""

    service: str
    now: float
    old: State
    new: State
    why: str


class ProbeRecord(msgspec.Struct, kw_only=True):
    """What the last probes said."""

    ok: bool | None = None
    latency_ms: float | None = None
    failures: int = 0
    checked: float | None = None
    why: str = ""
    recent: deque[float | None] = msgspec.field(default_factory=lambda: deque(maxlen=PROBES))
    """Milliseconds, None for one that failed; the starts in between do not show."""


class Candidate(msgspec.Struct, kw_only=True):
    """A process that loads beside the one that serves, to take its place."""

    run: int
    launch: Launch
    why: str
    """Why there is one: `users.py changed`."""
    started_at: float
    pid: int | None = None
    reload: bool = False
    """Whether files were saved, and not only a restart asked for."""
    warm: str = ""
    """Stands for what was imported before it was forked."""
    instead: str | None = None
    """How the service failed warm, where this is a fresh interpreter for that reason."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a candidate."""

    service: str
    ok: bool
    why: str
    because: str
    """Why there was one."""
    now: float
    seconds: float
    """Since it was started."""


class Record(msgspec.Struct, kw_only=True):
    """One service: what is wanted of it, what it does, and why. Times are monotonic seconds."""

    spec: ServiceSpec
    launch: Launch
    """What the files say now."""
    wanted: bool = False
    removed: bool = False
    """Taken out of services.toml: forgotten once it has ended."""
    cycle: str | None = None
    """Why it is to be restarted; None when it is not."""
    cycle_in_order: bool = False
    """Whether its dependents that are restarted too stop before it."""
    fresh: bool = False
    """Whether its next start must not trust bytecode."""
    edited: bool = False
    """Whether it was not ready since its files were last saved: somebody is at work on it."""
    reloading: bool = False
    """Whether the cycle that is due comes of saved files."""

    state: State = State.STOPPED
    epoch: int = 0
    why: str = "not started yet"
    since: float = 0.0

    runs: int = 0
    """How many processes were started for it."""
    run: int = 0
    """Which of them is its present one."""
    candidate: Candidate | None = None
    draining: list[int] = []
    """Those that serve no more and may still be alive, oldest first."""
    behind: str | None = None
    """Why the newest code does not run, while an older process serves."""
    started: Launch | None = None
    """What the present process was started with."""
    overheard: bool = False
    """Whether the present process, of a server that is not ours, told by itself that it serves."""
    warmth: Warmth = msgspec.field(default_factory=Warmth)
    warm: str = ""
    """Stands for what was imported before the present process was forked."""
    instead: str | None = None
    """How the service failed warm, where the present process is fresh for that reason."""
    started_at: float = 0.0
    pid: int | None = None
    alive: bool = False
    """Whether anything of the last start may still be alive."""
    stuck: bool = False
    """Whether something outlived KILL: then nothing clears it and nothing waits for it."""
    survivors: tuple[int, ...] = ()
    """What was found alive when it was last signalled."""
    exit: Exit | None = None
    streak: int = 0
    """Starts in a row that did not last."""
    restarts: int = 0
    reloads: int = 0
    probe: ProbeRecord = msgspec.field(default_factory=ProbeRecord)
    history: deque[Transition] = msgspec.field(default_factory=lambda: deque(maxlen=HISTORY))

    @property
    def id(self) -> str:
        """The service's id."""
        return self.spec.id

    @property
    def active(self) -> bool:
        """Whether a process exists."""
        return self.state in ACTIVE

    @property
    def running(self) -> bool:
        """Whether a process exists and is meant to."""
        return self.state in RUNNING

    def cycle_for(self, why: str, *, in_order: bool) -> None:
        """It is to be restarted; an order asked for earlier holds."""
        self.cycle_in_order = in_order or (self.cycle is not None and self.cycle_in_order)
        self.cycle = why

    @property
    def living(self) -> list[int]:
        """The runs of which something may still be alive."""
        present = [self.run] if self.alive else []
        new = [self.candidate.run] if self.candidate is not None else []
        return [*self.draining, *present, *new]

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be done for it when it is not wanted."""
        left = self.active or self.alive or self.candidate is not None or self.draining
        return not left and self.state is not State.BACKOFF
