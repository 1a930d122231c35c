"""Commands that change what the running engine wants."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from . import say
from .errors import DEADLINE, OK
from .here import Here, NoEngine, is_held, pick
from .waiting import duration, told, until_ready, until_stopped, until_taken_over

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..control.client import Client
    from ..model.view import ServiceStatus, Snapshot, Verb

_LAST_BREATH = 10.0
"""Seconds that an engine has to end after its last service is gone."""

_services = click.argument("services", metavar="SERVICE...", nargs=-1)
_every = click.option("--all", "every", is_flag=True, help="All services.")
_json = click.option("--json", "as_json", is_flag=True, help="The new state as one JSON document.")
_wait = click.option("--wait", "-w", is_flag=True, help="Wait until they are ready.")


def _timeout(seconds: float) -> Callable[[click.decorators.FC], click.decorators.FC]:
    return click.option(
        "--timeout",
        type=duration,
        default=seconds,
        metavar="S",
        help=f"Wait so many seconds at most, {seconds:g} unless given.",
    )


@click.command("start", epilog="Example: `dynaport start orders --wait`")
@_services
@_every
@_wait
@_timeout(60.0)
@_json
@click.pass_obj
def start_command(
    here: Here, services: tuple[str, ...], every: bool, wait: bool, timeout: float, as_json: bool
) -> int:
    """Start services of the running project, with what they depend on."""
    return _started("start", here, services, every, wait, timeout, as_json)


@click.command("restart", epilog="Example: `dynaport restart users --wait`")
@_services
@_every
@_wait
@_timeout(60.0)
@_json
@click.pass_obj
def restart_command(
    here: Here, services: tuple[str, ...], every: bool, wait: bool, timeout: float, as_json: bool
) -> int:
    """Start services anew, with what the files say now.

    One that may overlap serves until its new process is ready to take over; the command ends then,
    with 1 where the new process does not come up and the old one serves on.
    """
    return _started("restart", here, services, every, wait, timeout, as_json)


@click.command("reload", epilog="Example: `dynaport reload users`")
@_services
@_every
@_wait
@_timeout(60.0)
@_json
@click.pass_obj
def reload_command(
    here: Here, services: tuple[str, ...], every: bool, wait: bool, timeout: float, as_json: bool
) -> int:
    """Take in changed code now, as if its files had been saved."""
    return _started("reload", here, services, every, wait, timeout, as_json)


@click.command("stop", epilog="Example: `dynaport stop orders`")
@_services
@_every
@_timeout(60.0)
@_json
@click.pass_obj
def stop_command(
    here: Here, services: tuple[str, ...], every: bool, timeout: float, as_json: bool
) -> int:
    """Stop services and wait until nothing of them is left."""
    client, meant = _meant(here, services, every)
    ids = [status.id for status in meant]
    client.act("stop", ids)
    code = until_stopped(client, ids, timeout)
    if as_json:
        say.document({"services": pick(client.snapshot(), ids)})
    elif code == OK:
        _told(pick(client.snapshot(), ids))
    return code


@click.command("release", epilog="Example: `dynaport release users && dynaport start users`")
@_services
@_every
@_timeout(60.0)
@_json
@click.pass_obj
def release_command(
    here: Here, services: tuple[str, ...], every: bool, timeout: float, as_json: bool
) -> int:
    """Stop services and give their ports up; the next start chooses new ones.

    Also when nothing runs: the port that somebody else took is the reason then.
    """
    from .leases import Move, give_up, given_up

    try:
        client, before = _meant(here, services, every)
    except NoEngine:
        return given_up(give_up(here, services), as_json=as_json)
    ids = [status.id for status in before]
    client.act("release", [] if every else ids)
    code = until_stopped(client, ids, timeout)
    after = {status.id: status for status in pick(client.snapshot(), ids)}
    moves = [Move(service=s.id, old=s.port, new=after[s.id].port) for s in before if s.id in after]
    return given_up(moves, as_json=as_json) if code == OK else code


def _meant(
    here: Here, services: tuple[str, ...], every: bool
) -> tuple[Client, list[ServiceStatus]]:
    if every == bool(services):
        wrong = "name services or say --all, not both" if every else "name a service, or say --all"
        raise click.UsageError(wrong)
    client, snapshot = here.running()
    return client, pick(snapshot, services)


def _started(
    verb: Verb,
    here: Here,
    services: tuple[str, ...],
    every: bool,
    wait: bool,
    timeout: float,
    as_json: bool,
) -> int:
    client, meant = _meant(here, services, every)
    ids = [status.id for status in meant]
    snapshot = client.act(verb, [] if every else ids)
    code = OK
    if verb != "start":  # what was asked for has happened when the command ends
        code, snapshot = until_taken_over(client, snapshot, ids, timeout)
    if wait and code == OK:
        code, snapshot = until_ready(client, ids, timeout)
    if as_json:
        say.document({"project": snapshot.project, "services": pick(snapshot, ids)})
    elif code == OK:
        _told(pick(snapshot, ids))
    return code


def _told(services: list[ServiceStatus]) -> None:
    for status in services:
        say.note(f"{status.id} {status.why if status.waiting else f'is {status.state}'}")


@click.command("down", epilog="Example: `dynaport down`")
@_timeout(300.0)
@click.pass_obj
def down_command(here: Here, timeout: float) -> int:
    """Stop the running project in reverse order and wait until it is gone."""
    client, snapshot = here.running()
    client.down()
    left = _left(client, snapshot, timeout)
    for status in left:
        say.error(f"{status.id} is still there after {timeout:g} s: {told(status)}")
    if left:
        return DEADLINE
    if not _gone(here.socket.with_name("lock"), client):
        pid = snapshot.project.engine_pid
        say.error(f"the engine (pid {pid}) has stopped everything but does not end itself")
        say.hint(f"End it with `kill -9 {pid}`.")
        return DEADLINE
    say.note(f"{snapshot.project.name} is down")
    return OK


def _left(client: Client, snapshot: Snapshot, seconds: float) -> list[ServiceStatus]:
    """What is still there when the engine has not ended in time."""
    from ..control.client import NotRunning

    try:
        for snapshot in client.snapshots(seconds):  # noqa: B007 - the last one counts
            pass
    except NotRunning:
        return []
    return [status for status in snapshot.services if status.pid is not None]


def _gone(lock: Path, client: Client) -> bool:
    """Whether the engine gave its lock back and its socket up, in time."""
    from ..control.client import NoAnswer, NotRunning

    deadline = time.monotonic() + _LAST_BREATH
    while time.monotonic() < deadline:
        try:
            client.snapshot()
        except NotRunning:
            if not is_held(lock):
                return True
        except NoAnswer:
            continue
        time.sleep(0.02)
    return False
