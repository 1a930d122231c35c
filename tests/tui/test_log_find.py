"""Hits, errors and times: where to go in a log."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaport_tui.model.view import BEGINNING, Place
from dynaport_tui.tui.log.find import Finder, Found
from dynaport_tui.tui.log.jumps import next_error
from dynaport_tui.tui.log.times import TimeError, age, clock, moment
from tests.fakes import NOON, FakeEngine, FakeSource, status
from tests.tui.log_lines import eventually, place

# ---- hits


@given(st.lists(st.integers(1, 60)), st.integers(0, 61))
def test_places_are_kept_in_order_and_once(found: list[int], at: int) -> None:
    hits = Found()
    hits.add(place(number) for number in found)
    order = sorted(set(found))
    assert [hit.number for hit in hits.places] == order
    after, before = hits.after(place(at)), hits.before(place(at))
    assert (after and after.number) == next((n for n in order if n > at), None)
    assert (before and before.number) == next((n for n in reversed(order) if n < at), None)
    assert hits.rank(place(at)) == (order.index(at) + 1 if at in order else 0)


def test_only_the_newest_places_are_kept() -> None:
    hits = Found(most=10)
    hits.add(place(number) for number in range(1, 31))
    assert [hit.number for hit in hits.places] == list(range(21, 31))
    assert hits.more


async def test_hits_are_counted_in_the_background_and_new_ones_too() -> None:
    engine = FakeEngine(status("users"))
    for number in range(1, 1001):
        engine.say("users", f"line {number}", at=NOON + number)
    finder = Finder(FakeSource(engine), lambda: None)
    task = asyncio.create_task(finder.run())
    try:
        finder.look([], "line 9")
        await eventually(lambda: finder.complete)
        assert len(finder.found.places) == 111
        engine.say("users", "line 9 again", at=NOON + 2000)
        finder.advanced()
        await eventually(lambda: len(finder.found.places) == 112)
        finder.look([], "")
        assert (finder.found.places, finder.complete) == ([], True)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_next_error_is_found_across_services_and_from_the_top_again() -> None:
    engine = FakeEngine(status("users"), status("orders"))
    engine.say("users", "level:error one", at=NOON + 1)
    engine.say("orders", "fine", "level:error two", at=NOON + 2)
    source = FakeSource(engine)

    async def found(after: Place | None) -> tuple[str, bool]:
        jump = await next_error(source, after)
        assert jump is not None
        return jump.line.text[-3:], jump.wrapped

    assert await found(None) == ("two", False)
    assert await found(BEGINNING) == ("one", False)
    assert await found(Place(NOON + 1, "users", 1)) == ("two", False)
    assert await found(Place(NOON + 2, "orders", 2)) == ("one", True)
    engine.forget("users")
    engine.forget("orders")
    assert await next_error(source, None) is None
    assert await next_error(source, BEGINNING) is None


# ---- times


def test_the_time_of_a_line_is_that_of_the_terminal_to_the_millisecond() -> None:
    assert clock(time.mktime((2026, 1, 1, 12, 0, 1, 0, 0, -1)) + 0.204) == "12:00:01.204"


@given(st.floats(0, 10**9))
def test_an_age_fits_its_column(seconds: float) -> None:
    assert 2 <= len(age(0.0, seconds)) <= 7


def test_an_age_names_the_largest_unit_and_the_next() -> None:
    ages = [age(NOON, NOON + seconds) for seconds in (-5, 12.9, 123, 18_720, 273_600)]
    assert ages == ["0s", "12s", "2m 3s", "5h 12m", "3d 4h"]


def test_a_time_of_day_is_the_last_one() -> None:
    now = time.mktime((2026, 1, 1, 12, 0, 0, 0, 0, -1))
    assert moment("11:30", now) == now - 1800
    assert moment(" 11:59:59.5 ", now) == now - 0.5
    assert moment("12:30", now) == now - 86_400 + 1800


@pytest.mark.parametrize(
    ("text", "back"), [("-5m", 300), ("90s", 90), ("1h 30m ago", 5400), ("2d", 172_800)]
)
def test_a_span_counts_back_from_now(text: str, back: int) -> None:
    assert moment(text, NOON) == NOON - back


@pytest.mark.parametrize("text", ["", "noon", "25:00", "12:60", "12:00:60", "5", "5x", "-"])
def test_what_is_no_time_says_how_to_write_one(text: str) -> None:
    with pytest.raises(TimeError) as caught:
        moment(text, NOON)
    assert "14:05" in str(caught.value)
