"""How the dashboard ends, and what it does when the engine has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..control.client import NoAnswer, NotRunning
from ..model.machine import ACTIVE
from ..model.view import ActionError
from .banner import Notice
from .glyphs import DOT
from .opening import Ending, StartError

if TYPE_CHECKING:
    from ..model.view import Ended
    from .app import Dashboard

_GONE = "gone"
_STOPPING = "stopping"
_ENDED = "the engine has ended: "
_ASKED = "asked to stop"
"""What an engine says that somebody told to stop; it cannot know who."""


class Leaving:
    """Quit, interrupt, suspend; the engine's end and its next beginning."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self.stopping = False
        """Whether everything was asked to stop and the dashboard ends with it."""
        self._asking = False
        self._starting = False
        self._ended: Ended | None = None
        """The last word of the engine that is gone, where it had one."""
        self._why = ""
        """Why there is no engine, while there is none."""

    # ---- by the person

    async def quit(self) -> None:
        """Ask, unless there is nothing to ask."""
        if self._ended is not None:
            self._app.exit(Ending("stopped", self._ended.code, _ended(self._ended)))
        elif self._app.link.away:
            self._app.exit(Ending("gone", text=self._why))
        elif not self.stopping and not self._asking:
            await self._ask()

    async def _ask(self) -> None:
        from .dialogs.leave import QuitScreen

        snapshot = self._app.board.snapshot
        services = snapshot.services if snapshot else []
        running = sum(status.state in ACTIVE for status in services)
        self._asking = True
        try:
            owner = self._app.opening.owner is not None
            answer = await self._app.ask(QuitScreen(owner, running))
        finally:
            self._asking = False
        if answer == "stop":
            await self.stop()
        elif answer == "detach":
            self.detach()

    async def interrupt(self) -> None:
        """Ctrl-C: ask; while that is asked, or while it stops, be quicker."""
        from .dialogs.leave import QuitScreen

        screen = self._app.screen
        if isinstance(screen, QuitScreen):
            await screen.dismiss("stop")
        elif self._asking:  # another question lies above it: that is not answered by this
            return
        elif self.stopping:
            self._hurry()
        else:
            await self.quit()

    def _hurry(self) -> None:
        owner = self._app.opening.owner
        if owner is None:
            text = "the engine goes on stopping its services; see `dynaport ps`"
            self._app.exit(Ending("left", text=text))
            return
        owner.kill()
        self._app.put_notice(_STOPPING, Notice("killing what is left", "warn"))

    def detach(self) -> None:
        """Leave; everything runs on."""
        owner = self._app.opening.owner
        if owner is None:
            self._app.exit(Ending("left"))
            return
        owner.detach()
        self._app.exit(Ending("detached"))

    async def stop(self) -> None:
        """Stop everything; the dashboard stays until that is done."""
        self.stopping = True
        keys = (("Ctrl-C", "kills what is left", "interrupt"),)
        self._app.put_notice(_STOPPING, Notice("stopping everything in order", "warn", keys))
        self.progress()
        try:
            await self._app.opening.source.down()
        except NotRunning:
            self._app.exit(Ending("stopped", text=self._down()))
        except (NoAnswer, ActionError) as error:
            self.stopping = False
            self._app.put_notice(_STOPPING, None)
            self._app.tell(str(error), "error")

    def progress(self) -> None:
        """Show how far the stop is, if there is one."""
        snapshot = self._app.board.snapshot
        if snapshot is None or not (self.stopping or snapshot.project.state == "stopping"):
            self._app.desk.header.busy = ""
            return
        left = sum(status.pid is not None for status in snapshot.services)
        total = len(snapshot.services)
        self._app.desk.header.busy = f"stopping {DOT} {left} of {total} still run"

    # ---- by the engine

    def ended(self, event: Ended) -> None:
        """The engine's last word."""
        self._ended = event
        if self.stopping:
            self._app.exit(Ending("stopped", event.code, event.why if event.code else self._down()))

    def gone(self, why: str) -> None:
        """There is no engine any more."""
        if self.stopping:
            self._app.exit(Ending("stopped", text=self._down()))
            return
        keys = [("q", "leaves", "quit")]
        if self._app.opening.start_again is not None:
            keys.insert(0, ("r", "starts it again", "start_again"))
        text = why if why.startswith("the engine") else f"the engine is gone: {why}"
        if self._ended is not None and text == f"{_ENDED}{self._ended.why}":
            text = _ended(self._ended)
        self._why = text
        self._app.put_notice(
            _GONE, Notice(f"{text.rstrip('.')}. What is shown is how it was.", "bad", tuple(keys))
        )
        self._app.desk.header.busy = "no engine"
        self._app.desk.header.renew()

    def _down(self) -> str:
        snapshot = self._app.board.snapshot
        return f"{snapshot.project.name} is down" if snapshot is not None else "stopped"

    def back(self) -> None:
        """There is one again."""
        self._ended = None
        self._app.put_notice(_GONE, None)
        self._app.desk.header.busy = ""
        self._app.tell("an engine runs again")

    async def start_again(self) -> None:
        """Start the engine that is gone."""
        start = self._app.opening.start_again
        if not self._app.link.away or start is None or self._starting:
            return
        self._starting = True
        self._app.put_notice(_GONE, Notice("starting the engine", "busy"))
        try:
            await start()
        except StartError as error:
            self.gone(f"the engine could not be started: {error.message} {error.hint}".rstrip())
        else:
            self._app.link.poke()
        finally:
            self._starting = False


def _ended(event: Ended) -> str:
    """Why there is no engine any more, when it was not this dashboard that ended it."""
    by = " by `dynaport down` or another dashboard" if event.why == _ASKED else ""
    return f"{_ENDED}{event.why}{by}"
