"""What those who run one service need of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ..model.launch import Launch
    from ..model.reports import (
        Report,
    )
    from .nursery import Nursery
    from .packages import Since
    from .stamps import Stamp
    from .talk import Clerk


class Desk(Protocol):
    """What a runner needs of the engine."""

    root: str
    engine_id: str
    runtime: Path

    def post(self, report: Report) -> None:
        """Hand in a report."""

    def nursery_for(self, launch: Launch) -> Nursery:
        """The nursery in which it is to be born."""

    def starts_cold(self, launch: Launch) -> bool:
        """Whether it comes up in a fresh interpreter alone, as far as is known."""

    def since_now(self, launch: Launch) -> Since:
        """What is installed for the interpreter of a launch, from now on."""

    def route(self, nursery: Nursery, heard: Callable[[Mapping[str, Any]], None]) -> int:
        """A new spawn number of that nursery whose events go to `heard`."""

    def unroute(self, spawn: int) -> None:
        """No more events of that spawn."""

    def epoch(self, service: str) -> int:
        """The service's present epoch."""

    def files_loaded(self, service: str, run: int, files: Mapping[str, Stamp | None]) -> None:
        """A process of the service loaded these project files, which then looked so."""

    def imported(
        self, nursery: Nursery, service: str, modules: Sequence[str], sets: Sequence[str]
    ) -> None:
        """The service imported what its nursery did not have, and gave variables other values."""

    def said(self, service: str, text: str) -> None:
        """The service has something to say to people."""

    def clerk(self, service: str) -> Clerk:
        """Who answers for the service while it is down."""
