"""What is to become of the services when the dashboard is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from textual.binding import Binding

from ..glyphs import counted
from .panel import Choice, Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

Answer = Literal["stop", "detach"]


class QuitScreen(Dialog[Answer | None]):
    """Enter, or Ctrl-C, stops all, d leaves them running, Escape stays (None).

    `owner`: whether the engine would end with us; `running`: how many services run.
    """

    BINDINGS: ClassVar = [
        Binding("d", "detach", show=False),
        Binding("ctrl+c", "stop", show=False, priority=True),
    ]

    def __init__(self, owner: bool, running: int) -> None:
        super().__init__()
        self._owns = owner
        self._count = running

    def content(self) -> ComposeResult:
        """What runs, and the three ways on."""
        yield from self.heading("Quit dynaport?", self._facts())
        yield Choice("Enter", self._stops(), "stop")
        leaves = "detach: they go on in the background" if self._owns else "leave them running"
        yield Choice("d", leaves, "detach")
        yield Choice("Esc", "stay here", "stay")

    def on_choice_chosen(self, message: Choice.Chosen) -> None:
        """Answer."""
        match message.choice.answer:
            case "stop":
                self.action_stop()
            case "detach":
                self.action_detach()
            case _:
                self.action_stay()

    def action_stop(self) -> None:
        """Stop everything."""
        self.dismiss("stop")

    def action_detach(self) -> None:
        """Leave everything running."""
        self.dismiss("detach")

    def _facts(self) -> str:
        if not self._count:
            return "No service is running."
        verb = "is" if self._count == 1 else "are"
        since = "" if self._owns else ", started elsewhere"
        return f"{counted(self._count, 'service')} {verb} running{since}."

    def _stops(self) -> str:
        if not self._count:
            return "stop dynaport"
        return "stop it" if self._count == 1 else "stop all of them"
