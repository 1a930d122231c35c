"""From one hit to the next, and from one error to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...control.client import NoAnswer, NotRunning
from ...model.view import ActionError
from . import jumps, wording
from .bursts import burst

if TYPE_CHECKING:
    from ...model.view import Place
    from ..source import Source
    from .asking import Asking
    from .entry import Key
    from .feed import Feed
    from .pane import LogPane
    from .shown import Shown


class Hunt:
    """Goes through the hits of the search, and through the errors of all services."""

    def __init__(
        self, pane: LogPane, source: Source, shown: Shown, asking: Asking, feed: Feed
    ) -> None:
        self._pane = pane
        self._source = source
        self._shown = shown
        self._asking = asking
        self._feed = feed
        self._waiting = False
        """Whether to go to a hit as soon as there is one."""
        self._going: Place | None = None
        self._error: tuple[Key, Place] | None = None
        """The row of the last error gone to, and where its lines end."""

    # ---- hits

    def forget(self) -> None:
        """Another text is searched."""
        self._feed.stand.here = None
        self._waiting = False

    def first_hit(self) -> None:
        """The last hit above the lower edge, as soon as it is known."""
        self._waiting = True
        self.counted()

    def counted(self) -> None:
        """More hits are known."""
        if not self._waiting:
            return
        hits, stand = self._asking.hits, self._feed.stand
        row = stand.last()
        upto = None if stand.following or row is None or not row.said else row.said[-1].place
        places = hits.found.places
        if places and (hits.complete or upto is None or places[0] <= upto):
            self._waiting = False
            self._go(self._asking.newest(upto))
        elif hits.complete:
            self._waiting = False
            self._pane.say(self._no_hit())

    def next_hit(self) -> None:
        """The next newer one."""
        places = self._asking.hits.found.places
        if (here := self._where()) is None or not places:
            self._none()
            return
        found = self._asking.hits.found.after(here)
        self._go(found or places[0])
        if found is None:
            self._pane.say("from the top")

    def previous_hit(self) -> None:
        """The next older one."""
        places = self._asking.hits.found.places
        if (here := self._where()) is None or not places:
            self._none()
            return
        found = self._asking.hits.found.before(here)
        self._go(found or places[-1])
        if found is None:
            self._pane.say("from the end")

    def _none(self) -> None:
        if self._asking.search.empty:
            self._pane.start_search()
        elif self._asking.hits.complete:
            self._pane.say(self._no_hit())
        else:
            self._waiting = True

    def _no_hit(self) -> str:
        """Why there is none."""
        refusal = self._asking.hits.refusal
        return refusal or wording.no_hit(self._shown, self._asking.search.text)

    def _where(self) -> Place | None:
        """The hit on which the person stands, else the line with the cursor."""
        stand = self._feed.stand
        row = stand.rows[stand.cursor] if stand.rows else None
        if row is None:
            return stand.here
        if stand.here is not None and any(entry.place == stand.here for entry in row.entries):
            return stand.here
        return row.place

    def _go(self, place: Place | None) -> None:
        if place is not None:
            self._feed.stand.here = place
            self._feed.go(place, unfold=True)
            self._pane.moved()

    # ---- errors

    async def next_error(self) -> None:
        """The next error of any service, after the newest the oldest; from the end the newest."""
        try:
            jump = await jumps.next_error(self._source, self._after())
        except (NotRunning, NoAnswer, ActionError):
            return
        if jump is None:
            self._pane.say("no error in this run")
            return
        notice = "from the top" if jump.wrapped else ""
        line = jump.line
        if not self._asking.lets_through(line):
            self._asking.set_filter("")
            notice = "the filter is cleared: the error did not match it"
        self._going = jump.place
        if not self._shown.holds(line.service):
            self._pane.choose([line.service])
        self._feed.go(jump.place, filter=self._asking.filter.text)
        self._pane.post_message(self._pane.ServiceChosen(line.service))
        self._pane.moved()
        if notice:
            self._pane.say(notice)

    def _after(self) -> Place | None:
        stand = self._feed.stand
        if stand.following or not stand.rows:
            return None
        row = stand.rows[stand.cursor]
        if self._error is not None and self._error[0] == row.key:
            return self._error[1]
        return row.place

    def arrived(self) -> None:
        """A place that was gone to is on the screen."""
        going, self._going = self._going, None
        stand = self._feed.stand
        if going is not None:
            found = burst(stand.rows, stand.cursor, going)
            stand.go(found.row)
            self._error = (stand.rows[stand.cursor].key, found.last)
