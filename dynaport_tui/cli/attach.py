"""`dynaport attach`: the dashboard of a project that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import say

if TYPE_CHECKING:
    from .here import Here


@click.command("attach", epilog="Example: `dynaport attach`")
@click.pass_obj
def attach_command(here: Here) -> int:
    """Show the dashboard of the running project; quitting leaves it running."""
    from .dashboard import open_attached, why_not

    client, snapshot = here.running()
    if (why := why_not()) is None:
        return open_attached(here, snapshot)
    from .follow import watch

    say.note(f"{why}: showing the plain stream; Ctrl-C leaves it running")
    return watch(client, "text")
