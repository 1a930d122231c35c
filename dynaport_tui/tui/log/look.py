"""All that decides how a row is drawn, besides the row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .times import WIDTH, Stamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...model.query import Query
    from ..colours import Colours


@dataclass(frozen=True, slots=True)
class Look:
    """Of the whole pane."""

    width: int
    colours: Colours
    ink: Callable[[str], int]
    """Index of the colour of a service's name."""
    names: int = 0
    """Cells for the names of services; 0: none is shown."""
    stamps: Stamps = "time"
    now: float = 0.0
    wrap: bool = False
    left: int = 0
    """Cells that are scrolled off at the left."""
    search: Query | None = None

    @property
    def room(self) -> int:
        """Cells for the text itself."""
        return max(self.width - self.margin, 4)

    @property
    def margin(self) -> int:
        """Cells in front of the text: the cursor's bar, the time, the name."""
        stamp = WIDTH[self.stamps]
        return 1 + (stamp + 2 if stamp else 0) + (self.names + 2 if self.names else 0)
