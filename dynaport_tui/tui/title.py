"""The rule above the lower pane: its tabs, and what is to be known of the one that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from rich.cells import cell_len

from . import glyphs
from .bar import Bar, Bit, width_of
from .pieces import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from .colours import Colours

Tab = Literal["logs", "why", "requests", "environment", "config", "ports"]
TABS: tuple[Tab, ...] = get_args(Tab)

_STATUS_LEAST = 12


class Title(Bar):
    """The active tab with its subject, the others beside it, a status at the right end."""

    def __init__(self) -> None:
        super().__init__("title")
        self.tab: Tab = "logs"
        self.subject = ""
        """What the active tab shows, with the tab's own name: `logs · users`."""
        self.status = ""
        self.focused = False

    def lines(self, width: int, colours: Colours) -> Sequence[list[Bit]]:
        """One line; where it is narrow the other tabs are only numbers, then the status is cut."""
        rule = colours.busy if self.focused else colours.rule
        status = self.status
        wide = self._tabs(colours, rule, named=True)
        tabs = wide
        if width_of(wide) + cell_len(status) + 6 > width:
            tabs = self._tabs(colours, rule, named=False)
        room = width - width_of(tabs) - 6
        if cell_len(status) > room:
            status = _shortened(status, room)
        end = f" {status} " if status else ""
        blank = width - width_of(tabs) - cell_len(end) - 2
        return [
            [
                *tabs,
                Bit(glyphs.RULE * max(blank, 0), rule),
                Bit(end, colours.dim),
                Bit(glyphs.RULE * 2, rule),
            ]
        ]

    def _tabs(self, look: Colours, rule: Style, *, named: bool) -> list[Bit]:
        bits = [Bit(glyphs.RULE, rule)]
        for number, tab in enumerate(TABS, 1):
            action = f"tab_{tab}"
            if tab == self.tab:
                style = look.accent if self.focused else look.text
                text = f" {number} {self.subject or tab} "
                bits += [Bit(text, style, action), Bit(glyphs.RULE, rule)]
            else:
                text = f" {number} {tab} " if named else f" {number} "
                bits += [Bit(text, look.dim, action)]
        return bits


def _shortened(status: str, room: int) -> str:
    """Facts are left out, the first and the last one last, before one is cut."""
    between = f" {glyphs.DOT} "
    facts = status.split(between)
    while len(facts) > 1 and cell_len(between.join(facts)) > room:
        facts.pop(1 if len(facts) > 2 else -1)
    text = between.join(facts)
    return text if cell_len(text) <= room else fit(text, room) if room >= _STATUS_LEAST else ""
