"""What every part of the dashboard may ask of the application."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.app import App, SuspendNotSupported

from ..control.client import NoAnswer, NotRunning
from ..model.view import ActionError
from .opening import Ending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from textual.screen import Screen

    from .opening import Opening
    from .tales import Weight

T = TypeVar("T")


class Host(App[Ending], inherit_bindings=False):
    """Tells, asks, copies and leaves the screen for a while."""

    def __init__(self, opening: Opening) -> None:
        # Without colours every style stays as it is but for these; None: as the theme says.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.opening = opening

    def tell(self, text: str, weight: Weight = "information") -> None:
        """A toast, which takes no part of its text for more than text."""
        self.notify(text, severity=weight, markup=False, timeout=8 if weight == "error" else 4)

    async def granted(self, wish: Awaitable[T]) -> T | None:
        """What the engine answers; where it does not, the person is told and it is None."""
        try:
            return await wish
        except ActionError as refusal:
            self.tell(f"{refusal.message} {refusal.hint}".rstrip(), "error")
        except (NotRunning, NoAnswer) as error:
            self.tell(str(error), "error")
        return None

    async def ask(self, dialog: Screen[Any]) -> Any:
        """The answer of a dialog; only where a worker runs."""
        return await self.push_screen_wait(dialog)

    async def confirm(self, question: str, detail: str, yes: str) -> bool:
        """Whether the person means it."""
        from .dialogs.confirm import ConfirmScreen

        return bool(await self.ask(ConfirmScreen(question, detail, yes)))

    async def copy(self, data: bytes, what: str) -> None:
        """Into the clipboard; says where it went."""
        from .clipboard import copy

        self.tell(await copy(cast("App[object]", self), data, what, self.opening.state))

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """The normal screen for the length of the block; nothing is done where there is none."""
        try:
            with self.suspend():
                yield
        except SuspendNotSupported:
            self.tell("this terminal cannot be left", "error")
