"""What the commands hand to the dashboard, and what it hands back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from ..model.view import Snapshot
    from .source import Source


class Owner(Protocol):
    """The line to an engine that lives only as long as we do; when it breaks, the engine stops
    everything in order. All calls return at once and are safe to repeat.
    """

    def drawn(self) -> None:
        """There is a first picture, for which the engine has put off what can wait."""

    def detach(self) -> None:
        """Let the engine live on without us."""

    def kill(self) -> None:
        """Do not wait for an orderly stop: what a second Ctrl-C means."""


@dataclass(frozen=True)
class Opening:
    """What a dashboard starts from."""

    source: Source
    file: Path
    """The services.toml."""
    state: Path
    """A folder for what is remembered of this project, and for copies."""
    first: Snapshot | None
    """What the engine said before it listened: something true for the first picture."""
    owner: Owner | None
    """None: we are attached to an engine that somebody else started."""
    start_again: Callable[[], Awaitable[None]] | None
    """Starts another engine where the first is gone, and `owner` speaks to that one from then on;
    raises StartError.
    """
    command: Sequence[str]
    """How to call dynaport about this project: a command's name and arguments follow."""
    note: str = ""
    """To be told at the start."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970, for how long ago something was."""


class StartError(Exception):
    """No engine could be started: what was wrong, and what to do now."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Ending:
    """How a dashboard was left."""

    kind: Literal["stopped", "detached", "left", "gone"]
    """The services were stopped, they run on without an owner, they run on as they did before we
    came, or the engine was killed.
    """
    code: int = 0
    """What the command ends with; for `stopped` the code of the run, where it is known."""
    text: str = ""
    """A last word for the normal screen."""
