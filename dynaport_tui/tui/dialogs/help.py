"""Every key on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from ..actions import ACTIONS
from ..glyphs import DOT, UNICODE
from .panel import Dialog
from .sheet import CLICKED, arranged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

    from ..actions import Action

_WIDEST = 190
_FRAME = 7
"""Columns that the border, the padding and the scroll bar take."""


class Page(VerticalScroll):
    """Scrolls as every pane does."""

    BINDINGS: ClassVar = [
        Binding("down,j", "scroll_down", show=False),
        Binding("up,k", "scroll_up", show=False),
        Binding("pagedown,ctrl+d,space", "page_down", show=False),
        Binding("pageup,ctrl+u", "page_up", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end,G", "scroll_end", show=False),
    ]


class HelpScreen(Dialog[str]):
    """All actions with their keys, the language of filters, the mouse; any of ?, q, Enter and
    Escape closes it, and a click on an action closes it with that.
    """

    DEFAULT_CSS = f"""
    HelpScreen #panel {{ width: 100%; max-width: {_WIDEST}; border-subtitle-color: $text-muted; }}
    HelpScreen Page {{
        height: auto; max-height: 100%;
        scrollbar-size-vertical: 1; scrollbar-background: $surface;
        scrollbar-color: $foreground 20%;
    }}
    HelpScreen #sheet {{ width: auto; height: auto; padding: 0 1; }}
    """
    BINDINGS: ClassVar = [Binding("question_mark,q,enter", "stay", show=False)]

    def __init__(self, actions: Sequence[Action] = ACTIONS) -> None:
        super().__init__()
        self._actions = actions

    def content(self) -> ComposeResult:
        """The page, filled as soon as its width is known."""
        with Page():
            yield Static(id="sheet")

    def on_mount(self) -> None:
        """Keys scroll at once."""
        arrows = "↑↓" if UNICODE else "up down"
        self.query_one("#panel").border_subtitle = f"{arrows} scroll {DOT} Esc back"
        self.query_one(Page).focus()

    def on_resize(self, event: events.Resize) -> None:
        """As many columns as have room."""
        width = min(event.size.width, _WIDEST) - _FRAME
        self.query_one("#sheet", Static).update(arranged(self._actions, width, self.app))

    def on_click(self, event: events.Click) -> None:
        """A key can be clicked as in the footer."""
        action = event.style.meta.get(CLICKED)
        if action is not None:
            event.stop()
            self.dismiss(action)
