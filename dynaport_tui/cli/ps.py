"""`dynaport ps`: what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..model.wire import settled
from . import ps_apps, say
from .here import Here, pick
from .table import table, terminal_width

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..model.view import ServiceStatus, Snapshot
    from ..service_registry import ServiceRecord

_LOOKS = {
    "READY": ("●", say.GREEN),
    "STARTING": ("◌", say.CYAN),
    "UNHEALTHY": ("▲", say.YELLOW),
    "STOPPING": ("◍", say.CYAN),
    "BACKOFF": ("↻", say.YELLOW),
    "DONE": ("✓", say.GREEN),
    "FAILED": ("✗", say.RED),
    "STOPPED": ("○", say.DIM),
}
_PATIENCE = 2.0
"""Seconds that one project of `ps --all` has to answer."""


@click.command(
    "ps",
    short_help="Show the services.",
    epilog="Example: `dynaport ps --json | jq .project.state`",
)
@click.argument("services", metavar="[SERVICE]...", nargs=-1)
@click.option(
    "--all", "-a", "every", is_flag=True, help="Every dynaport project and app of this user."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def ps_command(here: Here, services: tuple[str, ...], every: bool, as_json: bool) -> int:
    """Show the services of this project, or with --all every project and app that runs."""
    if every:
        if services:
            raise click.UsageError("--all shows whole projects: leave the services out")
        return _every(as_json)
    _, snapshot = here.running()
    found = pick(snapshot, services)
    if as_json:
        say.document({"project": snapshot.project, "services": found})
        return 0
    for line in _project_lines(snapshot, found):
        say.fact(line)
    return 0


def _project_lines(snapshot: Snapshot, services: list[ServiceStatus]) -> Iterator[str]:
    project, colour, width = snapshot.project, say.colour(), terminal_width()
    head = f"{project.name} is {project.state}, engine pid {project.engine_pid}, {project.file}"
    yield from table([[head]], width)
    if project.error:
        for line in project.error.splitlines():
            yield say.painted(line, say.RED, on=colour)
    rows = [["SERVICE", "STATE", "URL", "PID", "UP", "WHY"]]
    rows += [_row(status, colour=colour) for status in services]
    yield from table(rows, width)


def _row(status: ServiceStatus, *, colour: bool) -> list[str]:
    # The cause line itself says that old code runs.
    stale = status.stale if not status.reload_error else None
    why = f"{status.why} (stale: {stale})" if stale else status.why
    return [
        status.id,
        look(status, colour=colour),
        "-" if status.task else status.url or "-",
        str(status.pid or "-"),
        _age(status.uptime_s),
        why,
    ]


def look(status: ServiceStatus, *, colour: bool) -> str:
    """The state as a sign and a word."""
    if status.waiting:
        return say.painted("… waiting", say.DIM, on=colour)
    sign, code = _LOOKS[status.state]
    return say.painted(f"{sign} {status.state}", code, on=colour)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02d}h"
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def _every(as_json: bool) -> int:
    from ..ledger.folders import runtime_folder

    found = list(_answering(runtime_folder()))
    alone = ps_apps.apps({snapshot.project.root for snapshot in found})
    if as_json:
        more = [{"project": None, "services": [ps_apps.document(record) for record in alone]}]
        say.document([*found, *(more if alone else [])])
        return 0
    if not found and not alone:
        say.note("no project of this user runs, and no app of its own")
        return 0
    for line in _project_rows(found):
        say.fact(line)
    if found and alone:
        say.fact("")
    for line in _app_rows(alone):
        say.fact(line)
    return 0


def _project_rows(found: list[Snapshot]) -> list[str]:
    rows = [["PROJECT", "STATE", "READY", "PID", "FILE"]]
    for snapshot in found:
        wanted = [status for status in snapshot.services if status.wanted]
        ready = f"{sum(map(settled, wanted))}/{len(wanted)}"
        project = snapshot.project
        rows.append([project.name, project.state, ready, str(project.engine_pid), project.file])
    return table(rows, terminal_width()) if found else []


def _app_rows(alone: list[ServiceRecord]) -> list[str]:
    rows = [ps_apps.TITLES]
    for record in alone:
        sign, code = _LOOKS[ps_apps.state(record) or "STOPPED"]
        state = say.painted(f"{sign} {ps_apps.state(record) or 'unknown'}", code, on=say.colour())
        age = _age(ps_apps.uptime(record))
        pid = str(record.pid or "-")
        rows.append([ps_apps.label(record), state, record.url, pid, age, ps_apps.why(record)])
    return table(rows, terminal_width()) if alone else []


def _answering(folder: Path) -> Iterator[Snapshot]:
    from ..control.client import Client, NoAnswer, NotRunning

    for socket in sorted(folder.glob("*/sock")):
        try:
            yield Client(socket, timeout=_PATIENCE).snapshot()
        except NotRunning:
            continue  # left behind by an engine that was killed
        except NoAnswer as error:
            say.note(str(error))
