"""Lines of logs, and the questions and answers that are about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

Stream = Literal["stdout", "stderr"]


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a service's output; `text` is decoded and free of control codes other than
    colour.
    """

    service: str
    number: int
    """From 1, without gaps, for the life of the engine; below 0 for what was printed before it."""
    at: float
    """Seconds since 1970."""
    stream: Stream
    text: str


class LogBlock(NamedTuple):
    """Whole lines of a service that came together, as they came: neither decoded nor cleaned."""

    service: str
    first: int
    """Number of the first line."""
    length: int
    """How many lines they are, at least one."""
    at: float
    """Seconds since 1970."""
    stream: Stream
    data: bytes
    """Each with its newline."""
    plain: bool = False
    """Whether it is known to hold nothing but printable ASCII and tabs."""

    @property
    def last(self) -> int:
        """Number of the last line."""
        return self.first + self.length - 1


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
    """As printed, byte for byte but for colours, with its newlines."""
    error: str
    """`SyntaxError: invalid syntax`."""
    file: str | None = None
    """Absolute or as printed: the deepest frame that lies in the project."""
    line: int | None = None


class Tail(Protocol):
    """All that the services printed and print, for one view that is to miss nothing.

    What it has not taken yet is kept, and a service that is too far ahead waits, until `let_go`.
    """

    def blocks(self, service: str) -> Sequence[LogBlock]:
        """The next lines of a service, once: 256 KiB or a block more; none when there are none,
        and for a service that is not there.
        """

    def let_go(self) -> None:
        """From now on nobody waits for this view; what leaves memory is not kept for it."""

    def hold(self) -> None:
        """Be waited for again."""

    def close(self) -> None:
        """Let go for good; safe to repeat."""
