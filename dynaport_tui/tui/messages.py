"""What the table and the graph say of the services in them."""

from __future__ import annotations

from textual.message import Message


class ServiceSelected(Message):
    """The person went to another service."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service


class ServiceOpened(Message):
    """The person wants to see more of a service."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service
