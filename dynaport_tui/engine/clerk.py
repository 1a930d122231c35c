"""Answers for a service that is down, from what the engine knows of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..model.attitude import attitude
from ..model.callers import is_at_home, wants_html
from ..model.outage import retry_after
from ..model.outage_answer import bare, full
from .outages import gather, glance

if TYPE_CHECKING:
    from ..model.callers import Caller
    from ..model.httphead import Head
    from ..model.outage import Outage
    from ..model.record import Record
    from .outages import Glance
    from .supervisor import Supervisor


class ServiceClerk:
    """The Clerk of one service that is down; what it gathered holds until there is something else
    to tell.

    Who asked during the outage is told of that, also when the service is starting by now.
    """

    def __init__(self, engine: Supervisor, record: Record) -> None:
        self._engine, self._service = engine, record.id
        self._seen = glance(engine, record)
        self._outage: Outage | None = None
        self._gathering = asyncio.Lock()

    async def answer(self, head: Head, caller: Caller) -> bytes:
        """A page or JSON, and to strangers neither with any detail."""
        html, records = wants_html(head), self._engine.fleet.records
        record = records.get(self._service)
        if record is not None and attitude(records, record) == "answer":
            self._seen = glance(self._engine, record)
        seen = self._seen
        again = retry_after(seen.due, self._engine.now)
        if record is None or not is_at_home(caller, head, {record.spec.host, *record.spec.hosts}):
            return bare(head, seen.state, again, html=html)
        return full(head, await self._known(record, seen), again, html=html)

    async def _known(self, record: Record, seen: Glance) -> Outage:
        async with self._gathering:
            if self._outage is None or self._outage.tag != seen.tag:
                self._outage = await gather(self._engine, record, seen)
            return self._outage
