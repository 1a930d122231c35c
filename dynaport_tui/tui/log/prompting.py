"""Typing a search, a filter or a time: live while it is typed, undone when it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.view import Place
from .asking import trouble
from .times import TimeError, clock, moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer
    from textual.widget import Widget

    from .asking import Asking
    from .feed import Feed
    from .pane import LogPane
    from .prompt import Kind, Prompt

_TYPING = 0.15
"""Seconds without a further key until what was typed is asked for."""


class Prompting:
    """Connects the prompt with what the pane looks for."""

    def __init__(
        self,
        pane: LogPane,
        prompt: Prompt,
        asking: Asking,
        feed: Feed,
        now: Callable[[], float],
    ) -> None:
        self._pane = pane
        self._prompt = prompt
        self._asking = asking
        self._feed = feed
        self._now = now
        self._timer: Timer | None = None
        self._before = ""
        self._focused: Widget | None = None

    @property
    def open(self) -> bool:
        """Whether something is being typed."""
        return bool(self._prompt.display)

    def ask(self, kind: Kind) -> None:
        """Open the prompt."""
        if not self.open:
            self._focused = self._pane.screen.focused
        self._before = self._text(kind)
        self._prompt.ask(kind, self._before if kind == "filter" else "")

    def typed(self, kind: Kind, text: str) -> None:
        """Ask for it soon, unless it is wrong."""
        self._stop()
        wrong = "" if kind == "time" else trouble(text)
        self._prompt.say(wrong)
        if kind != "time" and not wrong:
            self._timer = self._pane.set_timer(_TYPING, lambda: self._apply(kind, text))

    def entered(self, kind: Kind, text: str) -> None:
        """Do what was typed, unless it is wrong."""
        self._stop()
        wrong = self._go(text) if kind == "time" else trouble(text)
        if wrong:
            self._prompt.say(wrong)
            return
        if kind != "time":
            self._apply(kind, text)
        self._prompt.remember(text.strip())
        self._prompt.close()
        self._pane.focus()
        if kind == "search" and text.strip():
            self._pane.hunt.first_hit()

    def leave(self) -> None:
        """As if nothing had been typed."""
        self._stop()
        kind = self._prompt.kind
        if kind != "time":
            self._apply(kind, self._before)
        self._prompt.close()
        if self._focused is not None and self._focused.is_attached:
            self._focused.focus()
        else:
            self._pane.focus()

    def _text(self, kind: Kind) -> str:
        if kind == "time":
            return ""
        return (self._asking.filter if kind == "filter" else self._asking.search).text

    def _apply(self, kind: Kind, text: str) -> None:
        if kind == "filter":
            self._pane.set_filter(text)
        else:
            self._pane.set_search(text)

    def _go(self, text: str) -> str:
        """Go to a time; returns what is wrong with it."""
        if not text.strip():
            return ""
        try:
            at = moment(text, self._now())
        except TimeError as error:
            return error.message
        self._feed.go(Place(at))
        self._pane.say(f"at {clock(at)[:8]}")
        return ""

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
