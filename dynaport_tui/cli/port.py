"""`dynaport port`: ports that are remembered for the whole user."""

from __future__ import annotations

import click

from .family import Entry, Family

PORT = {
    "allocate": Entry("port_leases", "Print the port of an app; choose one at the first time."),
    "get": Entry("port_leases", "Print the port that an app has."),
    "release": Entry("port_leases", "Give the port of an app up."),
    "list": Entry("port_looks", "Show every port that an app or a service has."),
    "check": Entry("port_looks", "Say whether a port is free, and who has it."),
    "find": Entry("port_leases", "Print a port that nobody has."),
    "reserve": Entry("port_leases", "Let nobody be given a port."),
    "unreserve": Entry("port_leases", "Let a reserved port be given again."),
}


@click.group(
    "port",
    cls=Family,
    entries=PORT,
    epilog='Example: `flask run --port "$(dynaport port allocate my-app)"`',
)
def port_command() -> None:
    """Ports that stay with an app, for programs that no supervisor runs."""
