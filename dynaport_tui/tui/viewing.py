"""What a person looks at, and how: tabs, panes, order, filter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from .title import TABS, Tab

if TYPE_CHECKING:
    from textual.widget import Widget

    from .app import Dashboard

Logs = Literal["all", "one", "marked"]


class Viewing:
    """Which tab, whose logs, which arrangement."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self._board = app.board
        self.logs: Logs = "all"
        """Whose log the tab of the logs shows."""
        self._shown: list[str] = []
        """The services that were chosen with it."""

    # ---- tabs of the lower pane

    def show_tab(self, tab: Tab) -> None:
        """Show one of them, for the selected service."""
        desk = self._app.desk
        half = desk.half
        desk.heading.tab = tab
        desk.show_panes()
        if half == "lower" or desk.zoom == "lower":
            desk.focus_half("lower")
        self.show_service()
        self._app.keeping.soon()

    def tab_logs(self) -> None:
        self.show_tab("logs")

    def tab_why(self) -> None:
        self.show_tab("why")

    def tab_requests(self) -> None:
        self.show_tab("requests")

    def tab_environment(self) -> None:
        self.show_tab("environment")

    def tab_config(self) -> None:
        self.show_tab("config")

    def tab_ports(self) -> None:
        self.show_tab("ports")

    def previous_tab(self) -> None:
        self._turn(-1)

    def next_tab(self) -> None:
        self._turn(1)

    def _turn(self, step: int) -> None:
        self.show_tab(TABS[(TABS.index(self._app.desk.heading.tab) + step) % len(TABS)])

    # ---- whose log

    def cycle_logs(self) -> None:
        """This service, then the marked ones, then all; from another tab first back to the logs."""
        order: list[Logs] = ["all", "one", "marked"] if self._board.marked else ["all", "one"]
        if self._app.desk.heading.tab == "logs":
            at = order.index(self.logs) if self.logs in order else 0
            self.logs = order[(at + 1) % len(order)]
        self.tab_logs()

    def open(self, service: str) -> None:
        """The log of one service, with the focus in it."""
        self._board.select(service)
        self.logs = "one"
        self.tab_logs()
        self._app.desk.focus_half("lower")

    def services(self) -> list[str]:
        """Whose log is shown; none means all."""
        if self.logs == "marked" and self._board.marked:
            return self._board.targets()
        if self.logs == "one" and self._board.selected is not None:
            return [self._board.selected]
        return []

    def show_service(self) -> None:
        """Have the lower pane show what is selected now."""
        log = self._app.desk.log_pane
        if self._app.desk.heading.tab == "logs" and log is not None:
            self._shown = self.services()
            log.look_at(self._shown)
        self.follow_board()
        self._app.draw()

    def follow_board(self) -> None:
        """Have the lower pane know what is new of what it shows."""
        desk, board = self._app.desk, self._board
        if desk.heading.tab == "logs":
            board.look_at(self.services())
            if any(board.get(service) is None for service in self._shown):
                self.show_service()
        elif desk.details is not None and board.snapshot is not None:
            desk.details.show(desk.heading.tab, board.get(board.selected), board.snapshot)

    def gone_to(self, service: str) -> None:
        """The log pane went to an error: what is done next concerns its service."""
        self._board.select(service)
        if self.logs == "marked" and service not in self.services():
            self.logs = "one"
        self._board.look_at([service])
        self.show_service()

    # ---- panes

    def next_pane(self) -> None:
        desk = self._app.desk
        desk.focus_half("upper" if desk.half == "lower" else "lower")

    previous_pane = next_pane

    def zoom(self) -> None:
        desk = self._app.desk
        desk.zoom = None if desk.zoom else desk.half
        desk.arrange_anew()

    def layout(self) -> None:
        """Side by side or stacked; says so where there is no room for the first."""
        desk = self._app.desk
        desk.kind = "side" if desk.kind == "stacked" else "stacked"
        desk.arrange_anew()
        if desk.kind == "side" and not desk.side_by_side:
            self._app.tell("side by side as soon as the terminal is 110 cells wide")
        self._app.keeping.soon()

    async def graph(self) -> None:
        """The graph in the place of the table, with the focus, and back."""
        desk = self._app.desk
        if desk.graph is None:
            from .graph import GraphView

            desk.graph = GraphView(self._board.palette, id="graph")
            await self._mount(desk.graph, after=desk.table)
        desk.graphed = not desk.graphed
        self._app.draw()
        desk.show_panes()
        if desk.graphed:
            desk.focus_half("upper")

    async def _mount(self, widget: Widget, after: Widget | None = None) -> None:
        with self._app.opening_something():
            await self._app.desk.mount(widget, after=after)
            await asyncio.sleep(0)  # it takes the focus when it hears that it is there

    # ---- order and filter

    def sort(self) -> None:
        self._board.sort_next()
        self._app.board_changed()
        self._app.keeping.soon()

    async def filter(self) -> None:
        """Ask below the table which services to show; in the log, which lines."""
        desk = self._app.desk
        if desk.half == "lower" and desk.heading.tab == "logs" and desk.log_pane is not None:
            desk.log_pane.start_filter()
        elif not desk.query("#sieve"):
            from .sieve import Sieve

            await self._mount(Sieve(self._board.filter))
            self.filter_by(self._board.filter)

    def filter_by(self, text: str) -> None:
        """Show only services that it lets through, and say how many these are."""
        from .sieve import Sieve

        self._board.filter_by(text)
        for sieve in self._app.desk.query(Sieve):
            sieve.say(self._app.desk.shown)
        self.show_service()
        self._app.board_changed()

    async def close_filter(self, *, kept: bool) -> None:
        """The line is done with."""
        desk = self._app.desk
        if not kept:
            self._board.filter_by("")
        await desk.query("#sieve").remove()
        desk.set_focus(desk.upper)
        self._app.board_changed()

    def leave(self) -> None:
        """One step back: the filter, the marks, the zoom."""
        desk = self._app.desk
        if desk.pane == "log" and desk.log_pane is not None and desk.log_pane.escape():
            return
        if desk.half == "upper" and self._board.filter:
            self._board.filter_by("")
        elif desk.zoom is not None:
            desk.zoom = None
        elif desk.half == "upper" and self._board.marked:
            self._board.marked.clear()
        self._app.board_changed()

    # ---- everything else

    def help(self) -> None:
        from .dialogs.help import HelpScreen

        self._app.push_screen(HelpScreen(), self._clicked)

    async def _clicked(self, action: str | None) -> None:
        if action is not None:
            await self._app.run_action(action)

    def palette(self) -> None:
        from .palette import Palette

        self._app.push_screen(Palette())

    def theme(self) -> None:
        from .palette import Palette, ThemeProvider

        self._app.push_screen(Palette([ThemeProvider], "which colours"))
