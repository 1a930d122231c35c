"""The log as plain lines in the normal screen, for the terminal's own selection and scrollback."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec

from ..control.client import Client, NoAnswer, NotRunning
from ..model.text import plain, wants_colour
from ..model.view import BEGINNING, ActionError, LogLine, LogQuery, Place
from .glyphs import ELLIPSIS, UNICODE, counted
from .terminal import END, ENTER, ESCAPE, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ..model.palette import Palette
    from ..model.view import LogPage, Snapshot

BACKFILL = 500
"""Lines that are printed at first."""
PAGE = 500
TURN = 4
"""Pages in a row before the newest is shown instead."""
PAUSE = 0.15
"""Seconds between two looks."""
PATIENCE = 2.0
"""Seconds that the engine has for an answer, in which no key is heard."""
GIVE_UP = 5
"""Answers in a row that may fail to come."""
HOLD = " "
_LEAVE = frozenset({"p", "q", ENTER, ESCAPE, END})
_DIM = "2"
_NAMES = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
"""Colours of services, by the index that their names give."""


def plain_stream(
    path: Path,
    query: LogQuery,
    upto: Place | None,
    palette: Palette,
    title: str,
    terminal: Terminal | None = None,
) -> None:
    """Print what the query finds until p, q, Enter, Escape or Ctrl-C, or until the engine ends.

    `path` is the control socket. First come the last 500 lines, then what follows. With `upto` it
    ends at that line and holds still; Space goes on and holds. For the terminal as the shell left
    it: inside `App.suspend()`, which this blocks.
    """
    terminal = terminal or Terminal()
    client = Client(path, timeout=PATIENCE)
    with terminal.single_keys():
        try:
            lines = _Lines(client.snapshot(), query, palette)
            _Stream(client, query, lines, terminal).run(title, upto)
        except NotRunning:
            terminal.write("\nthe engine has ended: nothing follows\n")
        except (NoAnswer, ActionError) as error:
            terminal.write(f"\nthe stream ends here: {error}\n")


class _Lines:
    """How a line is written: bare for one service, else with its time and name."""

    def __init__(self, snapshot: Snapshot, query: LogQuery, palette: Palette) -> None:
        services = query.services or [status.id for status in snapshot.services]
        self._bare = len(services) == 1
        self._width = max(map(len, services), default=0)
        self._colour = wants_colour(os.environ, terminal=True)
        self._palette = palette

    def text(self, lines: Iterable[LogLine]) -> str:
        """They with their line feeds."""
        return "".join(map(self._line, lines))

    def own(self, text: str) -> str:
        """A line of ours."""
        return f"{self._painted(text, _DIM)}\n"

    def _line(self, line: LogLine) -> str:
        text = line.text
        if "\x1b" in text:
            text = f"{text}\x1b[0m" if self._colour else plain(text)
        if self._bare:
            return f"{text}\n"
        colour = _NAMES[self._palette.index(line.service)]
        name = self._painted(f"{line.service:{self._width}}", colour)
        return f"{self._painted(_clock(line.at), _DIM)} {name} | {text}\n"

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


class _Stream:
    """How far the log was printed, and whether it holds still."""

    def __init__(self, client: Client, query: LogQuery, lines: _Lines, terminal: Terminal) -> None:
        self._client = client
        self._query = query
        self._lines = lines
        self._terminal = terminal
        self._at = BEGINNING
        """Everything up to here was printed or left out."""
        self._shown: dict[str, int] = {}
        """Service -> the number of its last line that was printed."""
        self._holds = False
        self._unanswered = 0

    def run(self, title: str, upto: Place | None) -> None:
        """Until a key says so."""
        dash = "\N{EM DASH}" if UNICODE else "-"
        keys = "p, q, Enter or Ctrl-C goes back to the dashboard, Space holds"
        self._say(f"plain stream of {title} {dash} {keys}")
        self._at = upto or self._newest()
        going = self._backfill()
        if upto is not None:
            self._hold(True)
        while going and not self._leaves():
            going = self._holds or self._follow()

    def _leaves(self) -> bool:
        for key in self._terminal.keys(PAUSE):
            if key in _LEAVE:
                return True
            if key == HOLD:
                self._hold(not self._holds)
        return False

    def _hold(self, holds: bool) -> None:
        self._holds = holds
        if holds:
            self._say("held: Space goes on")

    def _backfill(self) -> bool:
        """The last lines up to where we are; False when a key ended it."""
        found: list[LogLine] = []
        before: Place | None = _behind(self._at)
        deadline = time.monotonic() + PATIENCE
        while before is not None and len(found) < BACKFILL and time.monotonic() < deadline:
            page = self._page(before=before, limit=BACKFILL - len(found))
            found = page.lines + found
            before = page.reached
        return self._print(found)

    def _follow(self) -> bool:
        """Print what is new; False when a key ended it."""
        try:
            newest = self._newest()
            for _ in range(TURN):
                if newest <= self._at:
                    return True
                page = self._page(after=self._at, limit=PAGE)
                if not self._print(page.lines):
                    return False
                last = place(page.lines[-1]) if page.lines else newest
                self._at = page.reached or max(newest, last)
            return self._leap()
        except NoAnswer:
            self._unanswered += 1
            if self._unanswered == GIVE_UP:
                raise
            return True

    def _leap(self) -> bool:
        """To the newest lines, when they come faster than they can be printed."""
        newest = self._newest()
        page = self._page(before=_behind(newest), limit=PAGE)
        lines = [line for line in page.lines if place(line) > self._at]
        self._at = newest
        return self._skip(lines) and self._print(lines)

    def _skip(self, lines: Sequence[LogLine]) -> bool:
        firsts: dict[str, int] = {}
        for line in lines:
            firsts.setdefault(line.service, line.number)
        gaps = {s: first - self._shown[s] - 1 for s, first in firsts.items() if s in self._shown}
        count = sum(gaps.values())
        what = (
            "skipped to the newest" if self._query.filter else f"{counted(count, 'line')} skipped"
        )
        return count <= 0 or self._say(f"{ELLIPSIS} {what}")

    def _print(self, lines: Sequence[LogLine]) -> bool:
        self._unanswered = 0
        self._shown |= {line.service: line.number for line in lines}
        return self._terminal.write(self._lines.text(lines), _LEAVE)

    def _say(self, text: str) -> bool:
        return self._terminal.write(self._lines.own(text), _LEAVE)

    def _newest(self) -> Place:
        lines = self._client.page(LogQuery(services=self._query.services, limit=1)).lines
        return place(lines[-1]) if lines else BEGINNING

    def _page(
        self, *, before: Place | None = None, after: Place | None = None, limit: int
    ) -> LogPage:
        asked = msgspec.structs.replace(self._query, before=before, after=after, limit=limit)
        return self._client.page(asked)


def place(line: LogLine) -> Place:
    """Where a line stands."""
    return Place(line.at, line.service, line.number)


def _behind(at: Place) -> Place:
    """The first place after this one."""
    return msgspec.structs.replace(at, number=at.number + 1)


def _clock(at: float) -> str:
    second, millis = divmod(round(at * 1e6) // 1000, 1000)
    return f"{time.strftime('%H:%M:%S', time.localtime(second))}.{millis:03d}"
