"""`up -d`: an engine in a session of its own, which outlives this terminal."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from . import say
from .errors import FAILED, OK, Explained, explain, report_bug
from .follow import ask_running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engine.engine import Engine, Options
    from .here import Here

PATIENCE = 15.0
"""Seconds until the engine must listen or have said why not."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine process says to the one that started it, once."""

    pid: int
    running: bool = False
    """Another engine runs this project already; `pid` is its, 0 where it has not said."""
    code: int = OK
    lines: list[str] = []
    hint: str = ""


def start(here: Here, options: Options) -> int:
    """Start the engine in the background; 0 once it listens, whatever the services do then."""
    log = _log_file(here.file)
    ours, theirs = os.pipe()
    try:
        pid = _spawn([*_arguments(options), f"--report-to={theirs}"], log, theirs)
    finally:
        os.close(theirs)
    try:
        told = _listen(ours, pid)
    finally:
        os.close(ours)
    if told is None:
        say.error(f"the engine (pid {pid}) did not come up; what it said is in {log}")
        return FAILED
    if told.code != OK:
        for line in told.lines:
            say.error(line)
        if told.hint:
            say.hint(told.hint)
        return told.code
    return _outcome(here, options, told)


def serve(options: Options, report_to: int) -> int:
    """The engine process itself: run, and tell the starter how the beginning went."""
    from ..engine.engine import Engine
    from ..engine.lock import AlreadyRunning
    from .foreground import run

    def listening(engine: Engine) -> None:
        _tell(report_to, Told(pid=os.getpid()))

    try:
        return run(Engine(options), listening=listening)
    except AlreadyRunning as running:
        _tell(report_to, Told(pid=running.pid or 0, running=True))
        return OK
    except Exception as error:
        explained = explain(error) or _bug(error)
        code, lines, hint = explained
        _tell(report_to, Told(pid=os.getpid(), code=code, lines=lines, hint=hint))
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


def _arguments(options: Options) -> list[str]:
    """The command line that means the same in the engine's process."""
    flags = {
        "--no-watch": not options.watch,
        "--keep-going": options.keep_going,
        "--exit-when-ready": options.exit_when_ready,
    }
    chosen = [flag for flag, given in flags.items() if given]
    chosen += [f"--profile={profile}" for profile in options.profiles]
    if options.timeout is not None:
        chosen.append(f"--timeout={options.timeout}")
    return ["-f", str(options.file), "up", "--no-tui", *chosen, *options.services]


def _spawn(arguments: Sequence[str], log: Path, report_to: int) -> int:
    os.set_inheritable(report_to, True)
    # Not from the current folder, where a file of the project may be called like a library.
    beside = Path(__file__).parents[2] == Path.cwd()
    argv = [sys.executable, *([] if beside else ["-P"]), "-m", "dynaport_tui", *arguments]
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.posix_spawn(
        sys.executable,
        argv,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, str(log), write, 0o600),
        ],
        setsid=True,
    )


def _listen(pipe: int, pid: int) -> Told | None:
    """What the engine told, None when it ended without a word or the patience is over."""
    try:
        ready, _, _ = select.select([pipe], [], [], PATIENCE)
    except KeyboardInterrupt:
        os.kill(pid, signal.SIGTERM)
        raise
    data = os.read(pipe, 65536) if ready else b""
    if not ready:
        os.kill(pid, signal.SIGTERM)
    return msgspec.json.decode(data, type=Told) if data else None


def _tell(pipe: int, told: Told) -> None:
    with contextlib.suppress(BrokenPipeError):  # the starter was interrupted; nobody has to know
        os.write(pipe, msgspec.json.encode(told)[:65536])
    os.close(pipe)


def _log_file(file: Path) -> Path:
    from ..ledger.folders import project_state

    return project_state(file) / "engine.log"
