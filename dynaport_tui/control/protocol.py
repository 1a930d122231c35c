"""What travels over the control socket beside events: paths, questions, answers and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ..model.view import Traceback

if TYPE_CHECKING:
    from ..model.view import Event

PREFIX = "/v1"
HOSTS = frozenset({"localhost", "dynaport"})
"""What a request may name as its host: nothing that a page in a browser could name."""
HEARTBEAT = 10.0
"""Seconds between the empty lines of a silent event stream."""
MAX_LINES = 5000
"""Log lines in one answer."""

Logs = Literal["lines", "marks", "none"]
"""Of an event stream: every line, only `log-advanced` marks to pull them by, or neither."""


class LogsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Some lines of one service, oldest first."""

    service: str
    lines: list[dict[str, Any]]
    last: int
    """Number of the last line of this answer, or where the question started when there is none."""


class EnvAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What dynaport gives to one service."""

    service: str
    env: dict[str, str]
    masked: bool


class TracebackAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The newest traceback, or None."""

    traceback: Traceback | None = None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/actions`; no service means all of them."""

    verb: Literal["start", "stop", "restart", "reload", "release"]
    services: list[str] = []


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not granted, and what to do now."""

    code: str
    message: str
    hint: str = ""


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is not a success."""

    error: Refusal


def concerns(event: Event, services: frozenset[str]) -> bool:
    """Whether the event belongs into a stream about `services`; none means all of them."""
    service = getattr(event, "service", None)
    return not services or service is None or service in services
