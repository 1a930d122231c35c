"""The log pane while nothing has been printed: what was printed in the run before."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from dynaport_tui.control.client import NoAnswer
from dynaport_tui.model.machine import State
from dynaport_tui.model.view import LogLine
from dynaport_tui.tui.log.times import day
from dynaport_tui.tui.log.wording import last_run
from tests.fakes import NOON, FakeEngine, status
from tests.tui.log_host import Host, cursor, screen, settled, shop, shown, until
from tests.tui.log_lines import TRACEBACK

HOUR = 3600.0


class Asked(FakeEngine):
    """Counts how often it was asked for the past."""

    asked = 0

    async def past(self, service: str, limit: int = 200) -> Sequence[LogLine]:
        """As before."""
        self.asked += 1
        return await super().past(service, limit)


def quiet() -> FakeEngine:
    """Nothing printed yet, but two services had printed before."""
    engine = shop(0)
    engine.said_before("users", "one", "two", at=NOON - 2 * HOUR)
    engine.said_before("orders", "three", at=NOON - HOUR)
    return engine


def words(host: Host) -> list[str]:
    """The lines without their times; a rule without its end."""
    found = [line.strip(" ─") for line in screen(host)]
    return [line[14:] if line[:2].isdigit() else line for line in found if line]


async def test_what_was_printed_in_the_run_before_is_shown_until_something_is_printed() -> None:
    async with shown(quiet()) as (host, pilot):
        await until(pilot, lambda: len(words(host)) == 5)
        assert words(host) == [
            last_run(NOON - HOUR, NOON + HOUR),
            "users    one",
            "users    two",
            "orders   three",
            "nothing has been printed yet in this run",
        ]
        assert host.pane.following
        assert host.pane.status == "last run · 3 lines"
        assert host.pane.place() is None
        await pilot.press("up")
        assert host.pane.status == "paused · 3 lines"
        await pilot.press("G")
        host.pane.set_filter("four")
        await until(pilot, lambda: host.pane.status == "follow · 0 of 0 lines")
        host.pane.clear_filter()
        host.say("billing", "hello", at=NOON)
        await until(pilot, lambda: words(host) == ["billing  hello"])
        assert host.pane.status == "follow · 1 line"


async def test_old_lines_are_dim_and_can_be_copied() -> None:
    async with shown(quiet()) as (host, pilot):
        host.pane.look_at(["orders"])
        await until(pilot, lambda: "three" in words(host))
        view = host.pane.view
        dim = view.stand.look.colours.dim.color
        texts = [part for part in view.render_line(1) if part.text.strip()]
        assert texts
        assert {part.style.color for part in texts if part.style} == {dim}
        await pilot.press("up")
        assert host.pane.chosen_text() == ("three", "1 line")


async def test_old_lines_that_are_read_stay_while_new_ones_come() -> None:
    async with shown(quiet()) as (host, pilot):
        await until(pilot, lambda: len(words(host)) == 5)
        await pilot.press("up")
        before = screen(host)
        host.say("billing", "hello", at=NOON)
        await pilot.pause()
        assert screen(host) == before
        assert cursor(host) == "three"
        await pilot.press("G")
        await until(pilot, lambda: words(host) == ["billing  hello"])


async def test_a_service_that_printed_something_shows_nothing_else() -> None:
    engine = quiet()
    engine.say("users", "new", at=NOON)
    async with shown(engine) as (host, pilot):
        await until(pilot, lambda: words(host) == ["users    new"])
        host.pane.look_at(["orders"])
        await until(pilot, lambda: "three" in words(host))
        host.pane.look_at(["users"])
        await until(pilot, lambda: words(host) == ["new"])
        host.pane.look_at(["orders"])
        await until(pilot, lambda: "three" in words(host))
        host.pane.set_filter("thr")
        await until(pilot, lambda: "matches" in " ".join(words(host)))


async def test_an_old_traceback_is_folded_and_a_stopped_service_can_be_started() -> None:
    engine = FakeEngine(status("users", State.STOPPED, wanted=False, pid=None))
    engine.said_before("users", *TRACEBACK, at=NOON)
    async with shown(engine, (100, 20)) as (host, pilot):
        await until(pilot, lambda: len(words(host)) == 3)
        assert "NameError: name 'price' is not defined · " in words(host)[1]
        assert words(host)[2] == "users is stopped and has printed nothing yet · s starts it"
        await pilot.press("up", "enter")
        assert words(host)[-2].endswith(TRACEBACK[-1])
        engine.change("users", state=State.STARTING, wanted=True)
        host.pane.know(engine.snapshot())
        await until(pilot, lambda: "users" not in words(host)[-1])
        assert words(host)[-1] == "nothing has been printed yet in this run"


async def test_a_service_that_is_starting_is_given_time_to_print_something() -> None:
    engine = Asked(status("users", State.STARTING))
    engine.said_before("users", "old", at=NOON)
    async with shown(engine) as (host, pilot):
        assert words(host)[0] == "nothing has been printed yet"
        host.say("users", "new", at=NOON)
        await until(pilot, lambda: words(host) == ["new"])
        assert engine.asked == 0


async def test_an_engine_that_does_not_answer_is_asked_again() -> None:
    engine = quiet()
    async with shown(engine) as (host, pilot):
        host.source.failure = NoAnswer("busy")
        host.pane.look_at(["users"])
        await pilot.pause()
        host.source.failure = None
        host.pane.know(engine.snapshot())
        await until(pilot, lambda: settled(host) and "one" in words(host))


@pytest.mark.parametrize(
    ("back", "said"), [(0, "12:00"), (1, "12:00 yesterday"), (2, "12:00 on 2026-03-28")]
)
def test_a_time_names_its_day_unless_that_is_today(back: int, said: str) -> None:
    now = time.mktime((2026, 3, 30, 13, 0, 0, 0, 0, -1))
    then = time.mktime((2026, 3, 30 - back, 12, 0, 0, 0, 0, -1))
    assert day(then, now) == said
