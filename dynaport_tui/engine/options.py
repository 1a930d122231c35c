"""What a run was asked for."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..model.outcome import Aim

STOP, KILL, DETACH, DRAWN = b"s", b"k", b"d", b"v"
"""What the owner of a run says on the line to it, a byte each."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked for."""

    file: Path
    """The services.toml, absolute."""
    profiles: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    """Names as typed; none means all."""
    watch: bool = True
    timeout: float | None = None
    """Seconds until everything must be ready."""
    keep_going: bool = False
    exit_when_ready: bool = False
    errand: bool = False
    """Run for a program beside the services, as `test` does."""
    owner: int | None = None
    """The descriptor of the line to the process that this run belongs to: somebody looks at it."""

    @property
    def aim(self) -> Aim:
        """What ends the run."""
        return Aim(
            keep_going=self.keep_going,
            exit_when_ready=self.exit_when_ready,
            watch=self.watch,
            errand=self.errand,
            attended=self.owner is not None,
        )
