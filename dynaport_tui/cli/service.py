"""`dynaport service`: which services run on this machine, and where."""

from __future__ import annotations

import click

from .family import Entry, Family

SERVICE = {
    "list": Entry("service_looks", "Show every registered service and its health."),
    "get": Entry("service_looks", "Show one service: where it is and how it is."),
    "health": Entry("service_looks", "Ask a service now whether it is well."),
    "register": Entry("service_records", "Make a service known that does not do so itself."),
    "status": Entry("service_records", "Note one word about a service, or print it."),
    "unregister": Entry("service_records", "Forget a service."),
}


@click.group(
    "service", cls=Family, entries=SERVICE, epilog="Example: `dynaport service get users --json`"
)
def service_command() -> None:
    """Services of this machine that find each other by name.

    A program with DynaPortFlask registers itself, and is gone from here when it ends.
    """
