"""Ports given to apps, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import say
from .errors import FAILED, NO_PORT, OK
from .speaking import speaking

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = click.IntRange(1, 65535)

as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


def of_app(command: Callable[..., int]) -> Callable[..., int]:
    """The parameters of a command that is about one app."""
    instance = click.option(
        "--instance",
        "-i",
        metavar="I",
        default="default",
        help="Which of several that run at once.",
    )
    return click.argument("app")(instance(as_json_option(command)))


@click.command("allocate", epilog="Example: `dynaport port allocate my-app --prefer 8080`")
@of_app
@click.option("--prefer", type=NUMBER, metavar="P", help="The port to give if nobody has it.")
def allocate_command(app: str, instance: str, prefer: int | None, as_json: bool) -> int:
    """Print the port of APP, the same at every call; choose one at the first time."""
    from ..port_allocator import PortAllocator

    with speaking():
        port = PortAllocator().allocate_port(app, instance, prefer)
    return _given(port, app, instance, as_json=as_json)


@click.command("get", epilog="Example: `dynaport port get my-app`")
@of_app
def get_command(app: str, instance: str, as_json: bool) -> int:
    """Print the port that APP has; exit code 1 if it has none."""
    from ..port_allocator import PortAllocator

    with speaking():
        port = PortAllocator().get_port(app, instance)
    if port is None:
        say.note(f"{named(app, instance)} has no port; `dynaport port allocate {app}` gives it one")
        return FAILED
    return _given(port, app, instance, as_json=as_json)


@click.command("release", epilog="Example: `dynaport port release my-app`")
@of_app
def release_command(app: str, instance: str, as_json: bool) -> int:
    """Give the port of APP up, so that others may be given it; exit code 1 if it has none."""
    from ..port_allocator import PortAllocator

    with speaking():
        allocator = PortAllocator()
        port = allocator.get_port(app, instance)
        released = allocator.release_port(app, instance)
    if as_json:
        say.document({"app_id": app, "instance_id": instance, "port": port, "released": released})
    elif released:
        say.note(f"{named(app, instance)} gave port {port} up")
    else:
        say.note(f"{named(app, instance)} has no port to give up")
    return OK if released else FAILED


@click.command("find", epilog="Example: `dynaport port find --start 8000`")
@click.option("--start", type=NUMBER, metavar="P", help="Look from this port upward.")
@as_json_option
def find_command(start: int | None, as_json: bool) -> int:
    """Print a port that is free and nobody's; it is not remembered."""
    from ..port_allocator import PortAllocator

    with speaking():
        port = PortAllocator().find_available_port(start)
    return _told({"port": port}, as_json=as_json)


@click.command("reserve", epilog="Example: `dynaport port reserve 8080`")
@click.argument("port", type=NUMBER)
@as_json_option
def reserve_command(port: int, as_json: bool) -> int:
    """Let nobody be given PORT from now on; exit code 4 if somebody has it."""
    from ..port_allocator import PortAllocator
    from .port_looks import what_is

    with speaking():
        reserved = PortAllocator().reserve_port(port)
    found = None if reserved else what_is(port)
    stands = found is None or any(lease.app_id is None for lease in found.leases)
    if as_json:
        say.document({"port": port, "reserved": stands})
    elif stands:
        say.note(f"port {port} is reserved; `dynaport port unreserve {port}` undoes that")
    if found is not None and not stands:
        for line in found.lines():
            say.error(line)
    return OK if stands else NO_PORT


@click.command("unreserve", epilog="Example: `dynaport port unreserve 8080`")
@click.argument("port", type=NUMBER)
@as_json_option
def unreserve_command(port: int, as_json: bool) -> int:
    """Let PORT be given again; exit code 1 if it is not reserved."""
    from ..port_allocator import PortAllocator

    with speaking():
        released = PortAllocator().release_reservation(port)
    if as_json:
        say.document({"port": port, "released": released})
    else:
        what = "may be given again" if released else "is not reserved"
        say.note(f"port {port} {what}")
    return OK if released else FAILED


def named(app: str, instance: str) -> str:
    """An app for a person: `my-app`, or `my-app:blue`."""
    return app if instance == "default" else f"{app}:{instance}"


def _given(port: int, app: str, instance: str, *, as_json: bool) -> int:
    found = {"port": port, "app_id": app, "instance_id": instance}
    return _told(found, as_json=as_json)


def _told(found: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        say.document(found)
    else:
        say.fact(str(found["port"]))
    return OK
