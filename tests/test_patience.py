"""What takes too long is ended, and only that."""

from __future__ import annotations

import asyncio
import gc
import re

import pytest

from dynaport_tui.patience import TooLong, at_most


def test_an_expression_is_ended_in_the_middle_of_a_match() -> None:
    with pytest.raises(TooLong), at_most(0.05):
        re.search("(a|a)*b", "a" * 1000)
    assert re.search("a+", "aaa")


def test_what_is_done_in_time_is_not_disturbed_later() -> None:
    with at_most(0.05):
        found = re.search("b", "ab")
    assert found
    assert sum(range(2_000_000)) > 0


def test_no_garbage_is_collected_at_the_cost_of_the_block() -> None:
    with at_most(1.0):
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with at_most(1.0):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


async def test_in_another_thread_nothing_is_bounded() -> None:
    def search() -> object:
        with at_most(0.001):
            return sum(range(1_000_000))

    assert await asyncio.to_thread(search) == 499999500000
