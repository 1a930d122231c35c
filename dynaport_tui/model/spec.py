"""What services.toml says, as frozen values: every default filled in, every path absolute, every
name resolved.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Kind = Literal["app", "script", "command"]
Condition = Literal["ready", "completed", "started"]
ProbeKind = Literal["runner", "http", "tcp", "command", "log", "alive"]
RestartPolicy = Literal["always", "on-failure", "never"]
ReloadMode = Literal["overlap", "restart", "off"]
Server = Literal["werkzeug", "gunicorn", "uvicorn", "hypercorn"]


INTERVAL = 5.0
"""Seconds between two probes where services.toml names none."""


class ProbeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How a service is asked whether it works; times in seconds.

    `runner` asks our own runner inside an `app` or `script` service; `alive` is a command that
    listens to nothing and counts as ready after one second.
    """

    kind: ProbeKind
    path: str = ""
    """Of `http`: the path with its query, starting with a slash."""
    command: str | tuple[str, ...] = ""
    """Of `command`: a string goes through sh, a tuple does not."""
    pattern: str = ""
    """Of `log`: a regular expression that a line of the service's log must match."""
    interval: float = INTERVAL
    timeout: float = 2.0
    retries: int = 3
    start_deadline: float = 30.0

    @property
    def explicit(self) -> bool:
        """Whether services.toml names this probe: then a ready report alone does not make the
        service READY.
        """
        return self.kind in ("http", "command", "log")


class RestartSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when the process ends by itself."""

    policy: RestartPolicy = "on-failure"
    max: int = 5
    """FAILED after so many starts in a row that did not last 10 s."""
    unhealthy: bool = False
    """Whether an UNHEALTHY service is restarted too."""


class ServiceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of one service."""

    id: str
    """`users`, or `users.2` and `users.green` where there are instances."""
    name: str
    instance: str = "1"
    """`1` for a service without instances, so that adding a second one moves nobody's port."""
    line: int = 0
    """Where its table starts in services.toml, from 1."""
    kind: Kind
    target: str | tuple[str, ...]
    """The `app`, `script` or `command` as written; only a command may be a tuple."""
    cwd: str
    python: str | None = None
    """As written, None when the default applies."""
    server: Server = "werkzeug"
    workers: int = 1
    listens: bool = True
    """False for `port = false`."""
    port: int | None = None
    """The pinned port."""
    host: str = "127.0.0.1"
    ports: tuple[str, ...] = ()
    """Names of further ports: `debug` becomes `PORT_DEBUG`."""
    env: dict[str, str] = {}
    """As written, `${...}` not yet replaced."""
    env_files: tuple[str, ...] = ()
    """Absolute paths; each must exist."""
    depends_on: dict[str, Condition] = {}
    """Service id -> condition. A dependency on a service with instances stands here once an
    instance.
    """
    health: ProbeSpec
    restart: RestartSpec = RestartSpec()
    task: bool = False
    watched: bool = True
    """False for `watch = false`."""
    watch: tuple[str, ...] | None = None
    """Globs relative to `cwd`; None: what the service really imported."""
    ignore: tuple[str, ...] = ()
    reload: ReloadMode = "overlap"
    warm: bool = True
    debug: bool = False
    hand_down: bool = False
    stop_signal: str = "TERM"
    """Without `SIG`."""
    stop_grace: float = 10.0
    tty: bool = False
    prefix: str = ""
    hosts: tuple[str, ...] = ()
    gateway: dict[str, Any] = {}
    profiles: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """Whether the engine binds and listens for it, so that its port outlives its processes."""
        return self.listens and (self.kind != "command" or self.hand_down)

    @property
    def reloaded(self) -> bool:
        """Whether a saved file of its own restarts it."""
        return self.watched and self.reload != "off"

    @property
    def foreign(self) -> bool:
        """Whether another server than our runner serves the app (gunicorn, hypercorn, or uvicorn
        by name).
        """
        return self.kind == "app" and self.server != "werkzeug"


class LogSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The `[log]` table, a service each."""

    max_size: int = 50_000_000
    """Bytes of one file before it is rotated."""
    keep: int = 3
    """Rotated files kept beside the current one."""
    lines: int = 50_000
    """Lines kept in memory for the views."""


class ProjectSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A whole services.toml with the wanted profiles laid over it."""

    name: str
    root: str
    """Absolute folder of services.toml."""
    file: str
    """Absolute path of services.toml."""
    ports: tuple[int, int] = (20000, 29999)
    """Both ends included."""
    ports_given: bool = False
    """Whether services.toml names the range: then the user's own setting does not apply."""
    env_file: str | None = None
    """Absolute path."""
    env_file_required: bool = False
    """True when services.toml names it: then it must exist."""
    gateway: dict[str, Any] | None = None
    dashboard: dict[str, Any] | None = None
    log: LogSpec = LogSpec()
    profiles: tuple[str, ...] = ()
    services: dict[str, ServiceSpec] = {}
    """By id, in the order of the file."""
