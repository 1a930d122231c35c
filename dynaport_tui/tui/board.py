"""What the dashboard knows of the services: selection, marks, order, filter. No screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from ..model.palette import Palette
from .glyphs import state_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..model.view import ServiceStatus, Snapshot
    from .glyphs import Word

Sort = Literal["state", "name", "port", "cpu", "memory", "uptime", "restarts"]
SORTS: tuple[Sort, ...] = get_args(Sort)

MOVED_FOR = 2.0
"""Seconds that a row which has moved is marked."""

_RANKS: dict[Word, int] = {
    "broken": 0,
    "backing off": 1,
    "unhealthy": 2,
    "old code": 2,
    "waiting": 3,
    "starting": 4,
    "running": 4,
    "ready": 5,
    "reloading": 5,
    "stopping": 5,
    "done": 6,
    "stopped": 6,
}

_COMING = (_RANKS["waiting"], _RANKS["starting"])

_KEYS: dict[Sort, Callable[[ServiceStatus], float | str]] = {
    "state": lambda status: _RANKS[state_word(status)],
    "name": lambda status: status.id.lower(),
    "port": lambda status: status.port or 10**6,
    "cpu": lambda status: -(status.cpu_percent or 0.0),
    "memory": lambda status: -(status.rss_bytes or 0),
    "uptime": lambda status: -(status.uptime_s or 0.0),
    "restarts": lambda status: -(status.restarts + status.reloads),
}
"""Best first; equal ones stay as in services.toml."""


class Board:
    """The services as a person sees them, between two snapshots and over many.

    The order is decided anew only when a state changes, when services come or go, and when another
    order is chosen: figures that change move no row.
    """

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.palette = Palette()
        self.selected: str | None = None
        self._leading = True
        """Whether the top row is the selected one: while services come up and nobody has chosen."""
        self.marked: set[str] = set()
        self.sort: Sort = "state"
        self.reverse = False
        self.filter = ""
        self.moved: dict[str, tuple[int, float]] = {}
        """Rows that have moved: -1 for up, 1 for down, and until when they are marked."""
        self._status: dict[str, ServiceStatus] = {}
        self._words: dict[str, Word] = {}
        self._order: list[str] = []
        self._seen: dict[str, int] = {}

    # ---- what there is

    def update(self, snapshot: Snapshot, now: float) -> None:
        """Take the newest snapshot; `now` in seconds of any clock that only goes forward."""
        self.snapshot = snapshot
        self._status = {status.id: status for status in snapshot.services}
        self.marked &= self._status.keys()
        for service in self._status:
            self.palette.index(service)
        self._seen = {
            service: min(self._seen.get(service, 0), status.log_errors)
            for service, status in self._status.items()
        }
        words = {service: state_word(status) for service, status in self._status.items()}
        if words != self._words:
            self._put_in_order(words, now)
        if self._leading and (rows := self.rows()):
            self.selected = rows[0].id
            self._leading = any(_RANKS[word] in _COMING for word in words.values())
        self._keep_selection()

    def rows(self) -> list[ServiceStatus]:
        """Those that the filter lets through, in the order in which they are shown."""
        return [status for service in self._order if self._passes(status := self._status[service])]

    def get(self, service: str | None) -> ServiceStatus | None:
        """One service, if it is still there."""
        return None if service is None else self._status.get(service)

    def __len__(self) -> int:
        return len(self._status)

    def _put_in_order(self, words: dict[str, Word], now: float) -> None:
        before, old = self._order, self._words
        self._words = words
        key = _KEYS[self.sort]
        self._order = sorted(self._status, key=lambda service: key(self._status[service]))
        if self.reverse:
            self._order.reverse()
        places = {service: index for index, service in enumerate(before)}
        for index, service in enumerate(self._order):
            changed = service in old and old[service] != words[service]
            if changed and (step := index - places[service]):
                self.moved[service] = (1 if step > 0 else -1, now + MOVED_FOR)

    def settle(self, now: float) -> float | None:
        """Forget rows whose mark is over; seconds until the next one is, None without any."""
        self.moved = {s: mark for s, mark in self.moved.items() if mark[1] > now}
        return min((until - now for _, until in self.moved.values()), default=None)

    # ---- order and filter

    def sort_by(self, sort: Sort) -> None:
        """Choose an order; the same again turns it round, and a third time is as at first."""
        if sort != self.sort:
            self.sort, self.reverse = sort, False
        elif not self.reverse:
            self.reverse = True
        else:
            self.sort, self.reverse = "state", False
        self._put_in_order(self._words, 0.0)

    def sort_next(self) -> None:
        """The next order in the list."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self.reverse = False
        self._put_in_order(self._words, 0.0)

    def filter_by(self, text: str) -> None:
        """Show only what has all these words in its name, state or port; `-word`: has it not."""
        self.filter = text
        self._keep_selection()

    def _passes(self, status: ServiceStatus) -> bool:
        if not self.filter:
            return True
        text = f"{status.id} {state_word(status)} {status.port or ''}".lower()
        words = self.filter.lower().split()
        return all((word[1:] not in text) if word[:1] == "-" else (word in text) for word in words)

    # ---- selection and marks

    def select(self, service: str) -> None:
        """Select one that is there."""
        if service in self._status:
            self.selected = service
            self._leading = False

    def move(self, step: int) -> None:
        """Select the row so many rows further, or the first or last."""
        rows = self.rows()
        if rows:
            self._leading = False
            index = min(max(self.index() + step, 0), len(rows) - 1)
            self.selected = rows[index].id

    def index(self) -> int:
        """The row of the selected service; 0 where it is not shown."""
        ids = [status.id for status in self.rows()]
        return ids.index(self.selected) if self.selected in ids else 0

    def _keep_selection(self) -> None:
        ids = [status.id for status in self.rows()]
        if ids and self.selected not in ids:
            self.selected = ids[0]
        elif self.selected not in self._status:
            self.selected = None

    def mark(self, service: str) -> None:
        """Mark or unmark one."""
        self.marked ^= {service} & self._status.keys()

    def mark_all(self) -> None:
        """Mark all that are shown, or none if they are all marked."""
        shown = {status.id for status in self.rows()}
        self.marked = set() if shown <= self.marked else self.marked | shown

    def targets(self) -> list[str]:
        """Whom an action concerns: the marked ones in their order, else the selected one."""
        if self.marked:
            return [service for service in self._order if service in self.marked]
        return [self.selected] if self.selected in self._status else []

    # ---- errors in logs

    def unseen(self, service: str) -> int:
        """Errors of its log since it was last looked at."""
        return self._status[service].log_errors - self._seen[service]

    def look_at(self, services: Iterable[str]) -> None:
        """Their logs are looked at now."""
        for service in services:
            if service in self._status:
                self._seen[service] = self._status[service].log_errors
