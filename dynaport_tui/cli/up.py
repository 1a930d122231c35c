"""`dynaport up`: in the foreground, in the background, or beside one that runs already."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from . import say
from .waiting import duration

if TYPE_CHECKING:
    from ..engine.options import Options
    from ..headless import Format
    from .here import Here


@click.command("up", epilog="Example: `dynaport up --no-tui users orders`")
@click.argument("services", metavar="[SERVICE]...", nargs=-1)
@click.option("--no-tui", is_flag=True, help="The plain stream; ends when a service failed.")
@click.option("-d", "--detach", is_flag=True, help="Run in the background.")
@click.option("--profile", "profiles", multiple=True, metavar="P", help="Lay [profiles.P] over it.")
@click.option("--no-watch", is_flag=True, help="Do not reload what is saved.")
@click.option(
    "--timeout", type=duration, metavar="S", help="Seconds until everything must be ready."
)
@click.option("--keep-going", is_flag=True, help="Go on when a service failed for good.")
@click.option(
    "--exit-when-ready",
    is_flag=True,
    help="Stop as soon as everything is ready; shows the plain stream.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="How the plain stream is written; other than text means --no-tui.",
)
@click.option("--report-to", type=int, hidden=True)
@click.option("--owner-line", type=int, hidden=True)
@click.pass_obj
def up_command(
    here: Here,
    services: tuple[str, ...],
    no_tui: bool,
    detach: bool,
    profiles: tuple[str, ...],
    no_watch: bool,
    timeout: float | None,
    keep_going: bool,
    exit_when_ready: bool,
    log_format: Format,
    report_to: int | None,
    owner_line: int | None,
) -> int:
    """Start the services, with what they depend on, and show what they do.

    In a terminal this is the dashboard; when it is left, the services stop, unless it is told to
    let them run. With --no-tui or without a terminal it is the plain stream: Ctrl-C stops the
    services in reverse order, a second one kills.
    """
    from ..engine.options import Options

    terminal = sys.stdout.isatty()
    options = Options(
        file=here.file,
        profiles=profiles,
        services=services,
        watch=not no_watch,
        timeout=timeout,
        keep_going=keep_going or detach or (terminal and not no_tui),
        exit_when_ready=exit_when_ready,
        owner=owner_line,
    )
    if detach or report_to is not None:
        from . import background

        if report_to is not None:
            return background.serve(options, report_to)
        return background.start(here, options)
    if not no_tui:
        from .dashboard import open_owned, why_not

        why = why_not()
        if why is None and not exit_when_ready and log_format == "text":
            return open_owned(here, options)
        if why is not None:
            say.note(f"{why}: showing the plain stream, as with --no-tui")
    return _in_foreground(here, options, log_format)


def _in_foreground(here: Here, options: Options, log_format: Format) -> int:
    from ..engine.engine import Engine
    from ..engine.lock import AlreadyRunning
    from ..model.config import ConfigError
    from .foreground import plain_stream, run

    try:
        return run(Engine(options), plain_stream(log_format))
    except AlreadyRunning as running:
        from .follow import follow

        return follow(here, running.pid, options, log_format)
    except ConfigError as error:
        if log_format == "github":
            from ..headless.github import errors

            say.fact(errors("services.toml", str(error), str(here.file.parent)).rstrip())
        raise
