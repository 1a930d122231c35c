"""A service's variables: shown, or given to another command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import say
from .here import Here, pick

if TYPE_CHECKING:
    from ..model.view import ServiceStatus

NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""What a shell answers for a command that cannot be run, and for one that is not there."""


@click.command("env", epilog="Example: `dynaport env users | grep _URL`")
@click.argument("service")
@click.option("--reveal", is_flag=True, help="Show secrets as they are.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def env_command(here: Here, service: str, reveal: bool, as_json: bool) -> None:
    """Show the variables of SERVICE, secrets masked, quoted for a shell."""
    from shlex import quote

    client, snapshot = here.running()
    env = client.env(_one(pick(snapshot, [service]), service).id, reveal=reveal)
    if as_json:
        say.document(dict(sorted(env.items())))
        return
    for name, value in sorted(env.items()):
        say.fact(f"{name}={quote(value) if value else ''}")


@click.command(
    "exec",
    context_settings={"ignore_unknown_options": True},
    epilog="Example: `dynaport exec users -- flask db upgrade`",
)
@click.argument("service")
@click.argument("command", metavar="-- CMD...", nargs=-1, type=click.UNPROCESSED, required=True)
@click.pass_obj
def exec_command(here: Here, service: str, command: tuple[str, ...]) -> int:
    """Run a command in the folder of SERVICE and with its variables."""
    import os

    client, snapshot = here.running()
    status = _one(pick(snapshot, [service]), service)
    env = {**os.environ, **client.env(status.id, reveal=True)}
    os.chdir(_folder(here, status, snapshot.project.profiles))
    try:
        os.execvpe(command[0], command, env)
    except FileNotFoundError:
        say.error(f"{command[0]}: no such command in the PATH of {status.id}")
        return NOT_FOUND
    except OSError as error:
        say.error(f"{command[0]}: {error.strerror}")
        return NOT_EXECUTABLE


def _folder(here: Here, status: ServiceStatus, profiles: list[str]) -> str:
    from ..engine.files import read_project

    spec = read_project(here.file, profiles).services.get(status.id)
    return spec.cwd if spec is not None else str(here.file.parent)


def _one(services: list[ServiceStatus], name: str) -> ServiceStatus:
    if len(services) > 1:
        ids = ", ".join(status.id for status in services)
        raise click.UsageError(f"{name} has several instances: say which of {ids}")
    return services[0]
