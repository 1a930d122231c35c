"""Where a service is to serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .held import Descriptor

if TYPE_CHECKING:
    from .orders import Orders
    from .report import Report
    from .request import Request


class Place:
    """The held socket, the address it is bound to, whom to tell that it is served, and who may say
    when.
    """

    def __init__(self, request: Request, fd: int | None, report: Report, orders: Orders) -> None:
        self.request = request
        self.report, self.orders = report, orders
        self.host = request.host
        self.port = request.port
        self.epoch = request.epoch
        self.held = None if fd is None else Descriptor(fd)
        self.taken = False
        """Whether a server of ours is on it; the next one gets the port that it asks for."""
        self.told = False
        """Whether a server of ours was told to end, and did."""
