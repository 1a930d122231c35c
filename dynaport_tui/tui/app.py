"""The dashboard: one application that puts board, screen and connection together."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.app import App, SuspendNotSupported
from textual.binding import Binding, BindingType

from ..control.client import NoAnswer, NotRunning
from ..model.view import ActionError, Ended, PortMoved
from .actions import ACTIONS
from .acts import Acts
from .banner import Notice
from .board import Board
from .colours import OWN
from .desk import Desk
from .leaving import Leaving
from .link import Link
from .opening import Ending
from .prefs import load, save
from .reading import Reading
from .signals import end_when_asked
from .tales import tale
from .themes import DYNAPORT
from .viewing import Viewing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from textual.command import Provider

    from ..model.view import Event, Snapshot
    from .opening import Opening
    from .table import ServiceTable

T = TypeVar("T")

_PACE = 2.0
"""Seconds between two looks at what the details show."""


def _provider() -> type[Provider]:
    from .palette import ActionProvider

    return ActionProvider


class Dashboard(App[Ending], inherit_bindings=False):
    """Shows the services of one project and does with them what a person wishes."""

    TITLE = "dynaport"
    ALLOW_SELECT = False
    COMMANDS = {_provider}  # noqa: RUF012 (as Textual declares it)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.id, action.label, priority=action.id == "interrupt")
        for action in ACTIONS
        if action.keys
    ]
    CSS = """
    Toast { width: auto; max-width: 80; padding: 0 1; background: $surface; }
    """

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.opening = opening
        self.board = Board()
        self.prefs = load(opening.state)
        self.commands: list[str] = []
        """That were run in a service's environment, oldest first."""
        self.board.sort, self.board.reverse = self.prefs.sort, self.prefs.reverse
        if opening.first is not None:
            self.board.update(opening.first, time.monotonic())
        self.desk = Desk(self.board, self.prefs.layout)
        self.desk.heading.tab = self.prefs.tab
        self.link = Link(
            opening.source,
            changed=self._changed,
            advanced=self._advanced,
            event=self._event,
            gone=lambda why: self.leaving.gone(why),
            back=lambda: self.leaving.back(),
        )
        self.viewing, self.reading = Viewing(self), Reading(self)
        self.acts, self.leaving = Acts(self), Leaving(self)
        self._jobs = (self.viewing, self.reading, self.acts, self.leaving)
        self._told: set[str] = set()
        self._saving: asyncio.TimerHandle | None = None
        self.register_theme(DYNAPORT)
        self.theme = self.prefs.theme if self.prefs.theme in self.available_themes else OWN

    def get_default_screen(self) -> Desk:
        """The only screen that is no dialog."""
        return self.desk

    def on_mount(self) -> None:
        """Connect, and load the rest as soon as there is a first picture."""
        if not self.is_headless:
            end_when_asked(self, owned=self.opening.owner is not None)
        self.theme_changed_signal.subscribe(self, lambda _theme: self._themed())
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        self.run_worker(self.link.run(), group="link")
        if self.opening.note:
            self.tell(self.opening.note)
        await self._fill()

    async def _fill(self) -> None:
        """The lower panes, which the first picture does without."""
        from .details.pane import DetailPane

        desk, source, palette = self.desk, self.opening.source, self.board.palette
        desk.details = DetailPane(source, palette, id="details")
        await desk.mount(desk.details, after=desk.heading)
        desk.show_panes()
        self.viewing.show_service()
        self.set_interval(_PACE, self._renew_details)

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

    def board_changed(self) -> None:
        """Show what the board holds now."""
        if self.desk.heading.tab != "logs" or self.board.selected is None:
            details, board = self.desk.details, self.board
            if (
                details is not None
                and board.snapshot is not None
                and self.desk.heading.tab != "logs"
            ):
                details.show(self.desk.heading.tab, board.get(board.selected), board.snapshot)
        else:
            self.board.look_at(self.viewing.services())
        self.draw()
        self.desk.arrange_anew()

    def draw(self) -> None:
        """Draw again what would look different."""
        desk = self.desk
        desk.table.renew()
        if desk.graphed and desk.graph is not None and self.board.snapshot is not None:
            desk.graph.show(self.board.snapshot, self.board.selected)
        lower = desk.lower
        if lower is not None:
            desk.heading.subject, desk.heading.status = lower.title, lower.status
        desk.footer.labels = {"start_stop": self.acts.next_verb()}
        desk.footer.hidden = set() if desk.heading.tab == "environment" else {"reveal"}
        for bar in (desk.header, desk.heading, desk.footer):
            bar.renew()

    def _advanced(self, marks: Mapping[str, int]) -> None:
        if self.desk.log_pane is not None:
            self.desk.log_pane.advanced(marks)

    def _event(self, event: Event) -> None:
        if isinstance(event, Ended):
            self.leaving.ended(event)
        old = self.board.get(event.service) if isinstance(event, PortMoved) else None
        told = tale(event, old)
        if told is not None:
            self.tell(*told)

    async def _renew_details(self) -> None:
        details = self.desk.details
        if details is not None and self.desk.lower is details and not self.link.away:
            await details.renew()
            self.draw()

    # ---- messages of the panes

    def on_service_table_selected(self) -> None:
        self.viewing.show_service()

    def on_service_table_opened(self, message: ServiceTable.Opened) -> None:
        self.viewing.open(message.service)

    def on_service_table_sort_chosen(self, message: ServiceTable.SortChosen) -> None:
        self.board.sort_by(message.sort)
        self.board_changed()
        self.remember()

    def on_graph_view_selected(self, message: Any) -> None:
        self.board.select(message.service)
        self.viewing.show_service()

    def on_graph_view_opened(self, message: Any) -> None:
        self.viewing.open(message.service)

    def on_log_pane_changed(self) -> None:
        self.draw()

    def on_log_pane_service_chosen(self, message: Any) -> None:
        self.board.select(message.service)
        self.board.look_at([message.service])
        self.viewing.show_service()

    def on_sieve_typed(self, message: Any) -> None:
        self.board.filter_by(message.text)
        self.board_changed()

    async def on_sieve_closed(self, message: Any) -> None:
        await self.viewing.close_filter(kept=message.kept)

    # ---- what the jobs share

    def tell(self, text: str, severity: Any = "information") -> None:
        """A toast, which takes no part of its text for more than text."""
        self.notify(text, severity=severity, markup=False, timeout=8 if severity == "error" else 4)

    def put_notice(self, about: str, notice: Notice | None) -> None:
        """Something in the banner, or no more."""
        self.desk.banner.put(about, notice)
        self.desk.arrange_anew()

    async def granted(self, wish: Awaitable[T]) -> T | None:
        """What the engine answers; where it does not, the person is told and it is None."""
        try:
            return await wish
        except ActionError as refusal:
            self.tell(f"{refusal.message} {refusal.hint}".rstrip(), "error")
        except (NotRunning, NoAnswer) as error:
            self.tell(str(error), "error")
        return None

    async def confirm(self, question: str, detail: str, yes: str) -> bool:
        """Whether the person means it."""
        from .dialogs.confirm import ConfirmScreen

        return bool(await self.push_screen_wait(ConfirmScreen(question, detail, yes)))

    async def copy(self, data: bytes, what: str) -> None:
        """Into the clipboard; says where it went."""
        from .clipboard import copy

        self.tell(await copy(self, data, what, self.opening.state))

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """The normal screen for the length of the block."""
        try:
            with self.suspend():
                yield
        except SuspendNotSupported:
            self.tell("this terminal cannot be left", "error")
        self.link.poke()

    # ---- what is remembered

    def _themed(self) -> None:
        self.draw()
        self.remember()

    def remember(self) -> None:
        """Save how everything looks, a moment later."""
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(0.5, self._save)

    def _save(self) -> None:
        self._saving = None
        desk, board = self.desk, self.board
        prefs = self.prefs
        prefs.layout, prefs.tab = desk.kind, desk.heading.tab
        prefs.sort, prefs.reverse, prefs.theme = board.sort, board.reverse, self.theme
        if desk.log_pane is not None:
            prefs.log = desk.log_pane.remember()
        self.run_worker(self._write(), group="prefs")

    async def _write(self) -> None:
        wrong = await asyncio.to_thread(save, self.opening.state, self.prefs)
        if wrong and wrong not in self._told:
            self._told.add(wrong)
            self.tell(wrong, "warning")

    # ---- actions

    def do(self, action: str) -> None:
        """Do one of ACTIONS; what takes time goes on beside."""
        job = next(job for job in self._jobs if hasattr(job, action))
        result = getattr(job, action)()
        if inspect.iscoroutine(result):
            self.run_worker(result, group="actions")


def _forward(action: str) -> Callable[[Dashboard], None]:
    def act(app: Dashboard) -> None:
        app.do(action)

    return act


for _action in ACTIONS:
    setattr(Dashboard, f"action_{_action.id}", _forward(_action.id))


def run_dashboard(opening: Opening) -> Ending:
    """Show the dashboard until it is left."""
    ending = Dashboard(opening).run()
    return Ending("left") if ending is None else ending
