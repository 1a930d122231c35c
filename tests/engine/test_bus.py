"""Events reach every view in order, and no view holds the engine up."""

from __future__ import annotations

import asyncio

from dynaport_tui.engine.bus import BACKLOG, Bus, BusSubscription
from dynaport_tui.model.machine import State
from dynaport_tui.model.view import (
    Ended,
    Event,
    Lagged,
    LogAdvanced,
    Notice,
    ProjectStatus,
    Snapshot,
    StateChanged,
)


def snapshot() -> Snapshot:
    project = ProjectStatus(
        name="shop", root="/shop", file="services.toml", state="ready", engine_pid=1
    )
    return Snapshot(project=project, services=[])


def advanced(last: int, service: str = "users") -> LogAdvanced:
    return LogAdvanced(service=service, last=last)


def ready(service: str = "users") -> StateChanged:
    return StateChanged(at=0, service=service, old=State.STARTING, new=State.READY, why="answered")


async def batches(subscription: BusSubscription) -> list[list[Event]]:
    async with asyncio.timeout(5):
        return [batch async for batch in subscription]


async def test_events_of_one_loop_turn_come_as_one_batch_in_order() -> None:
    bus = Bus(snapshot)
    subscription = bus.subscribe()
    bus.publish(ready("users"))
    bus.publish(Notice(at=0, text="hello"))
    bus.publish(ready("orders"))
    bus.close()
    assert await batches(subscription) == [
        [ready("users"), Notice(at=0, text="hello"), ready("orders")]
    ]


async def test_a_subscription_starts_exactly_at_its_snapshot() -> None:
    taken = []

    def take() -> Snapshot:
        taken.append(snapshot())
        return taken[-1]

    bus = Bus(take)
    bus.publish(ready("before"))
    subscription = bus.subscribe()
    bus.publish(ready("after"))
    bus.close()
    assert subscription.snapshot is taken[0]
    assert await batches(subscription) == [[ready("after")]]


async def test_of_a_flood_of_log_lines_only_the_newest_number_is_told() -> None:
    bus = Bus(snapshot)
    subscription = bus.subscribe()
    for last in range(1, 5000):
        bus.publish(advanced(last, "users"))
        bus.publish(advanced(last, "orders"))
    bus.close()
    assert await batches(subscription) == [[advanced(4999, "users"), advanced(4999, "orders")]]


async def test_log_lines_stay_on_their_side_of_a_change_of_state() -> None:
    bus = Bus(snapshot)
    subscription = bus.subscribe()
    for event in (advanced(1), advanced(2), ready("orders"), ready(), advanced(3), advanced(4)):
        bus.publish(event)
    bus.close()
    assert await batches(subscription) == [[advanced(2), ready("orders"), ready(), advanced(4)]]


async def test_numbers_told_in_one_batch_do_not_swallow_those_of_the_next() -> None:
    bus = Bus(snapshot)
    subscription = bus.subscribe()
    stream = aiter(subscription)
    bus.publish(advanced(1))
    assert await anext(stream) == [advanced(1)]
    bus.publish(advanced(2))
    assert await anext(stream) == [advanced(2)]


async def test_a_slow_subscriber_is_told_that_it_lagged_and_the_others_are_not() -> None:
    bus = Bus(snapshot)
    slow, quick = bus.subscribe(), bus.subscribe()
    stream = aiter(quick)
    for number in range(BACKLOG + 1):
        bus.publish(Notice(at=number, text="news"))
        assert await anext(stream) == [Notice(at=number, text="news")]
    bus.publish(ready())
    bus.close()
    assert await batches(slow) == [[Lagged(), Notice(at=BACKLOG, text="news"), ready()]]


async def test_the_end_is_the_last_event_even_after_a_lag() -> None:
    bus = Bus(snapshot)
    subscription = bus.subscribe()
    for number in range(BACKLOG):
        bus.publish(Notice(at=number, text="news"))
    end = Ended(at=1, code=0, why="every service is done")
    bus.publish(end)
    bus.close()
    assert await batches(subscription) == [[Lagged(), end]]


async def test_closing_the_bus_ends_streams_that_wait() -> None:
    bus = Bus(snapshot)
    waiting = asyncio.create_task(batches(bus.subscribe()))
    await asyncio.sleep(0)
    bus.close()
    assert await waiting == []
    assert await batches(bus.subscribe()) == []


async def test_a_closed_subscription_ends_at_once_and_takes_no_more() -> None:
    bus = Bus(snapshot)
    subscription = bus.subscribe()
    bus.publish(ready())
    subscription.close()
    subscription.close()
    bus.publish(ready())
    assert await batches(subscription) == []
