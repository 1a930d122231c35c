"""Every action, and what can be done with a single service, in Textual's command palette."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, cast

from rich.text import Text
from textual import on
from textual.command import CommandPalette, DiscoveryHit, Hit, Provider
from textual.fuzzy import FuzzySearch
from textual.widgets import Input
from textual.worker import WorkerError

from .actions import ACTIONS, shown
from .colours import colours
from .glyphs import ELLIPSIS, UNICODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from textual.command import Hits, ProviderSource

    from ..model.view import ServiceStatus, Verb
    from .app import Dashboard

_VERBS: tuple[tuple[Verb, str], ...] = (
    ("restart", "Restart this service."),
    ("reload", "Reload its code without refusing a connection."),
    ("stop", "Stop it."),
    ("start", "Start it, with what it depends on."),
    ("release", "Stop it, give its port up, choose a new one at the next start."),
)
_UNLISTED = frozenset({"palette", "interrupt", "leave"})
"""Of no use from here."""
_WIDTH = 96
_FRAME = 5
"""Columns that the border, the padding and the scroll bar take."""
_NAME, _KEY = 20, 6
_LOOKING = 1.0
_BY_HELP = 0.01
"""The score of what only its sentence matches."""


class Palette(CommandPalette):
    """The command palette as one calm panel."""

    DEFAULT_CSS = """
    Palette > Vertical {
        width: 96; max-width: 100%; margin-top: 2;
        background: transparent;
        &:dark { background: transparent; }
    }
    Palette #--input {
        background: $surface;
        border: round $foreground 30%;
        &.--list-visible { border-bottom: none; }
        &:ansi { background: ansi_default; border: round ansi_bright_black; }
        &:ansi.--list-visible { border-bottom: none; }
    }
    Palette SearchIcon { display: none; }
    Palette CommandInput, Palette CommandInput:focus { border: none; padding: 0 1; height: 1; }
    Palette CommandList, Palette CommandList:focus {
        background: $surface;
        border: round $foreground 30%;
        border-top: none;
        padding-top: 1;
        scrollbar-size-vertical: 1; scrollbar-background: $surface;
        scrollbar-color: $foreground 20%;
        &:ansi { background: ansi_default; border: round ansi_bright_black; border-top: none; }
    }
    Palette CommandList > .option-list--option { padding: 0 1; text-style: none; }
    Palette CommandList > .option-list--option-highlighted {
        color: $foreground; background: $foreground 12%; text-style: none;
    }
    Palette CommandList:ansi > .option-list--option-highlighted {
        color: ansi_black; background: ansi_white; text-style: none;
    }
    Palette.-many CommandList:ansi > .option-list--option-highlighted {
        color: #ffffff; background: #000000; text-style: bold;
    }
    Palette.-ascii #--input, Palette.-ascii CommandList { border: ascii $foreground 30%; }
    Palette.-ascii #--input:ansi, Palette.-ascii CommandList:ansi {
        border: ascii ansi_bright_black;
    }
    """

    def __init__(
        self, providers: ProviderSource | None = None, placeholder: str = "what to do"
    ) -> None:
        classes = "" if UNICODE else "-ascii"
        super().__init__(providers, placeholder=placeholder, classes=classes)

    def on_mount(self) -> None:
        """With many colours, those of dim text and keys are best read on black."""
        many = self.app.console.color_system in ("256", "truecolor")
        self.set_class(many and not self.app.no_color, "-many")

    @on(Input.Submitted)
    async def _list_all(self) -> None:
        """Enter means the line as it is now: wait, 1 s at most, until the list belongs to it."""
        looking = [worker for worker in self.workers if worker.node is self]
        with suppress(TimeoutError, WorkerError):
            async with asyncio.timeout(_LOOKING):
                for worker in looking:
                    if not worker.is_finished:
                        await worker.wait()


class Entry(NamedTuple):
    """One thing that can be chosen."""

    name: str
    key: str
    help: str
    run: Callable[[], object]


class EntryProvider(Provider):
    """Offers entries by their names; what they are is up to others."""

    def listed(self) -> Iterable[Entry]:
        """What is there before anything was typed."""
        raise NotImplementedError

    def hidden(self) -> Iterable[Entry]:
        """What is only found by searching."""
        return ()

    async def discover(self) -> Hits:
        """All that is listed, in its order."""
        for entry in self.listed():
            yield DiscoveryHit(self._prompt(entry), entry.run, text=entry.name)

    async def search(self, query: str) -> Hits:
        """Names that hold the letters of the query in this order; then sentences with its words."""
        fuzzy = FuzzySearch()
        words = query.lower().split()
        for entry in chain(self.listed(), self.hidden()):
            score, letters = fuzzy.match(query, entry.name)
            if not score and all(word in entry.help.lower() for word in words):
                score = _BY_HELP
            if score:
                yield Hit(score, self._prompt(entry, letters), entry.run, text=entry.name)

    def _prompt(self, entry: Entry, letters: Sequence[int] = ()) -> Text:
        """In one row: the name, its key, and as much of the sentence as has room."""
        ink = colours(self.app)
        text = Text(entry.name)
        for letter in letters:
            text.stylize(ink.accent, letter, letter + 1)
        key = f" {entry.key:<{_KEY}}" if entry.key else ""
        text.pad_right(_NAME + (0 if key else _KEY + 1) - len(text))
        text.append(key, ink.accent)
        text.append(f" {entry.help}", ink.dim)
        room = min(self.app.size.width, _WIDTH) - _FRAME
        if text.cell_len > room:
            text.truncate(room - 1)
            text.append(ELLIPSIS, ink.dim)
        return text


class ThemeProvider(EntryProvider):
    """Colours to choose from."""

    def listed(self) -> Iterator[Entry]:
        """All themes by their names, the present one marked."""
        for name in sorted(self.app.available_themes):
            now = "now" if name == self.app.theme else ""
            yield Entry(name, "", now, partial(setattr, self.app, "theme", name))


class ActionProvider(EntryProvider):
    """Actions at first; with a word to search for, services and themes too."""

    def listed(self) -> Iterator[Entry]:
        """All actions, in the order of the table."""
        for action in ACTIONS:
            if action.id not in _UNLISTED:
                keys = " ".join(map(shown, action.keys))
                run = partial(self.app.run_action, action.id)
                yield Entry(action.label, keys, action.help, run)

    def hidden(self) -> Iterator[Entry]:
        """What can be done with each service, and each theme."""
        app = cast("Dashboard", self.app)
        snapshot = app.board.snapshot
        for status in snapshot.services if snapshot is not None else ():
            go = partial(app.viewing.open, status.id)
            yield Entry(f"go to {status.id}", "", f"Select {status.id} and show its log.", go)
            for verb, what in _verbs(status):
                run = partial(_act, app, verb, status.id)
                yield Entry(f"{verb} {status.id}", "", what, run)
        for name in sorted(self.app.available_themes):
            run = partial(setattr, self.app, "theme", name)
            yield Entry(f"theme: {name}", "", "Use these colours.", run)


def _act(app: Dashboard, verb: Verb, service: str) -> None:
    app.run_worker(app.acts.on(verb, service), group="actions")


def _verbs(status: ServiceStatus) -> Iterator[tuple[Verb, str]]:
    """What makes sense for a service in this state."""
    for verb, what in _VERBS:
        if status.wanted or verb not in ("stop", "reload"):
            yield verb, what
