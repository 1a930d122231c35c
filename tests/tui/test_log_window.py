"""The window of lines, and how it is filled."""

from __future__ import annotations

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from dynaport_tui.control.client import NotRunning
from dynaport_tui.model.view import ActionError, LogPage, LogQuery
from dynaport_tui.tui.log.loader import PAGE, Loader
from dynaport_tui.tui.log.window import Window
from tests.fakes import NOON, FakeEngine, FakeSource, status
from tests.tui.log_lines import eventually, line, place


def page(first: int, last: int, reached: int | None = None) -> LogPage:
    found = [line(number) for number in range(first, last + 1)]
    return LogPage(lines=found, reached=None if reached is None else place(reached))


def numbers(window: Window) -> list[int]:
    return [entry.number for entry in window.entries]


def test_a_window_grows_at_both_ends() -> None:
    window = Window()
    window.newest(page(11, 20, reached=11))
    window.add_older(page(6, 10))
    window.add_newer(page(21, 22))
    assert numbers(window) == list(range(6, 23))
    assert (window.at_beginning, window.at_end) == (True, True)


def test_a_full_window_lets_go_of_the_lines_at_the_other_end() -> None:
    window = Window(lines=10)
    window.newest(page(11, 20, reached=11))
    window.add_older(page(6, 10, reached=6))
    assert numbers(window) == list(range(6, 16))
    assert (window.at_end, window.newer) == (False, place(15))
    window.add_newer(page(16, 18, reached=18))
    assert numbers(window) == list(range(9, 19))
    assert (window.at_beginning, window.older) == (False, place(9))


def test_a_window_is_bounded_in_characters_too() -> None:
    window = Window(characters=1000)
    window.newest(LogPage(lines=[line(1, "x" * 300)], reached=None))
    window.add_newer(LogPage(lines=[line(n, "x" * 300) for n in range(2, 9)], reached=None))
    assert numbers(window) == [6, 7, 8]
    window.add_newer(LogPage(lines=[line(9, "x" * 5000)], reached=None))
    assert numbers(window) == [9]


def test_a_page_without_lines_moves_on_to_where_it_has_looked() -> None:
    window = Window()
    window.around(place(50))
    window.add_older(LogPage(reached=place(40)))
    window.add_newer(LogPage(reached=place(60)))
    assert (window.older, window.newer) == (place(40), place(60))
    window.add_newer(LogPage(), end=place(99))
    assert window.newer == place(99)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 8)), max_size=30))
def test_a_window_has_no_gap_and_no_line_twice(steps: list[tuple[bool, int]]) -> None:
    window = Window(lines=20)
    window.newest(page(500, 505, reached=500))
    for older, count in steps:
        if older:
            end = window.entries[0].number - 1
            window.add_older(page(end - count + 1, end + 2, reached=end - count + 1))
        else:
            start = window.entries[-1].number + 1
            window.add_newer(page(start - 2, start + count - 1, reached=start + count - 1))
        held = numbers(window)
        assert held == list(range(held[0], held[0] + len(held)))
        assert len(held) <= 20


# ---- the loader


class Asked(FakeSource):
    """Remembers what was asked, and can hold its answers back."""

    def __init__(self, engine: FakeEngine) -> None:
        super().__init__(engine)
        self.queries: list[LogQuery] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_once = 0
        self.most_at_once = 0

    async def page(self, query: LogQuery) -> LogPage:
        self.queries.append(query)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        await self.gate.wait()
        self.at_once -= 1
        return await super().page(query)


class Desk:
    """A loader at work on a fake engine."""

    def __init__(self, lines: int, **more: object) -> None:
        self.engine = FakeEngine(status("users"), status("orders"))
        self.say(lines)
        self.source = Asked(self.engine)
        self.refusals: list[ActionError] = []
        self.changes = 0
        self.loader = Loader(self.source, self._changed, self.refusals.append)

    def say(self, count: int, text: str = "line {}") -> None:
        have = len(self.engine.logs("users", limit=10**9))
        for number in range(have + 1, have + count + 1):
            self.engine.say("users", text.format(number), at=NOON + number)
        if hasattr(self, "loader"):
            self.loader.advanced(have + count)

    def _changed(self) -> None:
        self.changes += 1

    @property
    def held(self) -> list[int]:
        return numbers(self.loader.window)

    async def __aenter__(self) -> Desk:
        self._task = asyncio.create_task(self.loader.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_the_first_page_holds_only_what_the_screen_needs() -> None:
    async with Desk(5000) as desk:
        desk.loader.look([], "", None)
        await eventually(lambda: desk.loader.window.asked)
        assert desk.held == list(range(4957, 5001))
        assert desk.loader.window.at_end


async def test_following_takes_in_each_new_line() -> None:
    async with Desk(100) as desk:
        desk.loader.advanced(100)
        desk.loader.look([], "", None)
        await eventually(lambda: desk.loader.window.asked)
        desk.say(3)
        await eventually(lambda: desk.held[-1] == 103)
        assert desk.held == list(range(57, 104))


async def test_a_flood_is_skipped_and_asked_for_ten_times_a_second_at_most() -> None:
    async with Desk(100) as desk:
        desk.loader.advanced(100)
        desk.loader.look([], "", None)
        await eventually(lambda: desk.loader.window.asked)
        desk.source.queries.clear()
        began = time.monotonic()
        for _ in range(10):
            desk.say(2000)
            await asyncio.sleep(0.03)
        await eventually(lambda: desk.held[-1] == 20100)
        took = time.monotonic() - began
        assert len(desk.source.queries) <= took * 10 + 2
        assert {query.limit for query in desk.source.queries} == {44}
        assert len(desk.held) == 44


async def test_only_one_fetch_is_under_way() -> None:
    async with Desk(1000) as desk:
        desk.source.gate.clear()
        for number in range(20):
            desk.loader.look([], "", place(number * 10))
            desk.loader.want_older()
            desk.loader.want_newer()
            await asyncio.sleep(0)
        desk.source.gate.set()
        await eventually(lambda: desk.loader.window.asked)
        assert desk.source.most_at_once == 1


async def test_an_answer_to_what_is_no_longer_wanted_is_thrown_away() -> None:
    async with Desk(1000) as desk:
        desk.source.gate.clear()
        desk.loader.look([], "", place(10))
        await eventually(lambda: bool(desk.source.queries))
        desk.loader.look([], "line 99", None)
        desk.source.gate.set()
        await eventually(lambda: desk.loader.window.asked)
        assert desk.held == [99, *range(990, 1000)]


async def test_a_jump_holds_lines_of_both_sides() -> None:
    async with Desk(2000) as desk:
        desk.loader.following = False
        desk.loader.look([], "", place(1000))
        await eventually(lambda: desk.loader.window.asked)
        assert desk.held == list(range(1000 - PAGE, 1000 + PAGE))


async def test_going_on_from_an_edge_adds_a_page() -> None:
    async with Desk(2000) as desk:
        desk.loader.following = False
        desk.loader.look([], "", place(1000))
        await eventually(lambda: desk.loader.window.asked)
        desk.loader.want_older()
        await eventually(lambda: desk.held[0] == 1000 - 2 * PAGE)
        desk.loader.want_newer()
        await eventually(lambda: desk.held[-1] == 999 + 2 * PAGE)


async def test_a_filter_goes_on_from_where_it_has_looked() -> None:
    async with Desk(100) as desk:
        desk.loader.advanced(100)
        desk.loader.look([], "rare", None)
        await eventually(lambda: desk.loader.window.asked)
        desk.say(50)
        desk.say(1, "rare one")
        await eventually(lambda: desk.held == [151])
        after = [query.after for query in desk.source.queries if query.after is not None]
        assert after
        assert after[0] == place(100)


async def test_without_an_engine_the_window_stays_as_it_is() -> None:
    async with Desk(100) as desk:
        desk.loader.advanced(100)
        desk.loader.look([], "", None)
        await eventually(lambda: desk.loader.window.asked)
        desk.source.failure = NotRunning(desk.engine.socket_path)
        before, changes = desk.held, desk.changes
        desk.loader.want_older()
        await eventually(lambda: desk.changes > changes)
        assert desk.held == before
        desk.source.failure = None
        desk.say(1)
        await eventually(lambda: desk.held[-1] == 101)


async def test_what_the_engine_refuses_is_passed_on() -> None:
    async with Desk(100) as desk:
        desk.loader.look(["nobody"], "", None)
        await eventually(lambda: bool(desk.refusals))
        assert desk.refusals[0].code == "unknown-service"
