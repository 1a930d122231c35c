"""Which logs are shown, and what is known of them without having read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.machine import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...model.view import ServiceStatus, Snapshot

WIDEST_NAME = 14


class Shown:
    """The services that the pane shows, and how far their logs have come."""

    def __init__(self) -> None:
        self.services: list[str] = []
        """None means all."""
        self.root = ""
        self._statuses: dict[str, ServiceStatus] = {}
        self._last: dict[str, int] = {}
        self._engine = 0

    def know(self, snapshot: Snapshot) -> bool:
        """The newest state; returns whether it is of another engine than before."""
        other = self._engine not in (0, snapshot.project.engine_pid)
        self._engine = snapshot.project.engine_pid
        self.root = snapshot.project.root
        if other:
            self._last.clear()
        self._statuses = {status.id: status for status in snapshot.services}
        self.advanced({status.id: status.log_lines for status in snapshot.services})
        self.services = [service for service in self.services if service in self._statuses]
        return other

    def advanced(self, marks: Mapping[str, int]) -> None:
        """Numbers of the newest lines."""
        for service, last in marks.items():
            self._last[service] = max(last, self._last.get(service, 0))

    @property
    def ids(self) -> Sequence[str]:
        """Of all services that are shown."""
        return self.services or list(self._statuses)

    @property
    def about(self) -> object:
        """What tells these services of this engine from any others."""
        return (self._engine, *self.ids)

    @property
    def silent(self) -> bool:
        """Whether there are services, and none of them has printed anything."""
        return bool(self.ids) and not self.lines

    @property
    def starting(self) -> bool:
        """Whether one of them is about to print something."""
        return any(
            status.state is State.STARTING or (status.state is State.STOPPED and status.wanted)
            for status in self._known()
        )

    @property
    def lines(self) -> int:
        """Printed since the engine started."""
        return sum(self._last.get(service, 0) for service in self.ids)

    @property
    def errors(self) -> int:
        """Among them."""
        return sum(status.log_errors for status in self._known())

    @property
    def names(self) -> int:
        """Cells that their names need in front of each line; 0 where only one is shown."""
        if len(self.ids) < 2:
            return 0
        return min(max(len(service) for service in self.ids), WIDEST_NAME)

    @property
    def all(self) -> bool:
        """Whether no other service has a log."""
        return not self.services or set(self.services) >= set(self._statuses)

    def holds(self, service: str) -> bool:
        """Whether the lines of this service are shown."""
        return not self.services or service in self.services

    def asleep(self) -> str | None:
        """The one service that is shown when it is stopped and has printed nothing."""
        known = self._known()
        if len(known) == 1 and known[0].state is State.STOPPED and not self.lines:
            return known[0].id
        return None

    def _known(self) -> list[ServiceStatus]:
        return [self._statuses[s] for s in self.ids if s in self._statuses]


def named(services: Sequence[str]) -> str:
    """`all`, `users`, `users, orders`, `5 services`."""
    if not services:
        return "all"
    return ", ".join(services) if len(services) < 4 else f"{len(services)} services"
