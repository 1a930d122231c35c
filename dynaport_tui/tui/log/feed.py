"""Brings the lines to the view: fetched where it looks, as rows, without moving what is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.view import BEGINNING, Place
from .bursts import older_at
from .loader import Loader
from .rows import Folded
from .shaping import Shaping

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...model.view import ActionError
    from ..source import Source
    from .rows import Row
    from .screen import Screen
    from .shown import Shown
    from .view import LogView


class Feed:
    """What the view shows of the logs that `shown` names, filtered.

    `changed` is called when what is shown, or what is known of it, is another.
    """

    def __init__(
        self, source: Source, shown: Shown, view: LogView, changed: Callable[[], None]
    ) -> None:
        self._shown = shown
        self._view = view
        self._changed = changed
        self._shaping = Shaping()
        self._goal: Place | None = None
        self._unfold = False
        self._held = 0
        self.loader = Loader(source, self._loaded, self._refused)
        self.refusal = ""
        """What the engine said to the last query that it did not take."""
        self.arrived: Callable[[], None] = lambda: None
        """Called when a place that was gone to is on the screen."""
        self.earlier: Callable[[Shaping], Sequence[Row]] = lambda _shaping: ()
        """Gives the rows of what stands where nothing has been printed yet."""

    @property
    def stand(self) -> Screen:
        """Of the view."""
        return self._view.stand

    @property
    def new(self) -> int:
        """Lines that were printed since it was paused."""
        return 0 if self.stand.following else max(self._shown.lines - self._held, 0)

    # ---- what is looked at

    def look(self, filter: str) -> None:  # noqa: A002
        """Begin with the newest lines, and follow."""
        self.refusal = ""
        self.stand.mark(None)
        self._follow(True)
        self._goal = None
        self.loader.look(self._shown.services, filter, None)

    def refilter(self, filter: str) -> None:  # noqa: A002
        """Show other lines of the same logs, at the same place."""
        row = self.stand.last()
        if self.stand.following or row is None:
            self.look(filter)
            return
        self.stand.mark(None)
        self._goal = row.place
        self.loader.look(self._shown.services, filter, row.place)

    def go(self, place: Place, *, unfold: bool = False, filter: str | None = None) -> None:  # noqa: A002
        """The cursor to the line at a place, or to the next one that is shown."""
        self._follow(False)
        loader = self.loader
        entries = loader.window.entries
        filter_ = loader.filter if filter is None else filter
        self._goal, self._unfold = place, unfold
        same = (loader.services, loader.filter) == (self._shown.services, filter_)
        here = bool(entries) and entries[0].place <= place <= entries[-1].place
        if same and here and not loader.pending:
            self._arrive()
            self._view.redraw()
            self.attend()
        else:
            loader.look(self._shown.services, filter_, place)

    def go_top(self) -> None:
        """The oldest line that is kept."""
        if self.loader.window.at_beginning:
            self._follow(False)
            self.stand.go(0)
            self.attend()
            self._view.redraw()
        else:
            self.go(BEGINNING)

    def go_end(self) -> None:
        """The newest line, and follow."""
        self.stand.mark(None)
        self._follow(True)
        if not self.loader.window.at_end:
            self.loader.look(self._shown.services, self.loader.filter, None)
        self._view.redraw()

    def hold(self) -> None:
        """Stay here while lines come."""
        self._follow(False)

    # ---- what came

    def advanced(self) -> None:
        """The logs have grown, or one of them is gone."""
        if self._shown.services != self.loader.services:
            self.refilter(self.loader.filter)
        self.loader.advanced(self._shown.lines)

    def attend(self) -> None:
        """Take note of where the view stands now: more lines may be needed there."""
        stand, window = self.stand, self.loader.window
        self._follow(stand.following)
        self.loader.screen = stand.height
        if not window.asked or (stand.marking and window.full):
            return
        last = stand.lines()[-1][0] + 1 if stand.rows else 0
        above, below = stand.top.row, len(stand.rows) - last
        far = 2 * stand.height
        if stand.following:
            if above == 0 and len(stand.lines()) < stand.height and not window.full:
                self._older()
        elif above < stand.height and not (window.full and below < far):
            self._older()
        elif below < stand.height and not window.at_end and not (window.full and above < far):
            self.loader.want_newer()

    def _older(self) -> None:
        if not self.loader.window.at_beginning:
            self.loader.want_older()

    def _loaded(self) -> None:
        self.redo()
        self._arrive()
        self.attend()
        self._view.redraw()
        self._changed()

    def _refused(self, error: ActionError) -> None:
        self.refusal = error.message

    def redo(self) -> None:
        """Make the rows anew from the lines that are held."""
        following = self.stand.following
        rows = self._shaping.rows(self.loader.window, self._shown.root, following=following)
        self._view.show(rows or (() if self.loader.filter else self.earlier(self._shaping)))

    def _arrive(self) -> None:
        if self.loader.pending:
            return
        goal, self._goal = self._goal, None
        if goal is None or not self.loader.window.entries:
            return
        if (traceback := older_at(self.stand.rows, goal)) is not None:
            self._shaping.set_apart(traceback)
            self.redo()
        self.stand.seek(goal)
        if self._unfold and self._open_at(goal):
            self.stand.seek(goal)
        self._unfold = False
        self.arrived()

    def _open_at(self, goal: Place) -> bool:
        """Unfold what hides a line that was searched for."""
        row = self.stand.rows[self.stand.cursor]
        if not isinstance(row, Folded) or goal not in [entry.place for entry in row.said]:
            return False
        self._shaping.open(row.key)
        self.redo()
        self.stand.uncover()
        return True

    def _follow(self, on: bool) -> None:
        if on != self.loader.following:
            self._held = self._shown.lines
        self.loader.following = on
        if self.stand.following is not on:
            self.stand.follow(on)

    # ---- what the person changes

    def toggle_fold(self) -> None:
        """Unfold the row with the cursor, or fold what it belongs to."""
        if not self.stand.rows:
            return
        opened = self._shaping.toggle(self.stand.rows[self.stand.cursor])
        if opened is None:
            return
        # The person looks at this row: it must not run away.
        self._follow(False)
        self.redo()
        self.stand.go(self.stand.cursor)
        if opened:
            self.stand.uncover()
        self.attend()
        self._view.redraw()
        self._changed()

    def draw_rule(self, at: float) -> None:
        """A line under the log as it is now."""
        self._shaping.draw(at)
        self.redo()

    def forget(self) -> None:
        """Nothing that was known holds: it is another engine."""
        self._shaping.clear()
        self.loader.window.clear()
        self.redo()  # no row of before may be painted again under the number of another line
        self.stand.forget()
        self.look(self.loader.filter)
