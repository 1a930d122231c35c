"""Who an app is, and what a person is told of it."""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import FrameType

    from ..ledger.registered import Registered

_LONGEST = 80
_OURS = "dynaport_tui."


class DynaPortWarning(UserWarning):
    """Something that a person should know although the app runs."""


class Identity(NamedTuple):
    """Who an app is."""

    app_id: str
    name: str
    instance_id: str
    preferred_port: int | None
    dependencies: tuple[str, ...]
    health_endpoint: str
    made_at: tuple[str, int]
    """File and line where the program says all this."""

    @property
    def label(self) -> str:
        """The app for a person, its instance where it is a particular one."""
        named = self.instance_id != "default"
        return f"{self.app_id}:{self.instance_id}" if named else self.app_id


def twice(identity: Identity, port: int, first: Registered) -> str:
    """That an app runs a second time."""
    return (
        f"{identity.label} runs already: pid {first.pid}, port {first.port}. This one has port "
        f"{port} for now. To run both with a port of their own each, give this one an "
        f'instance_id: DynaPortFlask("{identity.app_id}", instance_id="second")'
    )


def moved(identity: Identity, wanted: int, port: int, rivals: tuple[Registered, ...]) -> str:
    """Why an app has another port than its own in this run."""
    for row in rivals:
        if row.is_app(identity.app_id, identity.instance_id):
            return twice(identity, port, row)
    holder = f"{rivals[0].app_id} (pid {rivals[0].pid})" if rivals else _holder(wanted)
    return (
        f"port {wanted} of {identity.label} is taken by {holder}: this run uses {port}. "
        f"End that program to have {wanted} again, or choose another port for good: "
        f"`dynaport port release {identity.app_id}`"
    )


def _holder(port: int) -> str:
    """The process that has a port, for a person."""
    import psutil

    with suppress(psutil.Error, OSError):  # another user's, or gone meanwhile
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr[1] == port and connection.pid:
                command = " ".join(psutil.Process(connection.pid).cmdline())
                return f"another program, pid {connection.pid} ({command[:_LONGEST]})"
    return "another program"


def maker() -> tuple[str, int]:
    """File and line of the program that called us, whichever of our functions it was."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 -- inspect.stack() reads every source
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(_OURS):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame else ("<unknown>", 1)


def warn(identity: Identity, message: str) -> None:
    """Warn, and point to where the program says who the app is: that is what can be changed."""
    warnings.warn_explicit(message, DynaPortWarning, *identity.made_at)
