"""Answers for a service that is down, from what the engine knows of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..model.attitude import attitude
from ..model.callers import is_at_home, wants_html
from ..model.outage import retry_after
from .glance import glance

if TYPE_CHECKING:
    from ..model.callers import Caller
    from ..model.httphead import Head
    from ..model.outage import Outage
    from ..model.record import Record
    from .glance import Glance
    from .supervisor import Supervisor

PATIENCE = 8.0
"""Seconds that a page is kept waiting for news; less than an answer may take."""
WAITING = 32
"""Pages of one service that are kept waiting; more of them look now and then."""
_SOON, _CROWDED = 0.1, 1.0
"""Seconds until a page asks again: when it is to be kept waiting, and when it is not."""
SEEN = "x-dynaport-seen"
"""The field in which a page says which answer it shows: there is none before another one."""


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
        self._waiting, self._closed = 0, False
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        """There is something else to tell: whoever waits for that is answered."""
        self._stirred.set()
        self._stirred = asyncio.Event()

    def close(self) -> None:
        """From now on nobody is kept waiting for news."""
        self._closed = True
        self.stir()

    async def answer(self, head: Head, caller: Caller) -> bytes:
        """A page or JSON, and to strangers neither with any detail."""
        # A service that fails and starts again is not to pay for this: who asks does.
        from ..model.outage_answer import bare, full

        crowded = self._waiting >= WAITING
        if head.fields.get(SEEN) == self._look().tag and not crowded:
            await self._news()
        html, seen = wants_html(head), self._look()
        record = self._engine.fleet.records.get(self._service)
        again = retry_after(seen.due, self._engine.now)
        if record is None or not is_at_home(caller, head, {record.spec.host, *record.spec.hosts}):
            return bare(head, seen.state, again, html=html)
        look = _CROWDED if crowded else _SOON
        return full(head, await self._known(record, seen), again, html=html, look=look)

    def _look(self) -> Glance:
        records = self._engine.fleet.records
        record = records.get(self._service)
        if record is not None and attitude(records, record) == "answer":
            self._seen = glance(self._engine, record)
        return self._seen

    async def _news(self) -> None:
        """Keep a page waiting that knows all that there is to tell."""
        if self._closed:
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._stirred.wait()
        except TimeoutError:
            return  # there are no news, and it asks again
        finally:
            self._waiting -= 1

    async def _known(self, record: Record, seen: Glance) -> Outage:
        from .outages import gather

        async with self._gathering:
            if self._outage is None or self._outage.tag != seen.tag:
                self._outage = await gather(self._engine, record, seen)
            return self._outage
