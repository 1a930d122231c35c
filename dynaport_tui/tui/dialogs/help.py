"""Every key on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from ..actions import ACTIONS
from .panel import Dialog, hints
from .sheet import arranged, columns_in, sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

    from ..actions import Action

_FRAME = 8
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


class HelpScreen(Dialog[None]):
    """All actions with their keys, the language of filters, the mouse; any of ?, q, Enter and
    Escape closes it.
    """

    DEFAULT_CSS = """
    HelpScreen #panel { width: 100%; max-width: 190; }
    HelpScreen Page { height: auto; max-height: 1fr; scrollbar-size-vertical: 1; }
    HelpScreen #sheet { width: auto; height: auto; padding: 0 1; }
    HelpScreen #hints { height: 1; padding: 0 1; margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar = [Binding("question_mark,q,enter", "stay", show=False)]

    def __init__(self, actions: Sequence[Action] = ACTIONS) -> None:
        super().__init__()
        self._sections = sections(actions)

    def content(self) -> ComposeResult:
        """The page, filled as soon as its width is known."""
        with Page():
            yield Static(id="sheet")
        yield Static(hints(self.app, ("up down", "scroll"), ("Esc", "back")), id="hints")

    def on_mount(self) -> None:
        """Keys scroll at once."""
        self.query_one(Page).focus()

    def on_resize(self, event: events.Resize) -> None:
        """As many columns as have room."""
        width = min(event.size.width, 190) - _FRAME
        sheet = arranged(self._sections, columns_in(width), width, self.app)
        self.query_one("#sheet", Static).update(sheet)
