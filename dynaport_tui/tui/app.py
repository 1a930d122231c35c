"""The dashboard: one application that puts board, screen and connection together."""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ..model.view import Ended, PortMoved
from .actions import ACTIONS
from .acts import Acts
from .banner import Notice
from .board import Board
from .colours import OWN
from .desk import Desk
from .glyphs import UNICODE
from .host import Host
from .keeping import Keeping
from .leaving import Leaving
from .link import Link
from .opening import Ending
from .prefs import load
from .reading import Reading
from .signals import end_when_asked
from .tales import tale
from .themes import DYNAPORT
from .viewing import Viewing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from textual.command import Provider

    from ..model.view import Event, Snapshot
    from .log.pane import LogPane
    from .messages import ServiceOpened, ServiceSelected
    from .opening import Opening
    from .sieve import Sieve
    from .table import ServiceTable

_PACE = 2.0
"""Seconds between two looks at what the details show."""


def _provider() -> type[Provider]:
    from .palette import ActionProvider

    return ActionProvider


class Dashboard(Host):
    """Shows the services of one project and does with them what a person wishes."""

    TITLE = "dynaport"
    ALLOW_SELECT = False
    ENABLE_COMMAND_PALETTE = False  # ours is opened by the table of actions
    COMMANDS = {_provider}  # noqa: RUF012 (as Textual declares it)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.id, action.label, priority=action.id == "interrupt")
        for action in ACTIONS
        if action.keys
    ]
    CSS = """
    Toast {
        width: auto; max-width: 80; max-height: 2; margin: 0; padding: 0 1; background: $surface;
    }
    ToastRack { max-height: 4; overflow-y: hidden; }
    """ + ("" if UNICODE else "Toast { border-left: ascii $foreground 30%; border-right: none; }")

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening)
        self.prefs = load(opening.state)
        self.board = Board()
        self.board.sort, self.board.reverse = self.prefs.sort, self.prefs.reverse
        if opening.first is not None:
            self.board.update(opening.first, time.monotonic())
        self.desk = Desk(self.board, self.prefs.layout)
        self.desk.heading.tab = self.prefs.tab
        self.viewing, self.reading = Viewing(self), Reading(self)
        self.acts, self.leaving = Acts(self), Leaving(self)
        self.keeping = Keeping(self)
        self.link = Link(
            opening.source,
            changed=self._changed,
            advanced=self._advanced,
            event=self._event,
            gone=self.leaving.gone,
            back=self.leaving.back,
        )
        self._told: set[str] = set()
        self.register_theme(DYNAPORT)
        self.theme = self.prefs.theme if self.prefs.theme in self.available_themes else OWN

    def get_default_screen(self) -> Desk:
        """The only screen that is no dialog."""
        return self.desk

    def on_mount(self) -> None:
        """Connect, and load the rest as soon as there is a first picture."""
        if not self.is_headless:
            end_when_asked(self, owned=self.opening.owner is not None)
        self.app_resume_signal.subscribe(self, lambda _app: self.screen.refresh(layout=True))
        self.theme_changed_signal.subscribe(self, lambda _theme: self._themed())
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        if self.opening.owner is not None:
            self.opening.owner.drawn()
        self.run_worker(self.link.run(), group="link")
        if self.opening.note:
            self.tell(self.opening.note)
        await self._fill()

    async def _fill(self) -> None:
        """The lower panes, which the first picture does without."""
        from .details.pane import DetailPane
        from .log.pane import LogPane

        desk, source, clock = self.desk, self.opening.source, self.opening.clock
        desk.log_pane = LogPane(source, self.board.palette, clock=clock)
        desk.details = DetailPane(source, self.board.palette, clock=clock)
        desk.log_pane.id, desk.details.id = "log", "details"
        await desk.mount(desk.log_pane, desk.details, after=desk.heading)
        desk.log_pane.restore(self.prefs.log)
        if self.board.snapshot is not None:
            desk.log_pane.know(self.board.snapshot)
        desk.show_panes()
        self.viewing.show_service()
        self.set_interval(_PACE, self._renew_details)

    @property
    def broken(self) -> Exception | None:
        """What we did not foresee and did not survive."""
        return self._exception

    def _fatal_error(self) -> None:
        """Without Textual's picture of all local variables: there may be secrets among them."""
        self._close_messages_no_wait()

    async def on_unmount(self) -> None:
        """Lose nothing that a person has chosen."""
        await self.keeping.finish()

    # ---- what the connection says

    def _changed(self, snapshot: Snapshot) -> None:
        self.board.update(snapshot, time.monotonic())
        for note in snapshot.project.notes:
            if note not in self._told:
                self._told.add(note)
                self.tell(note)
        error = snapshot.project.error
        keys = (("e", "opens it", "edit_file"),)
        self.put_notice("file", None if error is None else Notice(error, "bad", keys))
        if self.desk.log_pane is not None:
            self.desk.log_pane.know(snapshot)
        self.leaving.progress()
        self.board_changed()

    def _advanced(self, marks: Mapping[str, int]) -> None:
        if self.desk.log_pane is not None:
            self.desk.log_pane.advanced(marks)

    def _event(self, event: Event) -> None:
        if isinstance(event, Ended):
            self.leaving.ended(event)
        old = self.board.get(event.service) if isinstance(event, PortMoved) else None
        told = tale(event, old, seen=self.desk.tells_of)
        if told is not None:
            self.tell(*told)

    async def _renew_details(self) -> None:
        details = self.desk.details
        if details is not None and self.desk.lower is details and not self.link.away:
            await details.renew()
            self.draw()

    # ---- drawing

    def board_changed(self) -> None:
        """Show what the board holds now."""
        self.viewing.follow_board()
        self.draw()
        self.desk.arrange_anew()

    def draw(self) -> None:
        """Draw again what would look different."""
        desk = self.desk
        desk.footer.labels = {"start_stop": self.acts.next_verb()}
        desk.footer.hidden = set() if desk.heading.tab == "environment" else {"reveal"}
        desk.draw()

    def put_notice(self, about: str, notice: Notice | None) -> None:
        """Something in the banner, or no more."""
        self.desk.banner.put(about, notice)
        self.desk.arrange_anew()

    def _themed(self) -> None:
        self.draw()
        self.keeping.soon()

    # ---- messages of the panes

    def on_service_selected(self, message: ServiceSelected) -> None:
        self.board.select(message.service)
        self.viewing.show_service()

    def on_service_opened(self, message: ServiceOpened) -> None:
        if self.link.away:
            self.do("start_again")
        else:
            self.viewing.open(message.service)

    def on_service_table_sort_chosen(self, message: ServiceTable.SortChosen) -> None:
        self.board.sort_by(message.sort)
        self.board_changed()
        self.keeping.soon()

    def on_log_pane_changed(self) -> None:
        self.desk.draw_heading()

    def on_log_pane_service_chosen(self, message: LogPane.ServiceChosen) -> None:
        self.viewing.gone_to(message.service)

    def on_sieve_typed(self, message: Sieve.Typed) -> None:
        self.viewing.filter_by(message.text)

    async def on_sieve_closed(self, message: Sieve.Closed) -> None:
        await self.viewing.close_filter(kept=message.kept)

    # ---- actions

    async def act(self, action: str) -> None:
        """Do one of ACTIONS, and begin with what takes time."""
        with self.opening_something():
            self.do(action)
            await asyncio.sleep(0)

    def do(self, action: str) -> None:
        """Do one of ACTIONS at once; what takes time goes on beside."""
        jobs = (self.viewing, self.reading, self.acts, self.leaving)
        job = next(job for job in jobs if hasattr(job, action))
        result = getattr(job, action)()
        if inspect.iscoroutine(result):
            self.run_worker(result, group="actions")


def _forward(action: str) -> Callable[[Dashboard], Awaitable[None]]:
    async def act(app: Dashboard) -> None:
        await app.act(action)

    return act


for _action in ACTIONS:
    setattr(Dashboard, f"action_{_action.id}", _forward(_action.id))


def run_dashboard(opening: Opening) -> Ending:
    """Show the dashboard until it is left; raises what broke it, once the terminal is as it was."""
    app = Dashboard(opening)
    ending = app.run()
    if app.broken is not None:
        raise app.broken
    return ending or Ending("stopped" if opening.owner is not None else "left", 1)
