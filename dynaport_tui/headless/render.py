"""Events and log lines as bytes, the same for an engine here and one behind a socket."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

import msgspec

from ..model.view import Event, LogBlock, LogLine, ProjectChanged, Snapshot
from ..model.wire import encode_block, encode_event, encode_snapshot

Format = Literal["text", "json", "github"]
Item = Event | LogLine | LogBlock
Part = bytes | memoryview

TAIL = 10
"""Log lines that are repeated at the end for a service that failed."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A service that is FAILED at the end, its cause line and its last log lines."""

    service: str
    why: str
    lines: Sequence[LogLine] = ()


class Renderer(Protocol):
    """Turns what happens into text with its line feeds."""

    shows_lines: bool = True
    """Whether it makes anything of log lines."""

    def begin(self, snapshot: Snapshot) -> str:
        """What stands at the top."""

    def know(self, snapshot: Snapshot) -> None:
        """Learn the names and addresses of services that came later."""

    def parts(self, items: Iterable[Item]) -> list[Part]:
        """Events and log lines, oldest first; to be written one after the other."""

    def items(self, items: Iterable[Item]) -> str:
        """The same as one text."""
        return b"".join(self.parts(items)).decode()

    def end(self, why: str, failures: Sequence[Failure]) -> str:
        """What stands at the end."""


def renderer(log_format: Format, *, colour: bool) -> Renderer:
    """The renderer of a format."""
    if log_format == "json":
        return JsonLines()
    from .text import Text

    text = Text(colour=colour)
    if log_format == "text":
        return text
    from .github import GitHub

    return GitHub(text)


class JsonLines(Renderer):
    """One JSON object a line, as in the control socket's event stream."""

    def begin(self, snapshot: Snapshot) -> str:
        """The snapshot as the first event."""
        return encode_snapshot(snapshot, time.time()).decode()

    def know(self, snapshot: Snapshot) -> None:
        """Nothing: every line stands for itself."""

    def parts(self, items: Iterable[Item]) -> list[Part]:
        """A line each."""
        return [encode_block(i) if isinstance(i, LogBlock) else encode_event(i) for i in items]

    def end(self, why: str, failures: Sequence[Failure]) -> str:
        """Nothing: the `ended` event has said it."""
        return ""


class OnlyTheEnd(Renderer):
    """Says nothing unless services failed."""

    shows_lines = False

    def __init__(self, render: Renderer) -> None:
        self._render = render

    def begin(self, snapshot: Snapshot) -> str:
        """Nothing, for now."""
        self._render.know(snapshot)
        return ""

    def know(self, snapshot: Snapshot) -> None:
        """Learn the names and addresses of services that came later."""
        self._render.know(snapshot)

    def parts(self, items: Iterable[Item]) -> list[Part]:
        """What is wrong with services.toml, and nothing else."""
        return self._render.parts([i for i in items if isinstance(i, ProjectChanged) and i.error])

    def end(self, why: str, failures: Sequence[Failure]) -> str:
        """What is known of each service that failed."""
        return self._render.end("", failures)
