"""A second `up`: what is asked for is started in the engine that runs, and its stream is shown."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from . import say
from .errors import FAILED
from .here import Here, pick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..control.client import Client
    from ..engine.engine import Options
    from ..headless import Format, Renderer
    from ..model.view import Ended, Event, LogLine

INTERRUPTED = 130
PATIENCE = 15.0
"""Seconds that an engine which is just coming up has until it listens."""


def ask_running(here: Here, services: Sequence[str], profiles: Sequence[str]) -> Client:
    """Start what is asked for in the running engine; says what differs from the wish."""
    client = here.client()
    snapshot = client.wait_listening(PATIENCE)
    if profiles and list(profiles) != snapshot.project.profiles:
        active = ", ".join(snapshot.project.profiles) or "none"
        say.note(f"--profile is left out: it runs with profiles {active}; `dynaport down` first")
    client.act("start", [status.id for status in pick(snapshot, services)] if services else [])
    return client


def follow(here: Here, pid: int | None, options: Options, log_format: Format) -> int:
    """Show the stream of the running engine until it ends or Ctrl-C, which leaves it running."""
    who = f" (engine pid {pid})" if pid is not None else ""
    say.note(f"runs already{who}: following it; Ctrl-C leaves it running")
    return watch(ask_running(here, options.services, options.profiles), log_format)


def watch(client: Client, log_format: Format) -> int:
    """The stream of an engine until it ends or Ctrl-C; the exit code."""
    from ..headless.render import renderer

    render = renderer(log_format, colour=say.colour() and log_format != "json")
    try:
        return _show(client, render)
    except KeyboardInterrupt:
        say.note("it keeps running; `dynaport down` stops it")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        say.note("it keeps running; `dynaport down` stops it")
        return 0


def _show(client: Client, render: Renderer) -> int:
    from ..headless.render import Failure
    from ..model.view import Ended, Snapshot, StateChanged

    failed: dict[str, str] = {}
    ended: Ended | None = None
    for event in client.events():
        if isinstance(event, Snapshot):
            _write(render.begin(event))
            continue
        if isinstance(event, StateChanged):
            failed.pop(event.service, None)
            if event.new == "FAILED":
                failed[event.service] = event.why
        if isinstance(event, Ended):
            ended = event
        _write(_rendered(client, render, event))
    failures = [Failure(service=service, why=why) for service, why in failed.items()]
    if ended is None:
        _write(render.end("the engine is gone without a word: it was killed", failures))
        return FAILED
    _write(render.end(ended.why, failures))
    return ended.code


def _rendered(client: Client, render: Renderer, event: Event | LogLine) -> str:
    from ..model.view import Lagged, PortMoved, ProjectChanged

    if isinstance(event, ProjectChanged | PortMoved | Lagged):
        render.know(client.snapshot())
    return render.items([event])


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
