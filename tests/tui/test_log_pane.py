"""The log pane in a terminal: what it shows, and moving in it."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from dynaport_tui.control.client import NoAnswer, NotRunning
from dynaport_tui.model.machine import State
from dynaport_tui.model.view import LogPage, LogQuery, Place
from dynaport_tui.tui.colours import colours
from dynaport_tui.tui.log.rows import Folded, Head, Single
from tests.fakes import NOON, FakeEngine, status
from tests.tui.log_host import Understanding, cursor, screen, settled, shop, shown, until
from tests.tui.log_lines import TRACEBACK


async def test_the_newest_lines_are_seen_and_followed() -> None:
    async with shown(shop()) as (host, pilot):
        assert screen(host)[-1].endswith("users    GET /users/100 200")
        assert host.pane.title == "logs · all"
        assert host.pane.status == "follow · 100 lines"
        host.say("orders", "POST /orders 201", at=NOON + 200)
        await until(pilot, lambda: screen(host)[-1].endswith("orders   POST /orders 201"))
        assert host.pane.status == "follow · 101 lines"


async def test_moving_up_holds_the_screen_still_and_counts_what_comes() -> None:
    async with shown(shop()) as (host, pilot):
        await pilot.press("up")
        before = screen(host)
        host.say("orders", *["POST /orders 201"] * 3, at=NOON + 200)
        await pilot.pause()
        assert screen(host) == before
        assert host.pane.status == "paused · 3 new lines"
        await pilot.press("G")
        await until(pilot, lambda: "POST" in screen(host)[-1])
        assert host.pane.status == "follow · 103 lines"


async def test_the_whole_kept_log_can_be_scrolled_through() -> None:
    async with shown(shop(700)) as (host, pilot):
        seen: set[str] = set()
        deadline = time.monotonic() + 8
        while cursor(host) != "GET /users/1 200" and time.monotonic() < deadline:
            seen.update(line.split()[-2] for line in screen(host))
            await pilot.press("pageup")
        assert cursor(host) == "GET /users/1 200"
        assert len(seen) == 700


async def test_home_goes_to_the_oldest_line_and_end_follows_again() -> None:
    async with shown(shop(5000)) as (host, pilot):
        await pilot.press("home")
        await until(pilot, lambda: "GET /users/1 200" in screen(host)[0])
        assert host.pane.status.startswith("paused")
        await pilot.press("end")
        await until(pilot, lambda: "GET /users/5000 200" in screen(host)[-1])
        assert host.pane.status.startswith("follow")


async def test_space_holds_and_follows() -> None:
    async with shown(shop()) as (host, pilot):
        host.pane.toggle_follow()
        host.say("orders", "POST", at=NOON + 200)
        await pilot.pause()
        assert "POST" not in "".join(screen(host))
        host.pane.toggle_follow()
        await until(pilot, lambda: "POST" in screen(host)[-1])


async def test_lines_that_the_engine_forgets_do_not_move_what_is_read() -> None:
    engine = shop(400)
    async with shown(engine) as (host, pilot):
        await pilot.press(*["pageup"] * 3)
        await until(pilot, lambda: settled(host))
        before = screen(host)
        engine.kept = 50
        host.say("users", *["more"] * 200, at=NOON + 500)
        await pilot.press("left")
        await pilot.pause()
        assert screen(host) == before


async def test_one_service_has_no_name_in_front_and_another_starts_at_its_end() -> None:
    engine = shop()
    engine.say("orders", "POST /orders 201", at=NOON + 50)
    async with shown(engine) as (host, pilot):
        await pilot.press("up")
        host.pane.look_at(["orders"])
        await until(pilot, lambda: "GET" not in "".join(screen(host)))
        assert screen(host)[0].split() == [screen(host)[0].split()[0], "POST", "/orders", "201"]
        assert host.pane.title == "logs · orders"
        assert host.pane.status == "follow · 1 line"


async def test_a_traceback_is_unfolded_with_enter_and_folded_again() -> None:
    engine = shop()
    engine.say("billing", *TRACEBACK, at=NOON + 200)
    async with shown(engine, (120, 20)) as (host, pilot):
        assert "Traceback · NameError: name 'price'" in screen(host)[-1]
        assert host.pane.chosen_text() == ("\n".join(TRACEBACK), "6 lines")
        await pilot.press("enter")
        assert [line.strip() for line in screen(host)[-6:]] == [text.strip() for text in TRACEBACK]
        assert isinstance(host.pane.feed.stand.rows[-7], Head)
        assert "▾ Traceback · NameError: name 'price' is not defined · " in screen(host)[-7]
        await pilot.press("down", "down", "enter")
        assert "Traceback · NameError" in screen(host)[-1]


async def test_what_a_traceback_passed_that_is_not_the_projects_is_dim() -> None:
    engine = shop()
    engine.say("billing", *TRACEBACK, at=NOON + 200)
    async with shown(engine, (120, 20)) as (host, pilot):
        await pilot.press("enter")
        drawn = [segment for y in range(14, 20) for segment in host.pane.view.render_line(y)]
        dim = colours(host.pane.app).dim.color
        faint = [one.text.strip() for one in drawn if one.style and one.style.color == dim]
        assert [text for text in faint if text] == [text.strip() for text in TRACEBACK[1:3]]


async def test_an_empty_log_teaches() -> None:
    engine = FakeEngine(status("users"), status("migrate", State.STOPPED))
    async with shown(engine) as (host, pilot):
        assert "nothing has been printed yet" in "".join(screen(host))
        host.pane.look_at(["migrate"])
        await until(pilot, lambda: "migrate is stopped" in "".join(screen(host)))
        assert "s starts it." in "".join(screen(host))


async def test_a_block_is_marked_with_keys_and_copied_without_prefixes() -> None:
    async with shown(shop()) as (host, pilot):
        await pilot.press("up")
        host.pane.toggle_block()
        await pilot.press("k", "k")
        assert host.pane.chosen_text() == (
            "GET /users/97 200\nGET /users/98 200\nGET /users/99 200",
            "3 lines",
        )
        assert host.pane.status.startswith("paused · 3 lines marked")
        assert host.pane.escape()
        assert host.pane.chosen_text() == ("GET /users/97 200", "1 line")


async def test_a_block_is_marked_with_the_mouse() -> None:
    async with shown(shop()) as (host, pilot):
        view = host.pane.view
        await pilot.mouse_down(view, offset=(30, 5))
        await pilot.hover(view, offset=(30, 7))
        await pilot.mouse_up(view, offset=(30, 7))
        assert host.pane.chosen_text()[1] == "3 lines"
        await pilot.click(view, offset=(30, 4))
        assert host.pane.chosen_text() == ("GET /users/85 200", "1 line")


async def test_a_double_click_unfolds() -> None:
    engine = shop()
    engine.say("billing", *TRACEBACK, at=NOON + 200)
    async with shown(engine) as (host, pilot):
        await pilot.click(host.pane.view, offset=(30, 19), times=2)
        assert screen(host)[-1].strip() == TRACEBACK[-1]


async def test_the_wheel_scrolls_and_at_the_end_follows_again() -> None:
    async with shown(shop()) as (host, pilot):
        view = host.pane.view
        view.post_message(_wheel(up=True))
        await until(pilot, lambda: host.pane.status.startswith("paused"))
        assert screen(host)[-1].endswith("GET /users/97 200")
        for _ in range(2):
            view.post_message(_wheel(up=False))
        await until(pilot, lambda: host.pane.status.startswith("follow"))


def _wheel(*, up: bool) -> MouseScrollDown | MouseScrollUp:
    kind = MouseScrollUp if up else MouseScrollDown
    return kind(None, 30, 5, 0, 0, 0, False, False, False)


async def test_long_lines_are_cut_scrolled_and_wrapped() -> None:
    engine = shop(1)
    engine.say("users", "x" * 100 + "END", at=NOON + 5)
    async with shown(engine) as (host, pilot):
        assert screen(host)[1].endswith("x…")
        await pilot.press(*["right"] * 6)
        assert screen(host)[1].endswith("xEND")
        host.pane.toggle_wrap()
        await pilot.pause()
        assert screen(host)[2].endswith("xEND")
        assert cursor(host) == "x" * 100 + "END"


async def test_times_become_ages_and_go() -> None:
    async with shown(shop(1)) as (host, _):
        host.pane.look_at(["users"])
        host.pane.cycle_stamps()
        assert screen(host)[0].split()[:2] == ["59m", "59s"]
        host.pane.cycle_stamps()
        assert screen(host)[0].strip() in ("users    GET /users/1 200", "GET /users/1 200")
        host.pane.restore({"stamps": "nonsense", "wrap": True, "past": {"search": ["a", 5]}})
        assert host.pane.remember() == {
            "wrap": True,
            "stamps": "time",
            "past": {"search": ["a"], "filter": [], "time": []},
        }


async def test_a_marker_stands_where_the_log_ended() -> None:
    async with shown(shop()) as (host, pilot):
        host.pane.put_marker()
        assert screen(host)[-1].strip().startswith("──")
        host.say("users", "after", at=NOON + 4000)
        await until(pilot, lambda: "after" in screen(host)[-1])
        assert screen(host)[-2].strip().startswith("──")
        assert host.pane.place() == Place(NOON + 4000, "users", 101)


async def test_another_engine_begins_anew() -> None:
    engine = shop()
    async with shown(engine) as (host, pilot):
        other = Understanding(status("users"))
        other.project = other.project.__class__(
            name="shop", root="/shop", file="f", state="ready", engine_pid=7
        )
        other.say("users", "hello again", at=NOON + 8000)
        host.source.engine = other
        host.pane.know(other.snapshot())
        await until(pilot, lambda: "hello again" in "".join(screen(host)))
        assert "GET" not in "".join(screen(host))
        assert host.pane.status == "follow · 1 line"


async def test_a_draw_before_another_engine_has_answered_leaves_nothing_of_the_first() -> None:
    async with shown(shop(3)) as (host, pilot):
        other = Understanding(status("users"))
        other.project = msgspec.structs.replace(other.project, engine_pid=7)
        other.say("users", *["hello again"] * 3, at=NOON + 8000)
        host.source.engine = other
        host.source.failure = NoAnswer("not yet")
        host.pane.know(other.snapshot())
        await until(pilot, lambda: settled(host) or not host.pane.feed.loader.busy)
        screen(host)
        host.source.failure = None
        host.pane.advanced({"users": 3})
        await until(pilot, lambda: "hello again" in screen(host)[2])
        assert "GET" not in "".join(screen(host))


async def test_markup_in_a_log_is_nothing_but_text() -> None:
    engine = shop(1)
    engine.say("users", "[bold red]x[/] [link=http://x]y [/nope]", at=NOON + 5)
    async with shown(engine) as (host, _):
        assert screen(host)[1].endswith("[bold red]x[/] [link=http://x]y [/nope]")


async def test_rows_hold_lines_and_folds() -> None:
    engine = shop(2)
    engine.say("billing", *TRACEBACK, at=NOON + 200)
    async with shown(engine) as (host, _):
        rows = host.pane.feed.stand.rows
        assert [type(row) for row in rows] == [Single, Single, Folded]


@pytest.mark.parametrize("failure", [NoAnswer("too slow"), NotRunning(Path("/sock"))])
async def test_a_log_that_nobody_answered_for_is_asked_for_again(failure: Exception) -> None:
    engine = shop(5)
    engine.say("orders", "POST /orders 201", at=NOON + 50)
    async with shown(engine) as (host, pilot):
        host.source.failure = failure
        host.pane.look_at(["orders"])
        await until(pilot, lambda: settled(host))
        host.source.failure = None
        host.say("orders", "POST /orders 500", at=NOON + 60)
        await until(pilot, lambda: "500" in screen(host)[1])
        assert "GET /users" not in "".join(screen(host))


async def test_without_an_engine_nothing_is_asked_for_in_a_loop() -> None:
    async with shown(shop()) as (host, pilot):
        asked: list[LogQuery] = []

        async def nobody(query: LogQuery) -> LogPage:
            asked.append(query)
            raise NotRunning(Path("/sock"))

        host.source.page = nobody  # type: ignore[method-assign]
        host.pane.look_at(["orders"])
        await pilot.press("up", "pageup", "home", "end")
        await until(pilot, lambda: settled(host))
        await pilot.pause(0.3)
        assert len(asked) < 10


async def test_a_service_that_goes_leaves_the_logs_of_the_others() -> None:
    async with shown(shop()) as (host, pilot):
        host.pane.look_at(["users"])
        host.pane.set_search("GET")
        await until(pilot, lambda: "hits" in host.pane.status)
        host.engine.forget("users")
        host.say("orders", "POST /orders 201", at=NOON + 200)
        host.pane.know(host.engine.snapshot())
        await until(pilot, lambda: screen(host)[0].endswith("POST /orders 201"))
        assert host.pane.title == "logs · all"
        host.pane.set_search("")
        assert host.pane.status == "follow · 1 line"
