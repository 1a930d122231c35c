"""The `dynaport` command: which commands there are, and what becomes of their errors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from . import say
from .errors import explain, report_bug
from .family import Entry, Family
from .here import Here

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130


COMMANDS: dict[str, Entry] = {
    "up": Entry("up", "Start the services and show what they do."),
    "test": Entry("testing", "Start, wait until ready, run a command, stop everything."),
    "attach": Entry("attach", "Show the dashboard of the running project."),
    "down": Entry("steering", "Stop the running project and wait until it is gone."),
    "ps": Entry("ps", "Show the services of this project, or every project."),
    "logs": Entry("logs", "Show what the services printed."),
    "start": Entry("steering", "Start services of the running project."),
    "stop": Entry("steering", "Stop services and wait until they are gone."),
    "restart": Entry("steering", "Stop services and start them again."),
    "reload": Entry("steering", "Take in changed code now."),
    "release": Entry("steering", "Stop services and give their ports up."),
    "why": Entry("facts", "Say in one line why a service is as it is."),
    "wait": Entry("waiting", "Wait until services are ready."),
    "events": Entry("logs", "Print what happens, a JSON object a line."),
    "env": Entry("environment", "Show the variables that a service is given."),
    "exec": Entry("environment", "Run a command with a service's variables."),
    "url": Entry("facts", "Print the address of a service."),
    "open": Entry("facts", "Open a service in the browser."),
    "check": Entry("files", "Look for mistakes in services.toml."),
    "schema": Entry("files", "Print the JSON Schema of services.toml."),
    "port": Entry("port", "Ports that stay with an app, without a supervisor."),
    "service": Entry("service", "Services of this machine that find each other."),
    "config": Entry("config", "Your settings for all projects."),
}


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from .. import __version__

        click.echo(f"dynaport {__version__}")
        ctx.exit()


@click.group(
    cls=Family,
    entries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: `dynaport up` in a folder with a services.toml.",
)
@click.option("-f", "--file", metavar="FILE", help="The services.toml to use.")
@click.option(
    "-C", "--folder", metavar="FOLDER", help="Look for services.toml from here, and in its parents."
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Print the version.",
)
@click.pass_context
def dynaport(ctx: click.Context, file: str | None, folder: str | None) -> None:
    """Run the services of a project together, each on a port that stays its own."""
    ctx.obj = Here(file, folder)


def main(args: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code and lets no error through."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")
    try:
        result: Any = dynaport.main(args, prog_name="dynaport", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # click makes the one the other
        return _reader_gone()
    except Exception as error:
        return _failed(error)
    return result if isinstance(result, int) else 0


def _failed(error: Exception) -> int:
    explained = explain(error)
    if explained is None:
        return report_bug(error)
    for line in explained.lines:
        say.error(line)
    if explained.hint:
        say.hint(explained.hint)
    return explained.code


def _reader_gone() -> int:
    """Whoever reads our output has seen enough; nothing more may be written at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
