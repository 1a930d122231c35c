"""What a person does to services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.machine import State
from .glyphs import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model.view import ServiceStatus, Verb
    from .app import Dashboard

_RUNS = frozenset({State.STARTING, State.READY, State.UNHEALTHY, State.STOPPING, State.BACKOFF})

_COMMANDS = 50
"""Command lines that are offered again."""
_NAMED = 4
"""Services that a sentence names; more are counted."""


def listed(services: Sequence[str]) -> str:
    """`users`, `users and orders`, `7 services`."""
    if len(services) > _NAMED:
        return counted(len(services), "service")
    *most, last = services
    return f"{', '.join(most)} and {last}" if most else last


def runs(status: ServiceStatus) -> bool:
    """Whether `s` stops it: it runs, or will by itself."""
    return status.state in _RUNS or (status.state is State.STOPPED and status.waiting)


class Acts:
    """Restart, stop and their kin, for the marked services, else for the selected one."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self._board = app.board
        self._commands: list[str] = []
        """That were run, oldest first."""

    # ---- on the marked, else the selected

    async def restart(self) -> None:
        """Ask first where it concerns several; start the engine where it is gone."""
        if self._app.link.away:
            await self._app.leaving.start_again()
            return
        await self._several("restart", self._board.targets())

    async def reload(self) -> None:
        await self._ask("reload", self._board.targets())

    async def start_stop(self) -> None:
        """Stop if one of them runs, else start."""
        targets = self._board.targets()
        verb = self.next_verb()
        if verb == "stop":
            await self._several("stop", targets)
        else:
            await self._ask("start", targets)

    def next_verb(self) -> Verb:
        """What `s` would do now."""
        found = [self._board.get(service) for service in self._board.targets()]
        return "stop" if any(status is not None and runs(status) for status in found) else "start"

    async def release(self) -> None:
        """Always ask: what knows the address will not find it there. A pinned port is kept."""
        await self._release(self._board.targets())

    async def on(self, verb: Verb, service: str) -> None:
        """The same with one service, whatever is marked or selected."""
        if verb == "release":
            await self._release([service])
        else:
            await self._several(verb, [service])

    async def _release(self, targets: Sequence[str]) -> None:
        if not targets or await self._pinned(targets):
            return
        detail = f"{listed(targets)} will be stopped and get another port; addresses change."
        if await self._app.confirm(f"Release {listed(targets)}?", detail, "Release"):
            await self._ask("release", targets)

    async def _pinned(self, targets: Sequence[str]) -> bool:
        """Whether one of them keeps its port anyway, or nothing is known of it; says so."""
        for service in targets:
            details = await self._app.granted(self._app.opening.source.details(service))
            if details is None:
                return True
            use = next((use for use in details.ports if use.pinned), None)
            if use is not None:
                text = f"the port of {service} is {use.why}; e opens it: change `port = {use.port}`"
                self._app.tell(text, "warning")
                return True
        return False

    # ---- on all

    async def restart_all(self) -> None:
        await self._several("restart", [])

    async def stop_all(self) -> None:
        await self._several("stop", [])

    async def start_all(self) -> None:
        await self._ask("start", [])

    # ---- marks

    def mark(self) -> None:
        if self._board.selected is not None:
            self._board.mark(self._board.selected)
            self._board.move(1)
        self._app.board_changed()

    def mark_all(self) -> None:
        self._board.mark_all()
        self._app.board_changed()

    # ---- one of them

    async def open_browser(self) -> None:
        from .browser import open_url

        if url := self._url():
            self._app.tell(await open_url(url))

    async def copy_url(self) -> None:
        if url := self._url():
            await self._app.copy(url.encode(), url)

    async def run_command(self) -> None:
        """Ask for a command, and run it in the normal screen."""
        from .dialogs.command import CommandScreen
        from .shell import run_in

        service = self._board.selected
        if service is None:
            return
        line = await self._app.ask(CommandScreen(service, self._commands))
        if not line:
            return
        self._commands.append(line)
        del self._commands[:-_COMMANDS]
        with self._app.outside():
            run_in(self._app.opening.command, service, line)

    def _url(self) -> str | None:
        status = self._board.get(self._board.selected)
        if status is not None and status.url is None:
            self._app.tell(f"{status.id} has no address: it listens to no port", "warning")
        return status.url if status is not None else None

    # ---- asking the engine

    async def _several(self, verb: Verb, targets: Sequence[str]) -> None:
        """Ask the person first where it concerns more than one; none means all."""
        if not targets and not len(self._board):
            return
        many = len(targets) != 1
        if many:
            who = f"all {counted(len(self._board), 'service')}" if not targets else listed(targets)
            detail = "Marks and selection do not count." if not targets else ""
            if len(targets) > _NAMED:
                detail = ", ".join(targets)
            if not await self._app.confirm(f"{verb.title()} {who}?", detail, verb.title()):
                return
        await self._ask(verb, targets)

    async def _ask(self, verb: Verb, targets: Sequence[str]) -> None:
        snapshot = await self._app.granted(self._app.opening.source.act(verb, targets))
        if snapshot is not None:
            who = listed(targets) if targets else "every service"
            self._app.tell(f"asked {who} to {verb}" if verb != "release" else f"releasing {who}")
            self._app.link.poke()
