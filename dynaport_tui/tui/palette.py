"""Every action, and what can be done with a single service, in Textual's command palette."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Provider
from textual.fuzzy import FuzzySearch
from textual.markup import escape

from .actions import ACTIONS, shown
from .colours import colours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from textual.command import Hits

    from ..model.view import ServiceStatus, Verb
    from .board import Board

_VERBS: tuple[tuple[Verb, str], ...] = (
    ("restart", "Restart this service."),
    ("reload", "Reload its code without refusing a connection."),
    ("stop", "Stop it."),
    ("start", "Start it, with what it depends on."),
    ("release", "Stop it, give its port up, choose a new one at the next start."),
)
_UNLISTED = frozenset({"palette", "interrupt", "leave"})
"""Of no use from here."""


class Acts(Protocol):
    """What the palette needs of the application."""

    board: Board

    async def act_on(self, verb: Verb, services: Sequence[str]) -> None:
        """Do it, asking first where that is due."""

    def go_to(self, service: str) -> None:
        """Select the service and show its log."""


class Entry(NamedTuple):
    """One thing that can be chosen."""

    name: str
    key: str
    help: str
    run: Callable[[], object]


class ActionProvider(Provider):
    """Actions at first; with a word to search for, services and themes too."""

    async def discover(self) -> Hits:
        """All actions, in the order of the table."""
        for entry in self._actions():
            yield DiscoveryHit(
                self._prompt(entry), entry.run, text=entry.name, help=escape(entry.help)
            )

    async def search(self, query: str) -> Hits:
        """What the letters of the query are found in, in this order, or its words in the help."""
        fuzzy = FuzzySearch()
        words = query.lower().split()
        for entry in (*self._actions(), *self._services(), *self._themes()):
            score, letters = fuzzy.match(query, entry.name)
            if not score and all(word in entry.help.lower() for word in words):
                score = 0.01
            if score:
                prompt = self._prompt(entry, letters)
                yield Hit(score, prompt, entry.run, text=entry.name, help=escape(entry.help))

    def _actions(self) -> Iterator[Entry]:
        for action in ACTIONS:
            if action.id not in _UNLISTED:
                keys = " ".join(map(shown, action.keys))
                run = partial(self.app.run_action, action.id)
                yield Entry(action.label, keys, action.help, run)

    def _services(self) -> Iterator[Entry]:
        app = cast("Acts", self.app)
        snapshot = app.board.snapshot
        for status in snapshot.services if snapshot is not None else ():
            go = partial(app.go_to, status.id)
            yield Entry(f"go to {status.id}", "", f"Select {status.id} and show its log.", go)
            for verb, what in _verbs(status):
                run = partial(app.act_on, verb, [status.id])
                yield Entry(f"{verb} {status.id}", "", what, run)

    def _themes(self) -> Iterator[Entry]:
        for name in sorted(self.app.available_themes):
            run = partial(setattr, self.app, "theme", name)
            yield Entry(f"theme: {name}", "", "Use these colours.", run)

    def _prompt(self, entry: Entry, letters: Sequence[int] = ()) -> Text:
        ink = colours(self.app)
        text = Text(entry.name)
        for letter in letters:
            text.stylize(ink.accent, letter, letter + 1)
        if entry.key:
            text.append(f"  {entry.key}", ink.dim)
        return text


def _verbs(status: ServiceStatus) -> Iterator[tuple[Verb, str]]:
    """What makes sense for a service in this state."""
    for verb, what in _VERBS:
        if status.wanted or verb not in ("stop", "reload"):
            yield verb, what
