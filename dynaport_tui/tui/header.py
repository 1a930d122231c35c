"""The top of the screen: which project this is, how it is, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.cells import cell_len

from . import glyphs
from .bar import Bar, Bit, width_of
from .pieces import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model.view import ServiceStatus, Snapshot
    from .board import Board
    from .colours import Colours
    from .glyphs import Ink, Word

_NAMED: tuple[tuple[Word, Ink], ...] = (
    ("broken", "bad"),
    ("backing off", "warn"),
    ("unhealthy", "warn"),
    ("old code", "warn"),
    ("waiting", "busy"),
    ("starting", "busy"),
    ("running", "busy"),
    ("stopping", "dim"),
    ("stopped", "dim"),
)
_GAP = 3
_READY = ("ready", "done", "reloading", "old code")
"""What serves, or has done what it was there for."""


def counts(services: Sequence[ServiceStatus]) -> list[tuple[str, Ink]]:
    """`4 of 6 ready`, `1 broken`, `1 waiting`: the states in the order of their weight."""
    words = [glyphs.state_word(status) for status in services]
    ready = sum(word in _READY for word in words)
    meant = sum(word != "stopped" for word in words)
    found: list[tuple[str, Ink]] = []
    if services:
        ink: Ink = "good" if ready == meant else "text"
        found.append((f"{ready} of {meant} ready" if meant else "all stopped", ink))
    for word, ink in _NAMED:
        if (n := words.count(word)) and (word != "stopped" or meant):
            found.append((f"{n} {word}", ink))
    return found


class Header(Bar):
    """One line of facts and a rule, which is brighter while the upper pane has the focus."""

    def __init__(self, board: Board) -> None:
        super().__init__("header")
        self._board = board
        self.busy = ""
        """What is going on with the project as a whole, in place of the counts."""
        self.note = ""
        """At the right of the rule."""
        self.focused = True
        self.split: int | None = None
        """Where a divider begins below the rule."""

    def lines(self, width: int, colours: Colours) -> Sequence[list[Bit]]:
        """The facts that fit, the important ones first."""
        return [self._facts(width, colours), self._rule(width, colours)]

    def _facts(self, width: int, look: Colours) -> list[Bit]:
        snapshot = self._board.snapshot
        if snapshot is None:
            return [Bit(" dynaport", look.accent), Bit("  connecting to the engine", look.dim)]
        left = _project(snapshot, look)
        middle = self._state(snapshot, look)
        right = _totals(snapshot, look)
        while right and width_of(left) + width_of(middle) + _total_width(right) + 2 * _GAP > width:
            right.pop(0)
        if width_of(left) + width_of(middle) + _GAP > width:
            left = left[1:2]
        middle = _fitting(middle, width - _GAP - 8)
        room = width - width_of(middle) - _GAP
        if width_of(left) > room:
            left = [Bit(fit(left[0].text, room), left[0].style)]
        ends = [bit for group in right for bit in group]
        room = width - width_of(left) - width_of(middle) - width_of(ends)
        before = max(min(room // 2, (width - width_of(middle)) // 2 - width_of(left)), _GAP)
        after = max(room - before, 0)
        return [*left, Bit(" " * before, look.text), *middle, Bit(" " * after, look.text), *ends]

    def _state(self, snapshot: Snapshot, look: Colours) -> list[Bit]:
        if self.busy:
            return [Bit(self.busy, look.warn)]
        bits: list[Bit] = []
        for text, ink in counts(snapshot.services):
            if bits:
                bits.append(Bit(f" {glyphs.DOT} ", look.dim))
            bits.append(Bit(text, getattr(look, ink)))
        return bits

    def _rule(self, width: int, look: Colours) -> list[Bit]:
        style = look.busy if self.focused else look.rule
        split = width if self.split is None else min(self.split, width)
        note = fit(f" {self.note} ", min(cell_len(self.note) + 2, split)) if self.note else ""
        end = glyphs.RULE * 2 if cell_len(note) + 2 <= split and note else ""
        line = glyphs.RULE * (split - cell_len(note) - len(end))
        upper = [Bit(line, style), Bit(note, look.dim), Bit(end, style)]
        if split == width:
            return upper
        beside = glyphs.RULE * (width - split - 1)
        return [*upper, Bit(glyphs.TEE, look.rule), Bit(beside, look.rule)]


def _project(snapshot: Snapshot, look: Colours) -> list[Bit]:
    project = snapshot.project
    profiles = "".join(f" {glyphs.DOT} {name}" for name in project.profiles)
    name = Bit(f" {project.name}", look.text)
    found = [Bit(" dynaport ", look.accent), name]
    return [*found, Bit(profiles, look.dim)] if profiles else found


def _fitting(bits: list[Bit], room: int) -> list[Bit]:
    """Without the last groups where they would not fit; each has a dot before it."""
    while len(bits) > 1 and width_of(bits) > room:
        bits = bits[:-2]
    return bits


def _totals(snapshot: Snapshot, look: Colours) -> list[list[Bit]]:
    """What is left out first comes first."""
    project, services = snapshot.project, snapshot.services
    groups: list[list[Bit]] = []
    for address, what in ((project.dashboard, "dashboard"), (project.gateway, "gateway")):
        if address:
            groups.append([Bit(_short(address), look.text), Bit(f" {what}   ", look.dim)])
    cpu = [s.cpu_percent for s in services if s.cpu_percent is not None]
    if cpu:
        groups.append(
            [Bit("cpu ", look.dim), Bit(f"{sum(cpu):.0f}", look.text), Bit("%   ", look.dim)]
        )
    memory = [s.rss_bytes for s in services if s.rss_bytes is not None]
    if memory:
        number, _, unit = glyphs.size(sum(memory)).partition(" ")
        groups.append([Bit("mem ", look.dim), Bit(number, look.text), Bit(f" {unit} ", look.dim)])
    return groups


def _short(address: str) -> str:
    """Of an address on this machine the port says enough."""
    parts = urlsplit(address)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    return f":{parts.port}" if local and parts.port else address


def _total_width(groups: list[list[Bit]]) -> int:
    return sum(width_of(group) for group in groups)
