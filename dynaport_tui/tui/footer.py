"""The bottom of the screen: the keys that do something now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .actions import BY_ID, Pane, shown
from .bar import Bar, Bit, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .colours import Colours

_OFFERED: dict[Pane, tuple[str, ...]] = {
    "table": (
        "restart", "start_stop", "release", "open_browser", "tab_why", "cycle_logs", "search",
        "filter", "next_error", "copy_traceback", "plain_stream", "graph", "reload", "mark",
        "sort", "zoom", "layout", "edit_file", "copy_url", "run_command",
    ),
    "graph": (
        "restart", "start_stop", "tab_why", "cycle_logs", "graph", "reload", "release", "mark",
        "open_browser", "zoom", "layout",
    ),
    "log": (
        "search", "filter", "next_error", "copy", "copy_traceback", "plain_stream", "follow",
        "wrap", "timestamps", "cycle_logs", "mark_block", "jump_time", "zoom",
        "marker", "edit_error", "layout",
    ),
    "details": (
        "copy", "reveal", "cycle_logs", "previous_tab", "next_tab", "restart", "start_stop",
        "zoom", "layout", "edit_file",
    ),
}  # fmt: skip
"""In the order in which they are worth a place."""

_ALWAYS = ("palette", "help", "quit")


class Footer(Bar):
    """As many keys of the focused pane as fit; always where all others are."""

    def __init__(self) -> None:
        super().__init__("footer")
        self.pane: Pane = "table"
        self.labels: dict[str, str] = {}
        """What an action is called now, where that is not its usual label."""
        self.hidden: set[str] = set()
        """Actions that make no sense now."""

    def lines(self, width: int, colours: Colours) -> Sequence[list[Bit]]:
        """One line: what can be done here, and at its right end the way to everything else."""
        end = [bit for action in _ALWAYS for bit in self._key(action, colours)]
        room = width - width_of(end) - 2
        bits: list[Bit] = [Bit(" ", colours.text)]
        for action in _OFFERED[self.pane]:
            key = self._key(action, colours)
            if action in self.hidden:
                continue
            if width_of(bits) + width_of(key) > room:
                break
            bits += key
        blank = Bit(" " * max(width - width_of(bits) - width_of(end), 0), colours.text)
        return [[*bits, blank, *end]]

    def _key(self, action: str, look: Colours) -> list[Bit]:
        found = BY_ID[action]
        label = self.labels.get(action, found.label)
        return [
            Bit(shown(found.keys[0]), look.accent, action),
            Bit(f" {label}", look.dim, action),
            Bit("  ", look.text),
        ]
