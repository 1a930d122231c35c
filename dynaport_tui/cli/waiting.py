"""Waiting for services: `dynaport wait`, and for the commands that stop some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import say
from .errors import DEADLINE, FAILED, OK
from .here import Here, pick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..control.client import Client
    from ..model.view import ServiceStatus, Snapshot


def duration(value: str | float) -> float:
    """A duration such as `90`, `500ms` or `1m30s`, in seconds."""
    from ..model.units import seconds

    try:
        return seconds(value)
    except ValueError as error:
        wrong = f"{value!r}: {error}; write seconds, or 500ms, 1m30s"
        raise click.BadParameter(wrong) from None


@click.command("wait", epilog="Example: `dynaport up -d && dynaport wait --timeout 30`")
@click.argument("services", metavar="[SERVICE]...", nargs=-1)
@click.option(
    "--timeout", type=duration, default=60.0, metavar="S", help="Seconds, 60 unless given."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def wait_command(here: Here, services: tuple[str, ...], timeout: float, as_json: bool) -> int:
    """Wait until services are ready, tasks done; all that are meant to run unless named.

    Ends with 1 as soon as one of them failed for good, with 3 when the time is over.
    """
    client, snapshot = here.running()
    pick(snapshot, services)
    code, snapshot = until_ready(client, services, timeout)
    if as_json:
        say.document({"project": snapshot.project, "services": pick(snapshot, services)})
    return code


def until_ready(client: Client, services: Sequence[str], seconds: float) -> tuple[int, Snapshot]:
    """The exit code and the last snapshot, with the reason said unless the code is 0."""
    from ..control.client import NotRunning
    from ..model.wire import settled

    snapshot = client.snapshot()
    try:
        for snapshot in client.snapshots(seconds):
            concerned = _concerned(snapshot, services)
            if any(status.state == "FAILED" for status in concerned):
                return _failed(concerned), snapshot
            if all(settled(status) and not status.reloading for status in concerned):
                return OK, snapshot
    except NotRunning:
        say.error("the engine ended before everything was ready")
        return FAILED, snapshot
    for status in _concerned(snapshot, services):
        if not settled(status):
            say.error(f"{status.id} is not ready after {seconds:g} s: {told(status)}")
    return DEADLINE, snapshot


def until_taken_over(
    client: Client, snapshot: Snapshot, services: Sequence[str], seconds: float
) -> tuple[int, Snapshot]:
    """Wait while new processes load beside those that serve; as `until_ready`."""
    from ..control.client import NotRunning

    if not any(status.reloading for status in pick(snapshot, services)):
        return OK, snapshot
    try:
        for snapshot in client.snapshots(seconds):
            if not any(status.reloading for status in pick(snapshot, services)):
                return _taken_over(pick(snapshot, services)), snapshot
    except NotRunning:
        say.error("the engine ended meanwhile")
        return FAILED, snapshot
    late = [status.id for status in pick(snapshot, services) if status.reloading]
    say.error(f"after {seconds:g} s the old process still serves: {', '.join(late)}")
    return DEADLINE, snapshot


def _taken_over(services: list[ServiceStatus]) -> int:
    behind = [status for status in services if status.reload_error]
    for status in behind:
        say.error(f"{status.id}: {status.reload_error}")
    return FAILED if behind else OK


def _failed(services: list[ServiceStatus]) -> int:
    for status in services:
        if status.state == "FAILED":
            say.error(f"{status.id} failed: {status.why}")
    return FAILED


def told(status: ServiceStatus) -> str:
    """State and cause in a few words."""
    return status.why if status.waiting else f"{status.state}, {status.why}"


def until_stopped(client: Client, services: Sequence[str], seconds: float) -> int:
    """The exit code of waiting until nothing of the services is left."""
    from ..control.client import NotRunning

    left: list[ServiceStatus] = []
    try:
        for snapshot in client.snapshots(seconds):
            known = {status.id: status for status in snapshot.services}
            left = [known[s] for s in services if s in known and _alive(known[s])]
            if not left:
                return OK
    except NotRunning:
        return OK
    for status in left:
        say.error(f"{status.id} is still there after {seconds:g} s: {told(status)}")
    return DEADLINE


def _alive(status: ServiceStatus) -> bool:
    return not status.wanted and (status.state == "STOPPING" or status.pid is not None)


def _concerned(snapshot: Snapshot, services: Sequence[str]) -> list[ServiceStatus]:
    found = pick(snapshot, services)
    return found if services else [status for status in found if status.wanted]
