"""What there is to know of a service beside its row: past, configuration, requests."""

from __future__ import annotations

from typing import Any

import msgspec

from .machine import State


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One change of state in the past."""

    at: float
    """Seconds since 1970."""
    old: State
    new: State
    why: str
    behind: bool = False
    """Whether a process that was to take over did not come up, so that the old one served on."""


class PortUse(msgspec.Struct, frozen=True, kw_only=True):
    """One port of a service."""

    name: str = ""
    """Empty for the port of the service itself, else its name in `ports`."""
    port: int
    url: str | None = None
    why: str
    """Where the number comes from: pinned in services.toml, computed, the next free one."""
    pinned: bool = False
    """Whether services.toml says the number, so that no other one is ever given."""
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
