"""The registry as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import say
from .errors import FAILED, OK
from .port_leases import as_json_option, named, of_app
from .service_records import unknown
from .speaking import speaking
from .table import table, terminal_width
from .times import ago

if TYPE_CHECKING:
    from ..service_registry import ServiceRecord

_LOOKS = {
    "healthy": ("●", say.GREEN),
    "unhealthy": ("▲", say.YELLOW),
    "unknown": ("○", say.DIM),
}


@click.command("list", epilog="Example: `dynaport service list --json | jq '.[].url'`")
@as_json_option
def list_command(as_json: bool) -> int:
    """Show every service that runs or was registered by hand; all are asked for their health."""
    from ..service_registry import ServiceRegistry

    with speaking():
        found = ServiceRegistry().list_services()
    if as_json:
        say.document([document(one) for one in found])
        return OK
    if not found:
        say.note("no service is registered; DynaPortFlask and `dynaport service register` do that")
        return OK
    rows = [["SERVICE", "HEALTH", "STATUS", "URL", "PID", "SINCE", "PROJECT", "NAME"]]
    rows += [_row(one) for one in found]
    for line in table(rows, terminal_width()):
        say.fact(line)
    return OK


@click.command("get", epilog="Example: `dynaport service get my-app --json | jq -r .url`")
@of_app
def get_command(app: str, instance: str, as_json: bool) -> int:
    """Show where APP is and how it is; exit code 1 if it is not registered."""
    from ..service_registry import ServiceRegistry

    with speaking():
        found = ServiceRegistry().get_service(app, instance)
    if found is None:
        return unknown(app, instance)
    if as_json:
        say.document(document(found))
        return OK
    for line in table(_facts(found), terminal_width()):
        say.fact(line)
    return OK


@click.command("health", epilog="Example: `dynaport service health my-app || echo down`")
@of_app
def health_command(app: str, instance: str, as_json: bool) -> int:
    """Ask APP now: print healthy, exit code 0, or unhealthy and why, exit code 1."""
    from ..service_registry import ServiceRegistry

    with speaking():
        found = ServiceRegistry().check_health(app, instance)
    if as_json:
        say.document({
            "app_id": app,
            "instance_id": instance,
            "healthy": found.healthy,
            "status": found.status,
            "reason": found.reason,
        })  # fmt: skip
    else:
        say.fact("healthy" if found.healthy else f"unhealthy: {found.reason}")
    return OK if found.healthy else FAILED


def document(one: ServiceRecord) -> dict[str, Any]:
    """A service as JSON."""
    return {
        "app_id": one.app_id,
        "instance_id": one.instance_id,
        "name": one.name,
        "port": one.port,
        "url": one.url,
        "pid": one.pid,
        "status": one.status,
        "health_status": one.health_status,
        "health_reason": one.health_reason,
        "health_endpoint": one.health_endpoint,
        "dependencies": one.dependencies,
        "project": one.project,
        "root": one.root,
        "since": one.since,
    }


def _row(one: ServiceRecord) -> list[str]:
    return [
        named(one.app_id, one.instance_id),
        _health(one),
        one.status,
        one.url,
        str(one.pid or "-"),
        ago(one.since),
        one.project or "-",
        one.name,
    ]


def _facts(one: ServiceRecord) -> list[list[str]]:
    by = f"pid {one.pid}" if one.pid else "by hand"
    return [
        ["service", named(one.app_id, one.instance_id)],
        ["name", one.name],
        ["url", one.url],
        ["health", f"{one.health_status}: {one.health_reason}"],
        ["asked at", one.health_endpoint or "its port"],
        ["status", one.status],
        ["needs", ", ".join(one.dependencies) or "-"],
        ["project", f"{one.project} in {one.root}" if one.project else "-"],
        ["registered", f"{ago(one.since)}, {by}"],
    ]


def _health(one: ServiceRecord) -> str:
    sign, code = _LOOKS[one.health_status]
    return say.painted(f"{sign} {one.health_status}", code, on=say.colour())
