"""A command line for the environment of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widgets import Input, Static

from ..glyphs import UNICODE
from .panel import Dialog, hints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class CommandLine(Input):
    """One line, and the earlier ones by up and down."""

    DEFAULT_CSS = """
    CommandLine, CommandLine:focus {
        border: none; height: 1; padding: 0 2; margin: 0 0 1 0; background: $foreground 9%;
    }
    CommandLine:ansi, CommandLine:ansi:focus { background: ansi_default; }
    """
    BINDINGS: ClassVar = [
        Binding("up", "earlier", show=False),
        Binding("down", "later", show=False),
    ]

    def __init__(self, history: Sequence[str], placeholder: str) -> None:
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False)
        self._lines = [*history, ""]
        self._at = len(history)

    def action_earlier(self) -> None:
        """The command before this one."""
        self._go(self._at - 1)

    def action_later(self) -> None:
        """The one after it, at the end what was being written."""
        self._go(self._at + 1)

    def _go(self, at: int) -> None:
        if not 0 <= at < len(self._lines):
            return
        if self._at == len(self._lines) - 1:
            self._lines[-1] = self.value
        self._at = at
        self.value = self._lines[at]
        self.cursor_position = len(self.value)


class CommandScreen(Dialog[str | None]):
    """Enter gives the line, Escape or an empty one None; `history` has the oldest first."""

    def __init__(self, service: str, history: Sequence[str] = ()) -> None:
        super().__init__()
        self._service = service
        self._history = history

    def content(self) -> ComposeResult:
        """Where it will run, and the line."""
        detail = "In its folder and with its variables, by the shell."
        yield from self.heading(f"Run a command for {self._service}", detail)
        yield CommandLine(self._history, "flask db upgrade")
        yield Static(
            hints(self.app, ("Enter", "runs it"), *self._earlier(), ("Esc", "back")), id="hints"
        )

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """That is the command."""
        self.dismiss(message.value.strip() or None)

    def _earlier(self) -> list[tuple[str, str]]:
        return [("↑" if UNICODE else "Up", "earlier ones")] if self._history else []
