"""The registry changed by hand."""

from __future__ import annotations

import click

from . import say
from .errors import FAILED, OK
from .port_leases import NUMBER, as_json_option, named, of_app
from .speaking import speaking

ONLY_A_CONNECTION = "none"


@click.command(
    "register",
    epilog='Example: `dynaport service register my-app 8080 --name "My Application"`',
)
@click.argument("app")
@click.argument("port", type=NUMBER)
@click.option("--name", metavar="NAME", help="What people call it.")
@click.option("--instance", "-i", metavar="I", default="default", help="Which of several.")
@click.option(
    "--health",
    metavar="PATH",
    default="/health",
    show_default=True,
    help=f"What to ask; {ONLY_A_CONNECTION}: a connection is answer enough.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option("--depends-on", "needs", multiple=True, metavar="APP[:I]", help="What it needs.")
@click.option("--pid", type=click.IntRange(1), metavar="PID", help="Forget it with this process.")
@as_json_option
def register_command(
    app: str,
    port: int,
    name: str | None,
    instance: str,
    health: str,
    host: str,
    needs: tuple[str, ...],
    pid: int | None,
    as_json: bool,
) -> int:
    """Make APP known at PORT; without --pid it stays until it is unregistered."""
    from ..service_registry import ServiceRegistry

    with speaking():
        found = ServiceRegistry().register_service(
            app,
            port,
            name=name,
            instance_id=instance,
            health_endpoint=None if health == ONLY_A_CONNECTION else health,
            dependencies=needs,
            pid=pid,
            host=host,
        )
    if as_json:
        from .service_looks import document

        say.document(document(found))
    else:
        say.note(f"{named(app, instance)} is registered at {found.url}")
    return OK


@click.command("status", epilog="Example: `dynaport service status my-app draining`")
@of_app
@click.argument("status", required=False)
def status_command(app: str, instance: str, status: str | None, as_json: bool) -> int:
    """Note STATUS, one word, about APP; without it print what was noted.

    Exit code 1 if it is not registered.
    """
    from ..service_registry import ServiceRegistry

    with speaking():
        registry = ServiceRegistry()
        there = status is None or registry.update_status(app, status, instance)
        row = registry.find(app, instance) if there else None
    if row is None:
        return unknown(app, instance)
    if as_json:
        say.document({"app_id": app, "instance_id": instance, "status": row.status})
    elif status is None:
        say.fact(row.status)
    else:
        say.note(f"{named(app, instance)} is {row.status}")
    return OK


@click.command("unregister", epilog="Example: `dynaport service unregister my-app`")
@of_app
def unregister_command(app: str, instance: str, as_json: bool) -> int:
    """Forget APP, also while it runs; its port stays its own. Exit code 1 if it is not known."""
    from ..service_registry import ServiceRegistry

    with speaking():
        done = ServiceRegistry().unregister_service(app, instance)
    if as_json:
        say.document({"app_id": app, "instance_id": instance, "unregistered": done})
    elif done:
        say.note(f"{named(app, instance)} is forgotten")
    if not done:
        return unknown(app, instance)
    return OK


def unknown(app: str, instance: str) -> int:
    """Say that there is no such service; the exit code."""
    say.note(
        f"no service {named(app, instance)} is registered, or its process has ended; "
        "`dynaport service list` shows what there is"
    )
    return FAILED
