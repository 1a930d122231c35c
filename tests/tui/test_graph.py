"""The drawing of the dependencies as a person sees and uses it."""

import pytest
from textual.app import App, ComposeResult
from textual.message import Message

from dynaport_tui.model.machine import State
from dynaport_tui.model.palette import Palette
from dynaport_tui.model.view import Health, ServiceStatus, Snapshot
from dynaport_tui.tui.graph import GraphView
from dynaport_tui.tui.graph_layout import Plan, lay_out
from dynaport_tui.tui.graph_paint import also, line, neighbour, shown, troubles, width, worst
from dynaport_tui.tui.graph_picture import widths
from dynaport_tui.tui.messages import ServiceOpened, ServiceSelected
from tests.fakes import FakeEngine, status


def shop() -> FakeEngine:
    return FakeEngine(
        status("migrate", State.DONE, port=None, task=True),
        status("catalog", depends_on=["migrate"], health=Health(ok=True, latency_ms=3.1)),
        status("users", depends_on=["migrate"]),
        status("billing", depends_on=["catalog"]),
        status("web", depends_on=["catalog", "users", "billing"]),
        status("mail"),
    )


class Screen(App[None]):
    """A graph alone, and what it said."""

    def __init__(self, snapshot: Snapshot, selected: str | None = None) -> None:
        super().__init__()
        self.snapshot, self.selected = snapshot, selected
        self.graph = GraphView(Palette())
        self.said: list[tuple[type[Message], str]] = []

    def compose(self) -> ComposeResult:
        yield self.graph

    def on_mount(self) -> None:
        self.graph.show(self.snapshot, self.selected)
        self.graph.focus()

    def on_service_selected(self, message: ServiceSelected) -> None:
        self.said.append((ServiceSelected, message.service))

    def on_service_opened(self, message: ServiceOpened) -> None:
        self.said.append((ServiceOpened, message.service))

    def rows(self) -> list[str]:
        """What is on the screen."""
        height = self.graph.size.height
        return [self.graph.render_line(y).text.rstrip() for y in range(height)]

    def text(self) -> str:
        return "\n".join(self.rows())


async def test_a_service_is_shown_with_its_state_its_port_and_its_latency() -> None:
    app = Screen(shop().snapshot())
    async with app.run_test(size=(140, 20)):
        assert "● catalog :20417 3.1 ms ─" in app.text()
        assert "✓ migrate ─" in app.text()
        assert "on their own\n ● mail :20417" in app.text()


async def test_what_is_wrong_takes_the_place_of_the_port() -> None:
    engine = shop()
    app = Screen(engine.snapshot())
    async with app.run_test(size=(140, 20)):
        engine.move("billing", State.FAILED, "exit 1 after 0.2 s")
        engine.change("web", state=State.STOPPED, waiting=True)
        app.graph.show(engine.snapshot(), None)
        assert "✗ billing broken" in app.text()
        assert "◌ web waiting" in app.text()


async def test_numbers_change_without_moving_anything() -> None:
    engine = shop()
    app = Screen(engine.snapshot())
    async with app.run_test(size=(140, 20)):
        before = app.text()
        engine.change("catalog", health=Health(ok=True, latency_ms=9.9))
        app.graph.show(engine.snapshot(), None)
        assert app.text() == before.replace("3.1", "9.9")


async def test_with_less_room_there_is_less_behind_the_names() -> None:
    app = Screen(shop().snapshot())
    async with app.run_test(size=(90, 20)) as pilot:
        assert ":20417" in app.text()
        assert "3.1 ms" not in app.text()
        await pilot.resize_terminal(71, 20)
        assert ":20417" not in app.text().replace("mail :20417", "")
        assert "● catalog ─" in app.text()


async def test_a_narrow_pane_has_a_tree() -> None:
    app = Screen(shop().snapshot())
    async with app.run_test(size=(50, 20)):
        assert app.rows()[1:7] == [
            " ✓ migrate",
            " ├ ● catalog :20417",
            " │ ╰ ● billing :20417",
            " │   ╰ ● web :20417  also needs catalog, users",
            " ╰ ● users :20417",
            " ● mail :20417",
        ]
        assert app.graph.status == "6 services · start top to bottom"


async def test_arrows_go_along_the_edges_and_enter_opens() -> None:
    app = Screen(shop().snapshot(), "migrate")
    async with app.run_test(size=(140, 20)) as pilot:
        await pilot.press("right", "right", "left", "down", "enter")
        assert app.said == [
            (ServiceSelected, "catalog"),
            (ServiceSelected, "billing"),
            (ServiceSelected, "catalog"),
            (ServiceSelected, "users"),
            (ServiceOpened, "users"),
        ]


async def test_keys_begin_at_the_first_service_where_none_is_selected() -> None:
    app = Screen(shop().snapshot())
    async with app.run_test(size=(140, 20)) as pilot:
        await pilot.press("enter", "down")
        assert app.said == [(ServiceSelected, "migrate")]
        await pilot.press("end", "home")
        assert app.said[1:] == [(ServiceSelected, "web"), (ServiceSelected, "migrate")]


async def test_a_click_selects_and_a_second_one_opens() -> None:
    app = Screen(shop().snapshot())
    async with app.run_test(size=(140, 20)) as pilot:
        y = next(y for y, row in enumerate(app.rows()) if "users" in row)
        at = app.rows()[y].index("users"), y
        await pilot.click(GraphView, offset=at)
        assert app.said == [(ServiceSelected, "users")]
        await pilot.click(GraphView, offset=at, times=2)
        assert app.said[1:] == [(ServiceOpened, "users")]


async def test_the_selected_service_is_scrolled_into_view() -> None:
    chain = [status(f"s{n}", depends_on=[f"s{n - 1}"] if n else []) for n in range(30)]
    app = Screen(FakeEngine(*chain).snapshot(), "s29")
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        assert "● s29" in app.text()
        await pilot.press("home")
        assert "● s0 " in app.text()
        app.graph.show(app.snapshot, "s12")
        await pilot.pause()
        assert "● s12" in app.text()


async def test_services_that_come_and_go_are_drawn_anew() -> None:
    engine = shop()
    app = Screen(engine.snapshot(), "mail")
    async with app.run_test(size=(140, 20)) as pilot:
        engine.forget("mail")
        app.graph.show(engine.snapshot(), "mail")
        assert "mail" not in app.text()
        await pilot.press("enter", "left")
        assert app.said == [(ServiceSelected, "migrate")]


@pytest.mark.parametrize("size", [(60, 15), (250, 70)])
@pytest.mark.parametrize("count", [0, 100])
async def test_any_number_of_services_is_shown_in_any_size(
    size: tuple[int, int], count: int
) -> None:
    services = [status(f"s{n}", depends_on=[f"s{n // 3}"] if n % 5 else []) for n in range(count)]
    app = Screen(FakeEngine(*services).snapshot())
    async with app.run_test(size=size):
        assert ("s0" in app.text()) is (count > 0)


async def test_another_theme_gives_other_colours() -> None:
    app = Screen(shop().snapshot())
    async with app.run_test(size=(140, 20)) as pilot:
        before = [segment.style for segment in app.graph.render_line(1)]
        app.theme = "textual-light"
        await pilot.pause()
        assert [segment.style for segment in app.graph.render_line(1)] != before


# ---- pure parts


def paths(*services: ServiceStatus) -> dict[tuple[str, str], str]:
    """What is wrong along each edge."""
    known = {each.id: each for each in services}
    edges = [(need, each.id) for each in services for need in each.depends_on]
    return dict(zip(edges, troubles(edges, known), strict=True))


def waiting(service: str, *needs: str) -> ServiceStatus:
    return status(service, State.STOPPED, depends_on=list(needs), waiting=True)


def test_what_waits_for_a_broken_service_is_followed_to_the_end() -> None:
    assert paths(status("db", State.FAILED), waiting("api", "db"), waiting("web", "api")) == {
        ("db", "api"): "bad",
        ("api", "web"): "warn",
    }


def test_what_waits_for_a_starting_service_is_no_trouble() -> None:
    assert paths(status("db", State.STARTING), waiting("api", "db"), waiting("web", "api")) == {
        ("db", "api"): "busy",
        ("api", "web"): "busy",
    }


def test_an_unhealthy_service_concerns_those_that_run_on_it() -> None:
    assert paths(status("db", State.UNHEALTHY), status("api", depends_on=["db"])) == {
        ("db", "api"): "warn"
    }


def test_a_service_that_is_not_to_run_misses_nothing() -> None:
    stopped = status("api", State.STOPPED, depends_on=["db"], wanted=False)
    assert paths(status("db", State.FAILED), stopped) == {("db", "api"): ""}


def test_the_worst_is_drawn_where_edges_share_a_line() -> None:
    assert worst(["", "warn", "bad", "busy"]) == "bad"
    assert worst([]) == ""


def test_lines_are_drawn_in_ascii_too() -> None:
    assert [line(arms, unicode=False) for arms in (5, 10, 15, 6)] == ["|", "-", "+", "+"]
    assert line(3, unicode=True) == "╰"


def test_a_task_without_a_port_needs_no_room_for_one() -> None:
    assert width(status("x", State.DONE, port=None, task=True), 2) == width(status("x"), 0)


def test_every_degree_of_detail_is_measured() -> None:
    needed = widths({"x": status("x")})
    assert needed[0]["x"] < needed[1]["x"] < needed[2]["x"]


def test_arrows_stay_among_what_is_joined_or_what_is_not() -> None:
    depends: dict[str, list[str]] = {"a": [], "b": ["a"], "m": [], "n": []}
    layout = lay_out(Plan(depends), dict.fromkeys(depends, 5), apart=1, width=40)
    assert neighbour(layout, "b", 1, 0) is None
    assert neighbour(layout, "m", 1, 0) == "n"
    assert neighbour(layout, "n", 1, 0) is None
    assert neighbour(layout, "a", 0, 1) == "m"
    assert neighbour(layout, "m", 0, -1) == "a"


def test_what_a_service_needs_beside_its_parent_is_named() -> None:
    assert also([]) == []
    assert "".join(also(["a", "b"])) == " also needs a, b"


def test_what_a_graph_does_not_show_is_no_reason_to_draw() -> None:
    before = status("x", uptime_s=1.0, health=Health(ok=True, latency_ms=3.11))
    after = status("x", uptime_s=2.0, health=Health(ok=True, latency_ms=3.12), cpu_percent=2.0)
    assert shown(before) == shown(after)
    assert shown(before) != shown(status("x", State.FAILED))
