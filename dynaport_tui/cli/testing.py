"""`dynaport test`: a command beside services that are ready."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import click

from . import say
from .environment import NOT_EXECUTABLE, NOT_FOUND
from .errors import OK
from .follow import ask_running
from .waiting import duration, until_ready

if TYPE_CHECKING:
    from ..engine.engine import Engine, Options
    from ..headless import Format, Stream
    from ..model.view import Snapshot
    from .here import Here

TIMEOUT = 60.0
"""Seconds until everything must be ready."""


class TestCommand(click.Command):
    """Takes what stands before `--` as services, what stands behind as the command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split at the first `--`."""
        before, behind = args, None
        if "--" in args:
            at = args.index("--")
            before, behind = args[:at], args[at + 1 :]
        ctx.meta["command"] = behind
        return super().parse_args(ctx, list(before))


@click.command(
    "test",
    cls=TestCommand,
    options_metavar="[OPTIONS] [SERVICE]... -- CMD...",
    epilog="Example: `dynaport test -- pytest -q tests/system`",
)
@click.argument("services", metavar="", nargs=-1)
@click.option("--timeout", type=duration, default=TIMEOUT, metavar="S", help="60 unless given.")
@click.option("--profile", "profiles", multiple=True, metavar="P", help="Lay [profiles.P] over it.")
@click.option("--no-watch", is_flag=True, help="Do not reload what is saved.")
@click.option("--logs", is_flag=True, help="Show what happens, on standard error.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="With --logs.",
)
@click.pass_context
def test_command(
    ctx: click.Context,
    services: tuple[str, ...],
    timeout: float,
    profiles: tuple[str, ...],
    no_watch: bool,
    logs: bool,
    log_format: Format,
) -> int:
    """Start services, wait until they are ready, run CMD with their addresses, stop everything.

    Ends with CMD's own code; with 1 as soon as a service ends before it is ready, with 3 when the
    time is over. A project that runs already is used, and left running.
    """
    here: Here = ctx.obj
    command: list[str] | None = ctx.meta["command"]
    if not command:
        raise click.UsageError("say what to run: dynaport test [SERVICE]... -- CMD...", ctx)
    from ..engine.engine import Options
    from ..engine.lock import AlreadyRunning

    options = Options(
        file=here.file,
        profiles=profiles,
        services=services,
        watch=not no_watch,
        timeout=timeout,
        errand=True,
    )
    try:
        return _alone(options, command, log_format if logs else None)
    except AlreadyRunning:
        return _beside(here, options, command)


def _alone(options: Options, command: list[str], log_format: Format | None) -> int:
    from ..engine.engine import Engine
    from .foreground import run

    engine = Engine(options)
    ready = False

    async def work(engine: Engine) -> int | None:
        nonlocal ready
        ready = await engine.wait_ready()
        return await _executed(engine, command) if ready else None

    code = run(engine, lambda engine: _stream(engine, log_format), work=work)
    if not ready:
        say.error(f"{command[0]} was not run: {engine.ended_why}")
    return code


async def _executed(engine: Engine, command: list[str]) -> int:
    try:
        return await engine.execute(command)
    except OSError as error:
        say.error(f"{command[0]} could not be run: {error}")
        missing = str(error).startswith(os.strerror(errno.ENOENT))
        return NOT_FOUND if missing else NOT_EXECUTABLE


def _stream(engine: Engine, log_format: Format | None) -> Stream:
    """On standard error, since standard output belongs to CMD."""
    from ..headless import Output, Stream, renderer
    from ..headless.render import OnlyTheEnd

    colour = say.colour(sys.stderr)
    render = renderer(log_format or "text", colour=colour and log_format != "json")
    shown = render if log_format else OnlyTheEnd(render)
    return Stream(engine, Output(sys.stderr.fileno()), shown)


def _beside(here: Here, options: Options, command: list[str]) -> int:
    say.note("the project runs already: using it, and leaving it running")
    client = ask_running(here, options.services, options.profiles)
    code, snapshot = until_ready(client, options.services, options.timeout or TIMEOUT)
    if code != OK:
        return code
    return _run(command, _addresses(here, snapshot))


def _addresses(here: Here, snapshot: Snapshot) -> dict[str, str]:
    from ..engine.files import outside_env, read_project

    project = read_project(here.file, snapshot.project.profiles)
    ports = {
        status.id: {"": status.port, **status.ports}
        for status in snapshot.services
        if status.port is not None
    }
    return outside_env(project, ports)


def _run(command: list[str], env: dict[str, str]) -> int:
    import signal
    import subprocess

    got: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: object) -> None:
        got.append(number)
        # The terminal sends its INT to the command by itself.
        if number == signal.SIGTERM or not sys.stdin.isatty():
            for process in started:
                process.send_signal(number)

    # Before the start: a signal with a handler is default in the command, an ignored one is not.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    try:
        started.append(subprocess.Popen(command, env=env))
    except OSError as error:
        say.error(f"{command[0]} could not be run: {error.strerror}")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    code = started[0].wait()
    if got:
        return 128 + got[0]
    return code if code >= 0 else 128 - code
