"""One line at the lower edge of the pane for what is searched, filtered or gone to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from ..colours import colours
from ..glyphs import UNICODE

if TYPE_CHECKING:
    from textual.app import ComposeResult

Kind = Literal["search", "filter", "time"]
_LABELS: dict[Kind, str] = {"search": "/", "filter": "filter", "time": "go to"}
_HINTS: dict[Kind, str] = {
    "search": "Enter goes to the newest hit, Esc leaves",
    "filter": f"level:error svc:users -text re:/{'…' if UNICODE else '...'}/",
    "time": "12:00  12:00:01  5m ago",
}
HISTORY = 50
"""Texts of each kind that are kept."""


class Prompt(Horizontal):
    """Hidden until something is asked; up and down go through what was asked before."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; }
    Prompt Static { width: auto; max-width: 60%; padding: 0 1; }
    Prompt Input { width: 1fr; height: 1; border: none; padding: 0; background: transparent; }
    Prompt Input:focus { border: none; background-tint: transparent 0%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("up", "past(1)", "earlier", show=False),
        Binding("down", "past(-1)", "later", show=False),
    ]

    class Typed(Message):
        """The text is another one."""

        def __init__(self, kind: Kind, text: str) -> None:
            super().__init__()
            self.kind: Kind = kind
            self.text = text

    class Entered(Message):
        """The text is meant."""

        def __init__(self, kind: Kind, text: str) -> None:
            super().__init__()
            self.kind: Kind = kind
            self.text = text

    class Left(Message):
        """Nothing is asked any more."""

        def __init__(self, kind: Kind) -> None:
            super().__init__()
            self.kind: Kind = kind

    def __init__(self) -> None:
        super().__init__()
        self.kind: Kind = "search"
        self.past: dict[Kind, list[str]] = {"search": [], "filter": [], "time": []}
        self._back = 0
        self._label = Static()
        self._input = Input(compact=True, select_on_focus=False)
        self._side = Static()

    def compose(self) -> ComposeResult:
        """Label, text, and what is to be said of it."""
        yield self._label
        yield self._input
        yield self._side

    def ask(self, kind: Kind, text: str = "") -> None:
        """Open with a text to change."""
        self.kind = kind
        self._back = 0
        self.display = True
        self._label.update(Text(_LABELS[kind], style=colours(self.app).accent))
        with self.prevent(Input.Changed):
            self._input.value = text
        self._input.cursor_position = len(text)
        self.say("")
        self.screen.set_focus(self._input)  # now: keys that were typed ahead belong here

    def close(self) -> None:
        """Hide; whoever had the focus before has to take it."""
        self.display = False

    def remember(self, text: str) -> None:
        """Have it among what was asked before."""
        past = self.past[self.kind]
        if text and text in past:
            past.remove(text)
        if text:
            past.append(text)
        del past[:-HISTORY]

    def say(self, wrong: str) -> None:
        """What is wrong with the text, at its right; a hint where nothing is."""
        ink = colours(self.app)
        style = Style(color=ink.bad.color) if wrong else ink.dim
        self._side.update(Text(wrong or _HINTS[self.kind], style=style, no_wrap=True))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass it on."""
        event.stop()
        self.post_message(self.Typed(self.kind, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Pass it on."""
        event.stop()
        self.post_message(self.Entered(self.kind, event.value))

    def action_leave(self) -> None:
        """Pass it on."""
        self.post_message(self.Left(self.kind))

    def action_past(self, by: int) -> None:
        """An earlier text, or a later one."""
        past = self.past[self.kind]
        self._back = min(max(self._back + by, 0), len(past))
        text = past[-self._back] if self._back else ""
        self._input.value = text
        self._input.cursor_position = len(text)
