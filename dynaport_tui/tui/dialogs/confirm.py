"""One question before something that cannot be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from .panel import Choice, Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult


class ConfirmScreen(Dialog[bool]):
    """Enter or y does it, Escape or n does not.

    `question` is one line, `detail` what follows from it, `yes` the verb (`release the port`).
    """

    BINDINGS: ClassVar = [
        Binding("y", "do", show=False),
        Binding("n", "stay", show=False),
    ]

    def __init__(self, question: str, detail: str, yes: str) -> None:
        super().__init__()
        self._question = question
        self._detail = detail
        self._yes = yes

    def content(self) -> ComposeResult:
        """The question and both answers."""
        yield from self.heading(self._question, self._detail)
        yield Choice("Enter y", self._yes, "yes")
        yield Choice("Esc n", "leave it as it is", "no")

    def on_choice_chosen(self, message: Choice.Chosen) -> None:
        """Answer."""
        self.dismiss(message.choice.answer == "yes")

    def action_do(self) -> None:
        """Yes."""
        self.dismiss(True)

    def action_stay(self) -> None:
        """No."""
        self.dismiss(False)
