"""The contract between the engine and everything that shows it: values that can be sent, and one
protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from .details import Details, Moment, PortUse, Request, Requests
from .machine import State
from .pages import (
    BEGINNING,
    Hits,
    LogBlock,
    LogLine,
    LogPage,
    LogQuery,
    Place,
    Stream,
    Tail,
    Traceback,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

__all__ = [
    "ASKED_TO_RESTART",
    "BEGINNING",
    "ActionError",
    "Details",
    "Ended",
    "EngineView",
    "Event",
    "Exit",
    "Health",
    "Hits",
    "Lagged",
    "LogAdvanced",
    "LogBlock",
    "LogLine",
    "LogPage",
    "LogQuery",
    "Moment",
    "Notice",
    "Place",
    "PortMoved",
    "PortUse",
    "ProjectChanged",
    "ProjectState",
    "ProjectStatus",
    "Reloaded",
    "Request",
    "Requests",
    "ServiceStatus",
    "Snapshot",
    "StateChanged",
    "Stream",
    "Subscription",
    "Traceback",
    "Verb",
]

ASKED_TO_RESTART = "asked to restart"
"""The cause of a restart that a person asked for."""

ProjectState = Literal["starting", "ready", "degraded", "stopping"]
Verb = Literal["start", "stop", "restart", "reload", "release"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The last probes of a service."""

    ok: bool | None = None
    """None before the first answer."""
    latency_ms: float | None = None
    failures: int = 0
    """In a row."""
    checked_s_ago: float | None = None
    recent: list[float | None] = []
    """Milliseconds of the last probes, oldest first, None for one that failed; at most 16."""


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How the last process ended: one of `code` and `signal`, or `error` where none could be
    started.
    """

    code: int | None = None
    signal: int | None = None
    error: str | None = None


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `ps --json`."""

    id: str
    name: str
    instance: int | str
    state: State
    why: str
    stale: str | None = None
    port: int | None = None
    port_why: str | None = None
    """Why the port is not the computed one; None when it is, or is pinned."""
    ports: dict[str, int] = {}
    url: str | None = None
    pid: int | None = None
    uptime_s: float | None = None
    restarts: int = 0
    reloads: int = 0
    exit: Exit | None = None
    depends_on: list[str] = []
    health: Health = Health()
    cpu_percent: float | None = None
    rss_bytes: int | None = None
    log_lines: int = 0
    log_errors: int = 0
    """Failures that its log has shown so far: errors and tracebacks that came together are one."""
    wanted: bool = True
    task: bool = False
    """A one-shot: READY only says that it still runs, DONE is what others wait for."""
    waiting: bool = False
    """Wanted, but a dependency is not satisfied."""
    reloading: str | None = None
    """Why another process loads beside the one that serves, to take its place: `app.py changed`."""
    reload_error: str | None = None
    """Why the last one could not take the place of the one that serves, with file and line."""


class ProjectStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The project as a whole, in `ps --json`."""

    name: str
    root: str
    file: str
    state: ProjectState
    gateway: str | None = None
    dashboard: str | None = None
    engine_pid: int
    socket: str | None = None
    profiles: list[str] = []
    notes: list[str] = []
    """What a person should know of this run from the beginning."""
    error: str | None = None
    """What is wrong with the services.toml on disk, while the engine runs an older one."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one instant."""

    project: ProjectStatus
    services: list[ServiceStatus]


class StateChanged(msgspec.Struct, frozen=True, kw_only=True, tag="state", tag_field="event"):
    """A service moved to another state."""

    at: float
    service: str
    old: State = msgspec.field(name="from")
    new: State = msgspec.field(name="to")
    why: str


class LogAdvanced(msgspec.Struct, frozen=True, kw_only=True, tag="log-advanced", tag_field="event"):
    """A service's log reached line `last`; whoever wants the lines pulls them."""

    service: str
    last: int


class Reloaded(msgspec.Struct, frozen=True, kw_only=True, tag="reload", tag_field="event"):
    """Changed files were taken in, or could not be."""

    at: float
    service: str
    files: list[str]
    ok: bool
    why: str
    seconds: float


class ProjectChanged(msgspec.Struct, frozen=True, kw_only=True, tag="project", tag_field="event"):
    """A saved services.toml was applied, or refused: then `error` says why and nothing else
    changed.
    """

    at: float
    added: list[str] = []
    removed: list[str] = []
    changed: list[str] = []
    why: str = ""
    """What was saved; empty where nothing follows from it."""
    error: str | None = None


class PortMoved(msgspec.Struct, frozen=True, kw_only=True, tag="port", tag_field="event"):
    """A service was given another port."""

    at: float
    service: str
    port: int | None
    why: str


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag="notice", tag_field="event"):
    """Something a person should read that is no change of state."""

    at: float
    text: str
    service: str | None = None


class Lagged(msgspec.Struct, frozen=True, kw_only=True, tag="lagged", tag_field="event"):
    """The subscriber was too slow and events were dropped: take a new snapshot."""


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended", tag_field="event"):
    """The engine is going away: no event follows."""

    at: float
    code: int
    """The exit code of the run, as in the table of exit codes."""
    why: str


Event = StateChanged | LogAdvanced | Reloaded | ProjectChanged | PortMoved | Notice | Lagged | Ended


class ActionError(Exception):
    """A wish that cannot be granted: what happened, and what to do now."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class Subscription(Protocol):
    """A bounded, merging stream of events that starts exactly at its snapshot."""

    snapshot: Snapshot

    def __aiter__(self) -> AsyncIterator[list[Event]]:
        """Batches of events, oldest first; ends when the engine does."""

    def close(self) -> None:
        """Stop the stream; safe to repeat."""


class EngineView(Protocol):
    """All that a view may ask of the engine."""

    def snapshot(self) -> Snapshot:
        """The state of everything now."""

    def subscribe(self) -> Subscription:
        """Snapshot and subscription in one step."""

    def logs(self, service: str, after: int = 0, limit: int = 1000) -> Sequence[LogLine]:
        """At most `limit` kept lines of one service numbered above `after`, oldest first."""

    def tail(self) -> Tail:
        """What is kept of every log and what comes, for one view in the engine's own process."""

    async def past(self, service: str, limit: int = 200) -> Sequence[LogLine]:
        """The last lines, at most `limit` and 1,000 of them, that one service printed in the run
        before this one, oldest first; the newest has the number -1, the one before it -2.

        None of them is a line of this run, however old that is. Raises ActionError, also where
        they cannot be read within some seconds.
        """

    async def page(self, query: LogQuery) -> LogPage:
        """Some lines of one or several logs, merged and filtered; raises ActionError.

        It looks at a bounded number of lines and lets others go on meanwhile: where that was not
        enough, `reached` says so.
        """

    async def hits(self, query: LogQuery) -> Hits:
        """Where the lines are that `page` would give, for counting them; raises ActionError.

        The query's `limit` does not count: an answer holds some thousand places, and `reached`
        says where to go on.
        """

    async def traceback(self, service: str | None = None) -> Traceback | None:
        """The newest kept traceback of one service or of all; None where there is none."""

    def details(self, service: str) -> Details:
        """What there is to know of one service; raises ActionError."""

    def requests(self, service: str, after: int = 0) -> Requests:
        """The last requests that are numbered above `after`; raises ActionError."""

    def env(self, service: str) -> Mapping[str, str]:
        """What dynaport gives to the service, secrets unmasked; raises ActionError."""

    async def act(self, verb: Verb, services: Sequence[str]) -> Snapshot:
        """Change what is wanted and return at once with the new snapshot; no service means all
        of them; raises ActionError.
        """

    async def down(self) -> None:
        """Begin the orderly stop and return at once."""
