"""`up -d`: an engine in a session of its own, which outlives this terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import say
from .errors import FAILED, OK, Explained, explain, report_bug
from .follow import ask_running
from .launching import Child, Report, Told, launch

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.options import Options
    from .here import Here


def start(here: Here, options: Options) -> int:
    """Start the engine in the background; 0 once it listens, whatever the services do then."""
    child = launch(options)
    try:
        told = child.told()
    except KeyboardInterrupt:
        child.end()
        raise
    if told is None or told.code != OK:
        return say_failed(child, told)
    return _outcome(here, options, told)


def say_failed(child: Child, told: Told | None) -> int:
    """Why there is no engine; the exit code that goes with it."""
    if told is None:
        say.error(f"the engine (pid {child.pid}) did not come up; what it said is in {child.log}")
        return FAILED
    for line in told.lines:
        say.error(line)
    if told.hint:
        say.hint(told.hint)
    return told.code


def serve(options: Options, report_to: int) -> int:
    """The engine process itself: run, and tell the starter how the beginning went."""
    from ..engine.engine import Engine
    from ..engine.lock import AlreadyRunning
    from .foreground import run

    report = Report(report_to)

    def opened(engine: Engine) -> None:
        """An owner does not wait until the socket listens: it draws what it is told."""
        if options.owner is not None:
            report.tell(Told(pid=os.getpid(), snapshot=engine.snapshot()), wait=False)

    def listening(engine: Engine) -> None:
        report.tell(Told(pid=os.getpid()))

    try:
        return run(Engine(options), opened=opened, listening=listening)
    except AlreadyRunning as running:
        report.tell(Told(pid=running.pid or 0, running=True))
        return OK
    except Exception as error:
        code, lines, hint = explain(error) or _bug(error)
        report.tell(Told(pid=os.getpid(), code=code, lines=lines, hint=hint))
        return code


def _bug(error: Exception) -> Explained:
    report_bug(error)
    hint = "This is a bug in dynaport; the traceback is in last-error.txt of the state folder."
    return Explained(FAILED, [f"dynaport itself failed: {error}"], hint)


def _outcome(here: Here, options: Options, told: Told) -> int:
    if told.running:
        who = f" (engine pid {told.pid})" if told.pid else ""
        say.note(f"runs already{who}")
        ask_running(here, options.services, options.profiles)
        return OK
    snapshot = here.client().snapshot()
    say.fact(f"{snapshot.project.name} runs in the background (engine pid {told.pid})")
    width = max(len(status.id) for status in snapshot.services)
    for status in snapshot.services:
        if status.url and not status.task:
            say.fact(f"  {status.id:{width}}  {status.url}")
    say.fact("See `dynaport ps` and `dynaport logs -f`; `dynaport down` stops it.")
    return OK
