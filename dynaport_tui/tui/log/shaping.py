"""What the person has made of the rows: unfolded some, set others apart, drawn rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fields import pretty
from .rows import Detail, Folded, Head, Row, Rule, Single, build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .entry import Key
    from .window import Window

_RULES = 200
_KEYS = 1_000
"""Rows that are remembered as unfolded, and as set apart."""


class Shaping:
    """Turns the lines of a window into rows, as the person wants them."""

    def __init__(self) -> None:
        self._opened: set[Key] = set()
        self._alone: set[Key] = set()
        self._rules: list[Rule] = []
        self._drawn = 0

    def rows(self, window: Window, root: str, *, following: bool) -> Sequence[Row]:
        """Of the lines that the window holds; `root` is the project's folder."""
        entries = window.entries
        end = window.at_end or following
        return build(
            entries,
            rules=[rule for rule in self._rules if entries and _within(rule, window, end)],
            opened=self._opened,
            alone=self._alone,
            root=root,
        )

    def toggle(self, row: Row) -> bool | None:
        """Unfold a row, or fold what it belongs to; whether it is unfolded now.

        None where there is nothing to unfold.
        """
        match row:
            case Folded():
                return self.open(row.key)
            case Head():
                return self._close(row.key)
            case Single() if row.parent is not None:
                return self._close(row.parent)
            case Single() if row.key not in self._opened:
                return self.open(row.key) if pretty(row.entry.plain) else None
            case Single() | Detail():
                return self._close(row.entry.key)
            case Rule():
                return None

    def open(self, key: Key) -> bool:
        """Unfold the row that is known by this key."""
        _put(self._opened, key)
        return True

    def _close(self, key: Key) -> bool:
        self._opened.discard(key)
        return False

    def set_apart(self, key: Key) -> None:
        """Never put this row together with its equals."""
        _put(self._alone, key)

    def draw(self, at: float) -> None:
        """A rule below what was printed before this time."""
        self._drawn += 1
        self._rules = [*self._rules, Rule(at, self._drawn)][-_RULES:]

    def clear(self) -> None:
        """Forget all of it."""
        self._opened.clear()
        self._alone.clear()
        self._rules.clear()


def _within(rule: Rule, window: Window, end: bool) -> bool:
    """Whether a rule belongs among the lines that are held; `end`: nothing follows them."""
    if rule.at < window.entries[0].line.at:
        return window.at_beginning
    return end or rule.at <= window.entries[-1].line.at


def _put(keys: set[Key], key: Key) -> None:
    """Add one; when there are too many, the others are forgotten."""
    if len(keys) >= _KEYS:
        keys.clear()
    keys.add(key)
