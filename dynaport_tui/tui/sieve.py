"""The line below the table in which a person types which services to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from .colours import colours

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Sieve(Horizontal):
    """Says each change at once; Enter keeps the filter and Escape drops it."""

    class Typed(Message):
        """The text is another one."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """Typing is over."""

        def __init__(self, *, kept: bool) -> None:
            super().__init__()
            self.kept = kept

    DEFAULT_CSS = """
    Sieve { height: 1; }
    Sieve Static { width: auto; padding: 0 1; }
    Sieve Input { width: 1fr; height: 1; border: none; padding: 0; background: transparent; }
    Sieve Input:focus { border: none; background-tint: transparent 0%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close(False)", show=False),
        Binding("up,down,tab", "close(True)", show=False),
    ]

    def __init__(self, text: str) -> None:
        super().__init__(id="sieve")
        self._input = Input(text, compact=True, select_on_focus=False)
        self._label = Static()
        self._side = Static()

    def compose(self) -> ComposeResult:
        """Label, text, and how many are shown."""
        yield self._label
        yield self._input
        yield self._side

    def on_mount(self) -> None:
        """Ready to type."""
        self._label.update(Text("filter", style=colours(self.app).accent))
        self.screen.set_focus(self._input)  # now: keys that were typed ahead belong here

    def say(self, text: str) -> None:
        """At the right of the text."""
        self._side.update(Text(text, style=colours(self.app).dim, no_wrap=True))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass it on."""
        event.stop()
        self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Pass it on."""
        event.stop()
        self.action_close(True)

    def action_close(self, kept: bool) -> None:
        """Pass it on."""
        self.post_message(self.Closed(kept=kept))
