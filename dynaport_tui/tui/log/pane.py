"""The pane of the logs, and all that can be done with it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from textual import on

from ..glyphs import ALONG
from .display import LogDisplay
from .hunt import Hunt
from .prompt import HISTORY, Prompt
from .prompting import Prompting
from .times import STAMPS
from .view import LogView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...model.palette import Palette
    from ..source import Source


class LogPane(LogDisplay):
    """The logs of one service, of some, or of all: to read, search, mark and copy.

    The methods without an underscore are what the keys do.
    """

    def __init__(
        self, source: Source, palette: Palette, *, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(source, palette, clock=clock)
        self.hunt = Hunt(self, source, self._shown, self._asking, self.feed)
        self._prompting = Prompting(self, self._prompt, self._asking, self.feed, clock)
        self.feed.arrived = self.hunt.arrived

    # ---- following and moving

    def toggle_follow(self) -> None:
        """Hold still, or go to the end and follow."""
        if self.feed.stand.following:
            self.feed.hold()
            self.moved()
        else:
            self.go_end()

    def go_top(self) -> None:
        """To the oldest line that is kept."""
        self.feed.go_top()
        self.moved()

    def go_end(self) -> None:
        """To the newest line, and follow."""
        self.feed.go_end()
        self.moved()

    @on(LogView.Wanted)
    def _wanted(self, event: LogView.Wanted) -> None:
        if event.last:
            self.go_end()
        else:
            self.go_top()

    @on(LogView.Moved)
    def moved(self) -> None:
        """Another part is seen."""
        self._notice = ""
        self.feed.attend()
        self._changed()

    @on(LogView.Resized)
    def _resized(self) -> None:
        self.feed.attend()

    @on(LogView.Opened)
    def toggle_fold(self) -> None:
        """Unfold what is under the cursor, or fold it."""
        self.feed.toggle_fold()

    def toggle_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        wrap = not self.feed.stand.look.wrap
        self._draw(wrap=wrap, left=0)
        self.feed.attend()
        self.say("long lines are wrapped" if wrap else f"long lines are cut, {ALONG} scroll")

    def cycle_stamps(self) -> None:
        """Times, ages, neither."""
        at = STAMPS.index(self.feed.stand.look.stamps)
        self._draw(stamps=STAMPS[(at + 1) % len(STAMPS)])

    def put_marker(self) -> None:
        """A line under the log as it is now."""
        self.feed.draw_rule(self._clock())
        self._changed()

    def toggle_block(self) -> None:
        """Begin to mark lines at the cursor, or mark none."""
        stand = self.feed.stand
        stand.mark(None if stand.marking else stand.cursor)
        self.feed.hold()
        self.view.redraw()
        self._changed()

    # ---- looking for something

    def ask_time(self) -> None:
        """Ask for a time to go to."""
        self._prompting.ask("time")

    def start_search(self) -> None:
        """Ask for what is searched."""
        self._prompting.ask("search")

    def start_filter(self) -> None:
        """Ask for what is let through."""
        self._prompting.ask("filter")

    @on(Prompt.Entered)
    def _entered(self, event: Prompt.Entered) -> None:
        self._prompting.entered(event.kind, event.text)

    @on(Prompt.Typed)
    def _typed(self, event: Prompt.Typed) -> None:
        self._prompting.typed(event.kind, event.text)

    @on(Prompt.Left)
    def _left(self) -> None:
        self._prompting.leave()

    def set_filter(self, text: str) -> None:
        """Show only lines that fulfil a query; raises QueryError."""
        if self._asking.set_filter(text):
            self._notice = ""
            self.feed.refilter(self._asking.filter.text)
            self._changed()

    def set_search(self, text: str) -> None:
        """Look for a query; raises QueryError."""
        if self._asking.set_search(text):
            self._notice = ""
            self.hunt.forget()
            self._draw()
            self._changed()

    def clear_filter(self) -> None:
        """Show every line."""
        self.set_filter("")

    def escape(self) -> bool:
        """Leave the prompt, the search, the filter or the block: the first of them that there is;
        whether there was one.
        """
        stand = self.feed.stand
        if self._prompting.open:
            self._prompting.leave()
        elif not self._asking.search.empty:
            self.set_search("")
        elif not self._asking.filter.empty:
            self.clear_filter()
        elif stand.marking:
            self.toggle_block()
        else:
            return False
        return True

    def next_hit(self) -> None:
        """The next newer line that the search finds, after the last one the first."""
        self.hunt.next_hit()

    def previous_hit(self) -> None:
        """The next older one, before the first one the last."""
        self.hunt.previous_hit()

    async def next_error(self) -> None:
        """The next error of any service; from the end of the log on, the newest."""
        await self.hunt.next_error()

    def _counted(self) -> None:
        super()._counted()
        self.hunt.counted()

    # ---- from one run to the next

    def remember(self) -> dict[str, object]:
        """What is worth keeping for the next run, as JSON has it."""
        look = self.feed.stand.look
        return {"wrap": look.wrap, "stamps": look.stamps, "past": dict(self._prompt.past)}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """What `remember` gave; what is not understood is left out."""
        stamps = kept.get("stamps")
        self._draw(wrap=kept.get("wrap") is True, stamps=stamps if stamps in STAMPS else STAMPS[0])
        past = kept.get("past")
        for kind, texts in self._prompt.past.items():
            found = past.get(kind) if isinstance(past, dict) else None
            if isinstance(found, list):
                texts[:] = [text for text in found if isinstance(text, str)][-HISTORY:]
