"""`up` in a terminal: an engine that lives as long as its dashboard, and how both end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Literal

from ..engine.options import DETACH, DRAWN, KILL, STOP
from . import say
from .background import say_failed
from .errors import FAILED, OK, report_bug
from .launching import Child, Told, command_for, launch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..engine.options import Options
    from ..model.view import Snapshot
    from ..tui.opening import Ending, Opening
    from .here import Here

INTERRUPTED = 130
_SILENCE = 1.0
"""Seconds of an orderly stop after which it is said that somebody waits for it."""
_ASKED = "asked to stop"
"""What an engine that was told to stop says of it: nothing that has to be repeated."""
_KILLED = "the engine was killed, and the services with it"
_LAST = 10.0
"""Seconds that an engine has to be gone: after it ended, or after it was told to kill."""


def why_not(environ: Mapping[str, str] | None = None) -> str | None:
    """What keeps a dashboard from being shown here; None when nothing does."""
    if not sys.stdout.isatty():
        return "standard output is no terminal"
    if not sys.stdin.isatty():
        return "standard input is no terminal"
    term = (os.environ if environ is None else environ).get("TERM", "")
    if term in ("dumb", "unknown"):
        return f"a terminal of type {term} cannot show the dashboard"
    return None if term else "TERM is not set, so nothing is known of this terminal"


class Line:
    """Our end of the owner line; it speaks to the newest engine that we started."""

    def __init__(self) -> None:
        self._wire: socket.socket | None = None
        self.detached = False
        self.killed = False

    def fresh(self) -> int:
        """A line to an engine that is just being started: the descriptor of its end."""
        self.close()
        self._wire, theirs = socket.socketpair()
        return theirs.detach()

    def detach(self) -> None:
        """Let the engine live on without us."""
        self.detached = True
        self._say(DETACH)

    def kill(self) -> None:
        """Do not wait for an orderly stop."""
        self.killed = True
        self._say(KILL)

    def drawn(self) -> None:
        """Leave the machine to us no longer: there is a picture."""
        self._say(DRAWN)

    def stop(self) -> None:
        """Begin the orderly stop, where that has not been done."""
        self._say(STOP)

    def close(self) -> None:
        """Without another word: the engine stops in order, unless it was let go."""
        if self._wire is not None:
            self._wire.close()

    def _say(self, word: bytes) -> None:
        if self._wire is not None:
            with contextlib.suppress(OSError):  # the engine is gone: there is nobody to tell
                self._wire.send(word)


class Owned:
    """The engine that belongs to this dashboard."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.line = Line()
        self.child = self._launch()

    def _launch(self) -> Child:
        theirs = self.line.fresh()
        child = launch(self._options, f"--owner-line={theirs}", pass_on=theirs)
        child.reap()
        return child

    async def again(self) -> None:
        """Start another one in its place; raises StartError."""
        import asyncio

        await asyncio.to_thread(self.child.wait, _LAST)
        child = self._launch()
        await asyncio.to_thread(_expect, child)
        self.child = child

    def stop(self) -> int:
        """Its exit code after an orderly stop, however long that takes; Ctrl-C kills.

        Negative when it was killed itself.
        """
        self.line.stop()
        try:
            if self.child.wait(_SILENCE) is None and not self.line.killed:
                say.note("the services are being stopped; Ctrl-C kills what is left")
                self.child.wait(None)
        except KeyboardInterrupt:
            self.line.kill()
        if (code := self.child.wait(_LAST)) is None:
            self.child.kill()
            code = self.child.wait(_LAST)
        return -signal.SIGKILL if code is None else code


def _expect(child: Child) -> None:
    """Wait until an engine runs; raises StartError."""
    from ..tui.opening import StartError

    told = child.told()
    if told is None:
        raise StartError("the engine did not come up", f"What it said is in {child.log}.")
    if told.code != OK:
        raise StartError("\n".join(told.lines), told.hint)


def open_owned(here: Here, options: Options) -> int:
    """Start an engine and show it until it is left; the exit code of `up`."""
    owned = Owned(options)
    try:
        show = _loaded()
        told = owned.child.told()
    except KeyboardInterrupt:
        owned.stop()
        return INTERRUPTED
    if told is None or told.code != OK:
        return say_failed(owned.child, told)
    if told.running:
        return _beside(here, options, told)
    opening = _opening(
        here,
        first=told.snapshot,
        owner=owned.line,
        start_again=owned.again,
    )
    return _end_owned(owned, shown(show, opening), told.snapshot)


def open_attached(here: Here, first: Snapshot, note: str = "") -> int:
    """Show an engine that somebody else started; the exit code."""
    from ..engine.options import Options

    profiles = tuple(first.project.profiles)
    options = Options(file=here.file, profiles=profiles, keep_going=True)

    async def again() -> None:
        import asyncio

        child = launch(options)
        child.reap()
        await asyncio.to_thread(_expect, child)

    opening = _opening(here, first=first, owner=None, start_again=again, note=note)
    ending = shown(_loaded(), opening)
    name = first.project.name
    match ending.kind:
        case "stopped":
            say.note(_stopped(name, ending))
        case "gone":
            return _gone(ending)
        case _:
            say.note(ending.text or f"{name} keeps running; `dynaport down` stops it")
    return ending.code


def _beside(here: Here, options: Options, told: Told) -> int:
    """`up` where an engine runs already: what is asked for is started in that one."""
    from .follow import ask_running

    snapshot = ask_running(here, options.services, options.profiles).snapshot()
    who = f" (engine pid {told.pid})" if told.pid else ""
    return open_attached(here, snapshot, f"runs already{who}: quitting leaves it running")


def _loaded() -> Callable[[Opening], Ending]:
    """The dashboard, imported while an engine comes up: Textual takes its time."""
    import gc

    gc.disable()  # nothing of what an import makes is garbage: looking for it takes 20 ms
    from ..tui.app import run_dashboard

    gc.freeze()
    gc.enable()
    return run_dashboard


def _opening(
    here: Here,
    *,
    first: Snapshot | None,
    owner: Line | None,
    start_again: Callable[[], Awaitable[None]],
    note: str = "",
) -> Opening:
    from ..control.async_client import AsyncClient
    from ..ledger.folders import project_state
    from ..tui.opening import Opening

    return Opening(
        source=AsyncClient(here.socket),
        file=here.file,
        state=project_state(here.file),
        first=first,
        owner=owner,
        start_again=start_again,
        command=command_for(here.file),
        note=note,
    )


def shown(show: Callable[[Opening], Ending], opening: Opening) -> Ending:
    """How it was left; of one that broke it is said where to find out why."""
    from ..tui.opening import Ending

    kind: Literal["stopped", "left"] = "stopped" if opening.owner is not None else "left"
    try:
        return show(opening)
    except KeyboardInterrupt:
        return Ending(kind=kind, code=INTERRUPTED)
    except Exception as error:
        return Ending(kind=kind, code=report_bug(error))


def _end_owned(owned: Owned, ending: Ending, first: Snapshot | None) -> int:
    name = first.project.name if first is not None else "it"
    if ending.kind == "detached" or owned.line.detached:
        owned.line.detach()
        say.note(ending.text or f"{name} runs on in the background (engine pid {owned.child.pid})")
        say.hint("`dynaport attach` shows it again, `dynaport down` stops it.")
        return OK
    code = owned.stop()
    if code < 0 and not owned.line.killed:
        return _gone(ending)
    say.note(_stopped(name, ending))
    return INTERRUPTED if owned.line.killed else ending.code or code


def _stopped(name: str, ending: Ending) -> str:
    told = ending.kind == "stopped" and ending.text not in ("", _ASKED)
    return ending.text if told else f"{name} has stopped"


def _gone(ending: Ending) -> int:
    say.error(_KILLED if ending.kind != "gone" else ending.text or _KILLED)
    say.hint("`dynaport up` starts it again.")
    return ending.code or FAILED
