"""Lines for the tests of the log pane."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from dynaport_tui.model.view import LogLine, Place
from dynaport_tui.tui.log.entry import Entry
from tests.fakes import NOON

TRACEBACK = [
    "Traceback (most recent call last):",
    '  File "/shop/.venv/lib/python3.11/site-packages/flask/app.py", line 1511, in wsgi_app',
    "    response = self.full_dispatch_request()",
    '  File "/shop/billing/app.py", line 14, in charge',
    "    total = price * amount",
    "NameError: name 'price' is not defined",
]


def line(number: int, text: str = "", service: str = "users", at: float | None = None) -> LogLine:
    """A line; its time follows from its number."""
    when = NOON + number if at is None else at
    return LogLine(
        service=service, number=number, at=when, stream="stdout", text=text or f"line {number}"
    )


def lines(*texts: str, service: str = "users", first: int = 1) -> list[LogLine]:
    """Lines one after the other."""
    return [line(number, text, service) for number, text in enumerate(texts, first)]


def entries(*texts: str, service: str = "users", first: int = 1) -> list[Entry]:
    """The same as the pane keeps them."""
    return [Entry(one) for one in lines(*texts, service=service, first=first)]


def place(number: int, service: str = "users") -> Place:
    """Of such a line."""
    return Place(NOON + number, service, number)


async def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.005)
