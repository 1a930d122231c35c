"""The lower pane when it shows something else of a service than its log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.text import Text

from ...control.client import NoAnswer, NotRunning
from ...model.view import ActionError
from ..glyphs import DOT, counted
from ..lines import Line, LineList
from . import config, environment, ports, requests, why
from .answers import Answers, Tab
from .sheet import Sheet, clock, note

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from textual import events
    from textual.worker import Worker

    from ...model.palette import Palette
    from ...model.view import ServiceStatus, Snapshot
    from ..source import Source


_LIVE = ("why", "ports")
"""Tabs that show something of the snapshot itself."""


class DetailPane(LineList):
    """One tab of one service; keeps what it has when the service or the engine is gone."""

    def __init__(
        self,
        source: Source,
        palette: Palette,
        *,
        clock: Callable[[], float] = time.time,
        id: str | None = None,  # noqa: A002 (as every widget has it)
    ) -> None:
        super().__init__(id=id)
        self.tab: Tab = "why"
        self._source = source
        self._palette = palette
        self._clock = clock
        self._answers: Answers | None = None
        self._service: ServiceStatus | None = None
        self._snapshot: Snapshot | None = None
        self._reveal = False
        self._missing = ""
        """Why nothing new comes; empty while all is well."""

    # ---- what the app tells it

    def show(self, tab: Tab, service: ServiceStatus | None, snapshot: Snapshot) -> None:
        """Show a tab of a service as of this snapshot, and ask for the rest of it."""
        other = service is None or self._answers is None or service.id != self._answers.service
        before = self._service
        self._snapshot, self._service = snapshot, service
        if other:
            self._answers = None if service is None else Answers(service.id)
            self._reveal = False
        if not other and tab == self.tab:
            if tab in _LIVE:
                self._draw()
            if _stage(before) != _stage(service):
                self._ask()
            return
        self.tab, self._missing = tab, ""
        self.begin()
        self._draw()
        self._ask()

    def _ask(self) -> None:
        # A coroutine that is cancelled before it begins would be reported as never awaited.
        begin: Callable[[], Coroutine[None, None, None]] = self.renew
        _: Worker[None] = self.run_worker(begin, group="details", exclusive=True)

    async def renew(self) -> None:
        """Ask the source for what is shown, and show it."""
        answers, service, tab = self._answers, self._service, self.tab
        if answers is None or service is None:
            return
        try:
            await answers.ask(self._source, tab, service, reveal=self._reveal)
        except ActionError as refusal:
            missing = refusal.message
        except (NotRunning, NoAnswer):
            missing = "the engine does not answer"
        else:
            missing = ""
        if self._answers is answers and self.tab == tab and self.is_mounted:
            self._lost(missing)
            self._draw()

    def reveal(self) -> None:
        """Show the secrets of this service until another is selected, or hide them again."""
        if self.tab == "environment" and self._answers is not None:
            self._reveal = not self._reveal
            self._ask()

    def _lost(self, missing: str) -> None:
        if missing and not self._missing:
            missing = f"{missing} {DOT} as of {clock(self._clock(), self._clock())}"
            self._missing = missing
        elif not missing:
            self._missing = ""

    # ---- what the app asks it

    @property
    def title(self) -> str:
        """For the rule above: `why · users`."""
        return f"{self.tab} {DOT} {self._answers.service}" if self._answers else self.tab

    @property
    def status(self) -> str:
        """For the right end of the rule above."""
        if self._missing:
            return self._missing
        answers = self._answers
        if answers is None:
            return ""
        if self.tab == "requests" and answers.kept:
            follow = "follow" if self.at_top else "paused: Home follows"
            return f"{follow} {DOT} {counted(len(answers.kept), 'request')}"
        if self.tab == "environment" and answers.env is not None:
            secrets = "secrets shown" if answers.revealed else "secrets masked"
            return f"{counted(len(answers.env), 'variable')} {DOT} {secrets}"
        return ""

    def chosen_text(self) -> tuple[str, str]:
        """What `y` copies, and what to call it; empty where the cursor is on nothing."""
        line = self.chosen
        return (line.plain, "1 line") if line is not None else ("", "nothing")

    # ---- drawing

    def on_resize(self, _event: events.Resize) -> None:
        """Lines are folded to the width."""
        self._draw()

    def recolour(self) -> None:
        """Lines hold their colours."""
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted or self._snapshot is None:
            return
        services = {status.id: status for status in self._snapshot.services}
        width = max(0, self.scrollable_size.width - 1)
        sheet = Sheet(self.colours, self._palette, width, self._clock(), services)
        self.fade(bool(self._missing))
        if self._service is None or self._answers is None:
            self.give([Line("before", Text()), *note(sheet, "none", "Select a service.")])
            return
        head, lines = self._written(sheet, self._service, self._answers, self._snapshot)
        self.give(lines, head, follow=self.tab == "requests")

    def _written(
        self, sheet: Sheet, service: ServiceStatus, answers: Answers, snapshot: Snapshot
    ) -> tuple[Sequence[Line], Sequence[Line]]:
        """The lines that stay, and the lines that scroll."""
        details = answers.details
        match self.tab:
            case "why":
                root = snapshot.project.root
                return (), why.lines(sheet, service, details, answers.traceback, root)
            case "requests":
                answer = answers.requests
                head = requests.head(sheet, answer, answers.kept)
                return head, requests.lines(sheet, answer, answers.kept)
            case "environment":
                shown = answers.revealed
                return (), environment.lines(sheet, answers.env, details, revealed=shown)
            case "config":
                return (), config.lines(sheet, service, details)
            case "ports":
                return (), ports.lines(sheet, service, details)


def _stage(service: ServiceStatus | None) -> object:
    """What has a history: with another one, what is known of the service is old."""
    return service and (service.state, service.pid)
