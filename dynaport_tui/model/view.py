"""The contract between the engine and everything that shows it: values that can be sent, and one
protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from .machine import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

ProjectState = Literal["starting", "ready", "degraded", "stopping"]
Stream = Literal["stdout", "stderr"]
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
    """Errors and tracebacks that its log has shown so far."""
    wanted: bool = True
    task: bool = False
    """A one-shot: READY only says that it still runs, DONE is what others wait for."""
    waiting: bool = False
    """Wanted, but a dependency is not satisfied."""


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


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a service's output; `text` is decoded and free of control codes other than
    colour.
    """

    service: str
    number: int
    """From 1, without gaps, for the life of the engine."""
    at: float
    """Seconds since 1970."""
    stream: Stream
    text: str


class Place(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Where a line stands when the logs of several services are read as one: by time, and where
    that is equal by service and number.
    """

    at: float
    """Seconds since 1970."""
    service: str = ""
    number: int = 0


BEGINNING = Place(0.0)
"""Before every line."""


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines of the kept logs are asked for, and from where.

    The newest `limit` lines before `before`, or the oldest after `after`; with neither, the newest
    of all.
    """

    services: list[str] = []
    """Ids; none means all."""
    filter: str = ""
    """In the language of `model.query`; empty lets every line through."""
    before: Place | None = None
    after: Place | None = None
    limit: int = 500


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that a LogQuery found, oldest first."""

    lines: list[LogLine] = []
    reached: Place | None = None
    """How far was looked where more may follow in the direction that was asked for: go on from
    here. None: all that is kept in that direction was seen.
    """


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """The places that a LogQuery found, oldest first, without the lines."""

    places: list[Place] = []
    reached: Place | None = None
    """As in LogPage."""


class Traceback(msgspec.Struct, frozen=True, kw_only=True):
    """A traceback as a service printed it."""

    service: str
    number: int
    """Of its first line."""
    last: int
    """Number of its last line."""
    at: float
    data: bytes
    """Byte for byte, with its newlines."""
    error: str
    """`SyntaxError: invalid syntax`."""
    file: str | None = None
    """Absolute or as printed: the deepest frame that lies in the project."""
    line: int | None = None


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One change of state in the past."""

    at: float
    """Seconds since 1970."""
    old: State
    new: State
    why: str


class PortUse(msgspec.Struct, frozen=True, kw_only=True):
    """One port of a service."""

    name: str = ""
    """Empty for the port of the service itself, else its name in `ports`."""
    port: int
    url: str | None = None
    why: str
    """Where the number comes from: pinned in services.toml, computed, the next free one."""
    held: bool = False
    """Whether dynaport holds the listening socket, so that a restart refuses no connection."""


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of one service beside its row."""

    service: str
    causes: list[str] = []
    """Why it is as it is: itself first, then what it waits for, one line each."""
    history: list[Moment] = []
    """The last changes of state, oldest first; at most 50."""
    config: dict[str, Any] = {}
    """Its table in services.toml with every default and profile applied, secrets masked."""
    command: list[str] = []
    """What is executed for it."""
    cwd: str = ""
    python: str | None = None
    ports: list[PortUse] = []
    used_by: list[str] = []
    """Ids of the services that depend on it."""
    watched: list[str] = []
    """Folders or patterns whose changes reload it; empty: none."""


class Request(msgspec.Struct, frozen=True, array_like=True):
    """One HTTP request that a service answered."""

    number: int
    """From 1, without gaps, for the life of the engine."""
    at: float
    """Seconds since 1970, when it came in."""
    method: str
    path: str
    """With its query."""
    status: int
    """499 where the client left before there was one."""
    ms: float
    """Until the last byte of the answer was handed over."""


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """The last requests of a service, at most 1,000."""

    service: str
    counted: bool = True
    """False where nobody counts them: the service is not served by dynaport's own runner."""
    requests: list[Request] = []
    """Oldest first."""
    total: int = 0
    """Since the engine started: the number of the last one."""
    dropped: int = 0
    """Those beyond them that came too fast to be told."""
    p50_ms: float | None = None
    """Over all kept ones, as are the following."""
    p95_ms: float | None = None
    error_rate: float | None = None
    """The share of answers with a status of 500 and more, 0 to 1."""


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
