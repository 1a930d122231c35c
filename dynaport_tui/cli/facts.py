"""Single facts about a service: why it is as it is, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import say
from .errors import FAILED
from .here import Here, pick

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model.view import ServiceStatus


@click.command("why", epilog="Example: `dynaport why orders`")
@click.argument("service")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def why_command(here: Here, service: str, as_json: bool) -> None:
    """Say in one line why SERVICE is as it is: the chain of causes."""
    found = pick(here.running()[1], [service])
    if as_json:
        _documents([{"service": s.id, "state": s.state, "why": s.why} for s in found])
        return
    for status in found:
        say.fact(f"{status.id} {_what(status)}")


def _what(status: ServiceStatus) -> str:
    if status.waiting:
        return status.why
    text = f"is {status.state}" + (f": {status.why}" if status.why else "")
    # The cause line itself says that old code runs.
    notes = [f"stale: {status.stale}"] if status.stale and not status.reload_error else []
    notes += [f"port {status.port}: {status.port_why}"] if status.port_why else []
    return f"{text} ({'; '.join(notes)})" if notes else text


@click.command("url", epilog='Example: `curl "$(dynaport url users)/status"`')
@click.argument("service")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def url_command(here: Here, service: str, as_json: bool) -> int:
    """Print the address of SERVICE, one line an instance."""
    found = pick(here.running()[1], [service])
    if as_json:
        _documents([{"service": s.id, "url": s.url} for s in found])
        return 0
    return _with_url(found, say.fact)


@click.command("open", epilog="Example: `dynaport open web`")
@click.argument("service")
@click.pass_obj
def open_command(here: Here, service: str) -> int:
    """Open SERVICE in the browser."""
    found = pick(here.running()[1], [service])
    return _with_url(found[:1], _open)


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        raise click.ClickException(f"no browser was found: open {url} yourself")


def _with_url(services: list[ServiceStatus], do: Callable[[str], None]) -> int:
    code = 0
    for status in services:
        if status.url is None:
            say.error(f"{status.id} listens to nothing, so it has no address")
            code = FAILED
        else:
            do(status.url)
    return code


def _documents(documents: list[dict[str, object]]) -> None:
    """One object for one service, a list for the instances of one."""
    say.document(documents[0] if len(documents) == 1 else documents)
