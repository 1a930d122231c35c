"""The log pane in a terminal: searching, filtering, going to errors and times."""

from __future__ import annotations

from dynaport_tui.model.query import parse
from dynaport_tui.model.view import ActionError, Hits, LogPage, LogQuery
from tests.fakes import NOON, status
from tests.tui.log_host import Understanding, cursor, prompt, screen, shop, shown, until
from tests.tui.log_lines import TRACEBACK


async def test_a_search_shows_its_hits_while_it_is_typed_and_goes_to_the_newest() -> None:
    async with shown(shop(3000)) as (host, pilot):
        host.pane.start_search()
        await pilot.press(*"users/17")
        await until(pilot, lambda: host.pane.status == "follow · 111 hits")
        await pilot.press("enter")
        await until(pilot, lambda: cursor(host) == "GET /users/1799 200")
        assert host.pane.status == "paused · hit 111 of 111"
        host.pane.previous_hit()
        await until(pilot, lambda: cursor(host) == "GET /users/1798 200")
        host.pane.next_hit()
        host.pane.next_hit()
        await until(pilot, lambda: cursor(host) == "GET /users/17 200")
        assert host.pane.status == "from the top · paused"
        host.pane.previous_hit()
        await until(pilot, lambda: cursor(host) == "GET /users/1799 200")


async def test_a_hit_inside_of_a_traceback_unfolds_it() -> None:
    engine = shop()
    engine.say("billing", *TRACEBACK, at=NOON + 200)
    async with shown(engine) as (host, pilot):
        host.pane.start_search()
        await pilot.press(*"amount", "enter")
        await until(pilot, lambda: cursor(host) == "    total = price * amount")


async def test_a_search_without_a_hit_says_so_and_how_to_widen_it() -> None:
    async with shown(shop()) as (host, pilot):
        host.pane.look_at(["users"])
        host.pane.start_search()
        await pilot.press(*"nowhere", "enter")
        await until(pilot, lambda: "no line in users matches “nowhere”" in host.pane.status)
        assert "l looks in all services" in host.pane.status
        assert host.pane.escape()
        assert host.pane.status == "follow · 100 lines"


async def test_an_empty_search_ends_searching() -> None:
    async with shown(shop()) as (host, pilot):
        host.pane.set_search("users")
        host.pane.start_search()
        await pilot.press("enter")
        assert "hit" not in host.pane.status


async def test_a_filter_narrows_the_lines_as_it_is_typed() -> None:
    engine = shop(3000)
    async with shown(engine) as (host, pilot):
        host.pane.start_filter()
        await pilot.press(*"users/17")
        await until(pilot, lambda: "GET /users/1799 200" in screen(host)[-1])
        await until(pilot, lambda: host.pane.status == "follow · 111 of 3,000 lines")
        await pilot.press("enter")
        assert host.pane.title == "logs · all · only users/17"
        assert host.pane.log_query() == LogQuery(filter="users/17")
        host.say("users", "GET /users/1700 404", "GET /users/5 200", at=NOON + 9000)
        await until(pilot, lambda: "404" in screen(host)[-1])
        assert host.pane.escape()
        await until(pilot, lambda: "GET /users/5 200" in screen(host)[-1])
        assert not host.pane.escape()


async def test_a_wrong_filter_is_told_of_while_the_last_good_one_stays() -> None:
    async with shown(shop()) as (host, pilot):
        host.pane.start_filter()
        await pilot.press(*"level:wrong", "enter")
        await until(pilot, lambda: "level:wrong: no such level" in prompt(host))
        assert "wrong" not in host.pane.title
        await pilot.press("escape")
        await until(pilot, lambda: host.focused is host.pane.view)
        assert host.pane.title == "logs · all"


async def test_leaving_the_prompt_brings_back_what_was_before() -> None:
    async with shown(shop()) as (host, pilot):
        host.pane.set_filter("users/1")
        host.pane.start_filter()
        await pilot.press(*"00")
        await until(pilot, lambda: host.pane.title.endswith("users/100"))
        await pilot.press("escape")
        assert host.pane.title.endswith("only users/1")


async def test_the_prompt_offers_what_was_asked_before() -> None:
    async with shown(shop()) as (host, pilot):
        for text in ("users/1", "users/2"):
            host.pane.start_search()
            await pilot.press(*text, "enter")
        host.pane.start_search()
        await pilot.press("up", "up", "enter")
        await until(pilot, lambda: host.pane.status.endswith("of 12"))
        kept = host.pane.remember()
        assert kept["past"] == {"search": ["users/2", "users/1"], "filter": [], "time": []}


async def test_nothing_that_matches_teaches_how_to_go_on() -> None:
    async with shown(shop()) as (host, pilot):
        host.pane.look_at(["users"])
        host.pane.set_filter("timeout")
        await until(pilot, lambda: "no line in users matches “timeout”" in "".join(screen(host)))
        assert "Escape clears, l looks in all services." in "".join(screen(host))


async def test_a_filter_stays_when_another_service_is_chosen_and_it_says_so() -> None:
    async with shown(shop()) as (host, _):
        host.pane.set_filter("users/1")
        host.pane.look_at(["orders"])
        assert host.pane.title == "logs · orders · only users/1"
        assert host.pane.status == "the filter stays, Escape clears it · follow"


async def test_the_next_error_is_gone_to_in_whichever_service_it_is() -> None:
    engine = shop()
    engine.say("orders", "ERROR: first", at=NOON + 10)
    engine.say("billing", *TRACEBACK, at=NOON + 200)
    async with shown(engine) as (host, pilot):
        host.pane.look_at(["users"])
        await host.pane.next_error()
        await until(pilot, lambda: cursor(host) == "\n".join(TRACEBACK))
        await until(pilot, lambda: host.chosen == ["billing"])
        assert host.pane.title == "logs · billing"
        await host.pane.next_error()
        await until(pilot, lambda: cursor(host) == "ERROR: first")
        await until(pilot, lambda: host.chosen == ["billing", "orders"])
        assert host.pane.status == "from the top · paused"


async def test_the_next_error_clears_a_filter_that_would_hide_it() -> None:
    engine = shop()
    engine.say("users", "ERROR: there", at=NOON + 10)
    async with shown(engine) as (host, pilot):
        host.pane.set_filter("GET")
        await host.pane.next_error()
        await until(pilot, lambda: cursor(host) == "ERROR: there")
        assert "the filter is cleared" in host.pane.status
        assert host.chosen == ["users"]


async def test_without_any_error_it_says_so() -> None:
    async with shown(shop()) as (host, _):
        await host.pane.next_error()
        assert host.pane.status == "no error in this run · follow"


async def test_a_time_is_gone_to_and_a_wrong_one_stays_in_the_prompt() -> None:
    async with shown(shop(3000)) as (host, pilot):
        host.pane.ask_time()
        await pilot.press(*"soon", "enter")
        assert host.focused is not host.pane.view
        await pilot.press(*["backspace"] * 4, *"50m", "enter")
        await until(pilot, lambda: cursor(host) == "GET /users/600 200")
        assert host.focused is host.pane.view


async def test_a_filter_that_finds_a_traceback_shows_it_whole() -> None:
    engine = shop()
    engine.say("billing", *TRACEBACK, at=NOON + 50)
    async with shown(engine) as (host, pilot):
        host.pane.set_filter("level:error")
        await until(pilot, lambda: cursor(host) == "\n".join(TRACEBACK))
        host.say("users", "GET /users/9 500", *TRACEBACK[:3], at=NOON + 300)
        await until(pilot, lambda: cursor(host) == TRACEBACK[0])
        host.say("users", *TRACEBACK[3:], at=NOON + 301)
        await until(pilot, lambda: cursor(host) == "\n".join(TRACEBACK))
        assert screen(host)[1].endswith("GET /users/9 500")


async def test_the_next_error_shows_its_own_traceback_though_a_newer_one_is_equal() -> None:
    engine = shop()
    for second in (10, 20, 30):
        engine.say("billing", "ERROR: cannot charge", *TRACEBACK, at=NOON + second)
    async with shown(engine) as (host, pilot):
        host.pane.go_top()
        for number in (2, 9, 16):
            await host.pane.next_error()
            await until(pilot, lambda: cursor(host) == "\n".join(TRACEBACK))
            row = host.pane.feed.stand.rows[host.pane.feed.stand.cursor]
            assert (row.key, row.place.number) == (("billing", number, -1), number)


class Impatient(Understanding):
    """Refuses each expression, and counts how often it is asked for one."""

    asked = 0

    async def page(self, query: LogQuery) -> LogPage:
        """Every line, but of no expression."""
        self._refuse(query)
        return await super().page(query)

    async def hits(self, query: LogQuery) -> Hits:
        """The same."""
        self._refuse(query)
        return await super().hits(query)

    def _refuse(self, query: LogQuery) -> None:
        if "re:" in query.filter:
            self.asked += 1
            raise ActionError("usage", "it takes too long", "Write another.")


async def test_an_expression_that_takes_too_long_is_told_of_and_not_asked_for_again() -> None:
    engine = Impatient(status("users"))
    engine.say("users", "a" * 200, at=NOON)
    async with shown(engine) as (host, pilot):
        host.pane.set_search("re:/(a|a)*b/")
        await until(pilot, lambda: "it takes too long" in host.pane.status)
        host.pane.next_hit()
        assert "it takes too long" in host.pane.status
        assert "aaaaaaaa" in screen(host)[0]
        host.pane.set_search("")
        host.pane.set_filter("re:/(a|a)*b/")
        await until(pilot, lambda: "it takes too long" in host.pane.status)
        await pilot.pause(0.2)
        before = engine.asked
        host.say("users", "more", at=NOON + 1)
        await pilot.press("up", "pageup", "pagedown")
        await pilot.pause(0.3)
        assert engine.asked == before
        host.pane.set_filter("more")
        await until(pilot, lambda: screen(host)[0].endswith("more"))


async def test_the_next_error_is_gone_to_past_a_filter_that_takes_too_long() -> None:
    async with shown(shop(3)) as (host, pilot):
        host.pane._asking.filter = parse("re:/(a|a)*b/")  # noqa: SLF001 (as if it was taken)
        host.say("users", "ERROR " + "a" * 300, at=NOON + 10)
        await host.pane.next_error()
        await until(pilot, lambda: cursor(host).startswith("ERROR"))
        assert "the filter is cleared" in host.pane.status
