"""What all dialogs are made of: a small panel with one thin border, and rows to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from ..colours import colours
from ..glyphs import BAR, UNICODE

if TYPE_CHECKING:
    from textual import events
    from textual.app import App, ComposeResult

T = TypeVar("T")

_BOLD = Style(bold=True)


class Choice(Static, can_focus=True):
    """One answer: the key that gives it and what it means; Enter and a click give it too."""

    DEFAULT_CSS = """
    Choice { width: 100%; height: auto; }
    Choice:focus { background: $foreground 9%; }
    Choice:hover { background: $foreground 9%; }
    Choice:ansi { background: ansi_default; }
    """
    BINDINGS: ClassVar = [Binding("enter,space", "choose", show=False)]

    class Chosen(Message):
        """The person has decided."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, key: str, label: str, answer: str) -> None:
        super().__init__()
        self._key = key
        self._label = label
        self.answer = answer

    def render(self) -> Text:
        """The bar stands where Enter acts."""
        ink = colours(self.app)
        bar = (BAR, ink.accent) if self.has_focus else (" ", ink.text)
        return Text.assemble(bar, " ", (f"{self._key:<9}", ink.accent), (self._label, ink.text))

    def on_focus(self) -> None:
        """Show the bar."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide it."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click decides."""
        event.stop()
        self.action_choose()

    def action_choose(self) -> None:
        """Enter decides."""
        self.post_message(self.Chosen(self))


class Dialog(ModalScreen[T], Generic[T]):
    """A panel in the middle; Escape, or a click beside it, changes nothing."""

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog #panel {
        width: 56; max-width: 100%; height: auto; max-height: 100%;
        background: $surface;
        border: round $foreground 30%;
        padding: 0 1;
    }
    Dialog #panel:ansi { background: ansi_default; border: round ansi_bright_black; }
    Dialog.-ascii #panel { border: ascii $foreground 30%; }
    Dialog.-ascii #panel:ansi { border: ascii ansi_bright_black; }
    Dialog #hints { width: 100%; height: auto; padding: 0 2; }
    Dialog #title { width: 100%; height: auto; padding: 0 2; }
    Dialog #detail { width: 100%; height: auto; padding: 0 2; margin: 0 0 1 0; }
    """
    BINDINGS: ClassVar = [
        Binding("escape", "stay", show=False),
        Binding("up,k", "app.focus_previous", show=False),
        Binding("down,j", "app.focus_next", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(classes="" if UNICODE else "-ascii")

    def compose(self) -> ComposeResult:
        """The panel and what is in it."""
        with Vertical(id="panel"):
            yield from self.content()

    def content(self) -> ComposeResult:
        """What stands inside the border."""
        raise NotImplementedError

    def heading(self, title: str, detail: str) -> ComposeResult:
        """One bold line and, below it, what there is to know before deciding."""
        ink = colours(self.app)
        yield Static(Text(title, style=ink.text + _BOLD), id="title")
        yield Static(Text(detail, style=ink.dim), id="detail")

    def on_click(self, event: events.Click) -> None:
        """A click beside the panel is no answer; one inside it leaves the question open."""
        below, _ = self.get_widget_at(event.screen_x, event.screen_y)
        if below is self:
            self.action_stay()

    def action_stay(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)


def hints(app: App[object], *pairs: tuple[str, str]) -> Text:
    """Keys and what they do, in one line."""
    ink = colours(app)
    parts = [Text.assemble((key, ink.accent), " ", (what, ink.dim)) for key, what in pairs]
    return Text("  ").join(parts)
