"""What the pane of the logs shows, and what it says of that."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.message import Message

from ...model.view import LogQuery
from . import wording
from .asking import Asking
from .choice import chosen, said
from .earlier import Earlier
from .feed import Feed
from .prompt import Prompt
from .shown import Shown
from .view import LogView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from ...model.palette import Palette
    from ...model.view import Place, Snapshot
    from ..source import Source
    from .rows import Row

_NOTICE = 6.0
"""Seconds that the status tells of what was done."""


class LogDisplay(Vertical):
    """Shows the logs of one service, of some, or of all."""

    DEFAULT_CSS = "LogDisplay { height: 1fr; width: 1fr; }"

    class Changed(Message, namespace="log_pane"):
        """Title or status are others."""

    class ServiceChosen(Message, namespace="log_pane"):
        """The pane went to an error of this service, whose log it may not have shown before."""

        def __init__(self, service: str) -> None:
            super().__init__()
            self.service = service

    def __init__(
        self, source: Source, palette: Palette, *, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self._source = source
        self._clock = clock
        self._shown = Shown()
        self.view = LogView(palette.index, clock)
        self._prompt = Prompt()
        self.feed = Feed(source, self._shown, self.view, self._changed)
        self._earlier = Earlier(source, self._shown, self._earlier_came, clock)
        self.feed.earlier = self._earlier.rows
        self._asking = Asking(source, self._shown, self._counted)
        self._notice, self._noticed = "", 0.0
        self._told = ("", "")

    def compose(self) -> ComposeResult:
        """Lines above; below what is asked."""
        yield self.view
        yield self._prompt

    def on_mount(self) -> None:
        """Begin to fetch."""
        self._draw()
        self.feed.look(self._asking.filter.text)
        asking = self._asking
        self.run_worker(self.feed.loader.run(), group="log-lines")
        self.run_worker(self._earlier.run(), group="log-earlier")
        self.run_worker(asking.matching.run(), group="log-filter")
        self.run_worker(asking.hits.run(), group="log-search")
        self.set_interval(1.0, self._tick)

    def focus(self, scroll_visible: bool = True) -> LogDisplay:
        """The lines take the keys."""
        self.screen.set_focus(self.view, scroll_visible)
        return self

    # ---- what is shown

    def know(self, snapshot: Snapshot) -> None:
        """The newest state of everything."""
        names, root = self._shown.names, self._shown.root
        if self._shown.know(snapshot):
            self.feed.forget()
            self._asking.again()
        self.feed.advanced()
        if names != self._shown.names:
            self._draw()
        if root != self._shown.root:
            self.feed.redo()
        self._changed()

    def advanced(self, marks: Mapping[str, int]) -> None:
        """Logs have grown up to these numbers."""
        self._shown.advanced(marks)
        self.feed.advanced()
        self._asking.advanced()
        self._changed()

    def look_at(self, services: Sequence[str]) -> None:
        """Show the logs of these services, of none: of all; a filter stays."""
        if list(services) == self._shown.services:
            return
        self.choose(services)
        self.feed.look(self._asking.filter.text)
        if not self._asking.filter.empty:
            self.say("the filter stays, Escape clears it")

    def _draw(self, **changes: object) -> None:
        search = self._asking.search
        self.view.draw(names=self._shown.names, search=None if search.empty else search, **changes)

    @property
    def title(self) -> str:
        """`logs · users`."""
        return wording.title(self._shown, self._asking.filter.text)

    @property
    def status(self) -> str:
        """`follow · 12,480 lines · 1 error`."""
        stand, asking = self.feed.stand, self._asking
        marked = len(list(said(stand.chosen()))) if stand.marking else 0
        return wording.status(
            wording.Facts(
                shown=self._shown,
                filter=asking.filter.text,
                search=asking.search.text,
                following=stand.following,
                earlier=0 if asking.filter.text else self._earlier.lines,
                new=self.feed.new,
                marked=marked,
                notice=self.feed.refusal or self._notice,
                matching=asking.matching,
                hits=asking.hits,
                hit=asking.hits.found.rank(stand.here),
            )
        )

    def log_query(self) -> LogQuery:
        """Services and filter as they are shown."""
        return LogQuery(services=self._shown.services, filter=self._asking.filter.text)

    @property
    def following(self) -> bool:
        """Whether the newest lines are shown as they come."""
        return self.feed.stand.following

    def place(self) -> Place | None:
        """Of the last line of this run on the screen."""
        row = self.feed.stand.last()
        found = row.said[-1] if row is not None and row.said else None
        return None if found is None or found.number < 0 else found.place

    def chosen_text(self) -> tuple[str, str]:
        """The marked block, else the line with the cursor, as it was printed; and its size in
        words.
        """
        return chosen(self.feed.stand.chosen())

    def at_cursor(self) -> Row | None:
        """The row that the person has gone to; None while the newest lines are followed."""
        stand = self.feed.stand
        return None if stand.following or not stand.rows else stand.rows[stand.cursor]

    def choose(self, services: Sequence[str]) -> None:
        """These services from now on; the lines that are held stay for the moment."""
        self._shown.services = list(services)
        self._asking.renew()
        self._draw()
        self._changed()

    def say(self, notice: str) -> None:
        """Tell in the status what was done, for a while."""
        self._notice, self._noticed = notice, self._clock()
        self._changed()

    def _counted(self) -> None:
        """More hits are known."""
        self._changed()

    def _earlier_came(self) -> None:
        self.feed.redo()
        self._changed()

    def _changed(self) -> None:
        self._earlier.attend()
        loader = self.feed.loader
        looking = loader.busy or not loader.window.asked
        self.view.nothing = wording.nothing(self._shown, self._asking.filter.text, looking=looking)
        if not self.feed.stand.rows:
            self.view.redraw()
        told = (self.title, self.status)
        if told != self._told:
            self._told = told
            self.post_message(self.Changed())

    def _tick(self) -> None:
        if self._notice and self._clock() > self._noticed + _NOTICE:
            self.say("")
        if self.feed.stand.look.stamps == "age" and self.view.is_on_screen:
            self._draw()
