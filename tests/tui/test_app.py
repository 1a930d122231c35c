"""The dashboard as a whole: actions reach the engine, and what happens is told."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from dynaport_tui.control.client import NotRunning
from dynaport_tui.model.machine import State
from dynaport_tui.model.view import ActionError, Details, PortMoved, PortUse, ProjectChanged
from dynaport_tui.tui.opening import Ending, StartError
from dynaport_tui.tui.prefs import Prefs, load, save
from tests.fakes import FakeEngine, status
from tests.tui.stage import FakeOwner, dashboard, ready, screen, shows, until

SHOP = (status("users"), status("orders"), status("web", State.STOPPED, wanted=False, pid=None))
SIZES = [(80, 24), (120, 35)]


def told(app: object) -> list[str]:
    """The texts of all toasts."""
    return [notice.message for notice in app._notifications]  # type: ignore[attr-defined]  # noqa: SLF001


# ---- actions


async def test_keys_act_on_the_selected_service(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("down", "r", "R", "s", "end", "s")
        await until(pilot, lambda: len(engine.acts) == 4)
        assert sorted(engine.acts) == [
            ("reload", ["orders"]),
            ("restart", ["orders"]),
            ("start", ["web"]),
            ("stop", ["orders"]),
        ]
        await until(pilot, lambda: "asked web to start" in told(app))


async def test_several_marked_services_are_restarted_after_a_question(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await pilot.press("m", "m")
        await until(pilot, shows(pilot, "◆● users"))
        await pilot.press("r")
        await until(pilot, shows(pilot, "Restart users and orders?"))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.desk)
        assert engine.acts == []
        await pilot.press("r")
        await until(pilot, shows(pilot, "Restart users and orders?"))
        await pilot.press("enter")
        await until(pilot, lambda: engine.acts == [("restart", ["users", "orders"])])


async def test_releasing_a_port_asks_and_tells_where_the_service_went(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await pilot.press("x")
        await until(pilot, shows(pilot, "Release users?"))
        await pilot.press("enter")
        await until(pilot, lambda: engine.acts == [("release", ["users"])])
        engine.publish(PortMoved(at=0, service="users", port=20871, why="released"))
        await until(pilot, lambda: "users moved from 20417 to 20871" in told(app))


async def test_a_pinned_port_is_not_released_and_nothing_is_asked(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    use = PortUse(port=20417, why="pinned in services.toml, line 3", pinned=True)
    engine.more["orders"] = Details(service="orders", ports=[use])
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await pilot.press("a", "x")
        await until(pilot, lambda: any("port of orders is pinned" in text for text in told(app)))
        assert app.screen is app.desk
        assert engine.acts == []


async def test_a_refused_action_says_why_and_what_to_do(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    engine.refusal = ActionError("stopping", "the engine is stopping", "Wait a moment.")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("r")
        await until(pilot, lambda: "the engine is stopping. Wait a moment." in told(app))


async def test_a_key_in_the_footer_and_a_tab_can_be_clicked(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        footer, title = screen(pilot)[-1], app.desk.heading.region.y
        await pilot.click(offset=(footer.index("restart"), 34))
        await until(pilot, lambda: engine.acts == [("restart", ["users"])])
        await pilot.click(offset=(screen(pilot)[title].index("config"), title))
        await until(pilot, lambda: app.desk.heading.tab == "config")


async def test_whatever_has_no_place_of_its_own_is_reached_by_clicking_help(private: Path) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(60, 24)) as pilot:
        await ready(pilot)
        await pilot.click(offset=(screen(pilot)[-1].index("help"), 23))
        await until(pilot, shows(pilot, "z      zoom"))
        row = next(row for row, line in enumerate(screen(pilot)) if "z      zoom" in line)
        await pilot.click(offset=(screen(pilot)[row].index("zoom"), row))
        await until(pilot, lambda: app.screen is app.desk and app.desk.zoom == "upper")
        await pilot.click(offset=(screen(pilot)[-1].index("all"), 23))
        await until(pilot, shows(pilot, "what to do"))


# ---- panes


@pytest.mark.parametrize("size", SIZES)
async def test_every_tab_shows_its_service(private: Path, size: tuple[int, int]) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        for key, tab in zip(
            "234561", ("why", "requests", "environment", "config", "ports", "logs"), strict=True
        ):
            await pilot.press(key)
            subject = "all" if tab == "logs" else "users"
            await until(pilot, shows(pilot, f"{tab} · {subject}"))
        await pilot.press("left_square_bracket")
        await until(pilot, shows(pilot, "ports · users"))


async def test_the_log_follows_the_selection_once_it_shows_one_service(private: Path) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await until(pilot, shows(pilot, "logs · all"))
        await pilot.press("l")
        await until(pilot, shows(pilot, "logs · users"))
        await pilot.press("down")
        await until(pilot, shows(pilot, "logs · orders"))
        await pilot.press("m", "l")
        await until(pilot, shows(pilot, "logs · orders"))
        await pilot.press("l")
        await until(pilot, shows(pilot, "logs · all"))


async def test_a_selected_service_that_goes_leaves_its_log_to_the_next(private: Path) -> None:
    app, engine, _ = dashboard(private, *(status(service) for service in ("users", "orders")))
    async with app.run_test(size=(90, 20)) as pilot:
        await ready(pilot)
        for service in ("users", "orders"):
            engine.say(service, f"hello of {service}")
        await pilot.press("enter")
        await until(pilot, shows(pilot, "logs · users"))
        engine.forget("users")
        await until(pilot, shows(pilot, "logs · orders"))
        await until(pilot, shows(pilot, "hello of orders"))
        assert not shows(pilot, "hello of users")()


async def test_tab_goes_to_the_next_pane_and_zoom_gives_it_the_screen(private: Path) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert shows(pilot, "─ 1 logs · all ─ 2 ")()
        await pilot.press("tab")
        assert app.desk.heading.focused
        await pilot.press("z")
        await until(pilot, lambda: app.desk.heading.region.y == 2)
        assert "z shows the other pane" in screen(pilot)[1]
        await pilot.press("escape")
        await until(pilot, lambda: app.desk.heading.region.y > 2)
        await pilot.press("shift+tab")
        assert app.desk.header.focused


async def test_panes_lie_side_by_side_where_there_is_room(private: Path) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await pilot.press("L")
        await until(pilot, lambda: app.desk.heading.region.y == 2)
        assert app.desk.heading.region.x > 50
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.desk.heading.region.x == 0)


async def test_the_graph_takes_the_place_of_the_table(private: Path) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("g")
        await until(pilot, lambda: not app.desk.table.display and app.desk.pane == "graph")
        await pilot.press("g")
        await until(pilot, lambda: app.desk.table.display and app.desk.pane == "table")
        await pilot.press("tab", "g")
        await until(pilot, lambda: app.desk.pane == "graph")


async def test_a_terminal_that_is_too_small_is_told_so(private: Path) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(50, 12)) as pilot:
        await until(pilot, shows(pilot, "needs 60 x 15"))
        await pilot.resize_terminal(60, 15)
        await until(pilot, shows(pilot, "users"))


async def test_how_it_was_left_is_how_it_opens_again(private: Path) -> None:
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await pilot.press("S", "w", "L")
        app.theme = "nord"
        await pilot.pause()
    prefs = load(private / "kept")
    assert (prefs.sort, prefs.tab, prefs.layout, prefs.theme) == ("name", "why", "side", "nord")
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 35)) as pilot:
        await ready(pilot)
        await until(pilot, shows(pilot, "why · orders"))
        assert app.theme == "nord"


async def test_a_theme_that_is_gone_is_no_reason_to_fail(private: Path) -> None:
    save(private / "kept", Prefs(theme="of-last-year"))
    app, *_ = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)):
        assert app.theme == "dynaport"


# ---- what the engine tells


def spoil(engine: FakeEngine, error: str | None) -> None:
    engine.project = msgspec.structs.replace(engine.project, error=error)
    engine.publish(ProjectChanged(at=0, error=error))


async def test_an_error_in_services_toml_stays_in_sight_until_it_is_mended(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        spoil(engine, 'services.toml:29: unknown key "helth". Write "health".')
        await until(pilot, shows(pilot, '✗ services.toml:29: unknown key "helth". Write "health".'))
        assert shows(pilot, "e opens it")()
        spoil(engine, None)
        await until(pilot, lambda: not shows(pilot, "services.toml:29")())


async def test_a_note_of_the_run_is_told_once(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP, note="runs already")
    engine.project = msgspec.structs.replace(engine.project, notes=["[gateway] is not acted on"])
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.link.poke()
        await until(pilot, lambda: "[gateway] is not acted on" in told(app))
        assert "runs already" in told(app)
        assert len(told(app)) == 2


async def test_an_engine_that_is_gone_is_started_again(private: Path) -> None:
    started: list[int] = []

    async def again() -> None:
        started.append(1)
        if len(started) == 1:
            raise StartError("services.toml is not there", "Write one.")

    app, engine, _ = dashboard(private, *SHOP, again=again)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        engine.end(1, "a part of it broke")
        await until(pilot, shows(pilot, "the engine has ended: a part of it broke"))
        await pilot.press("r")
        await until(pilot, shows(pilot, "services.toml is not there Write one."))
        await pilot.press("enter")
        await until(pilot, lambda: len(started) == 2)
        assert engine.acts == []


# ---- the end


async def test_quit_asks_and_enter_stops_everything(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP, owner=FakeOwner())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("q")
        await until(pilot, shows(pilot, "Quit"))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.desk)
        await pilot.press("q")
        await until(pilot, shows(pilot, "Quit"))
        await pilot.press("enter")
        await until(pilot, lambda: app.return_value is not None)
    assert engine.downs == 1
    assert app.return_value == Ending("stopped", 0, "shop is down")


async def test_quitting_counts_also_what_the_filter_hides(private: Path) -> None:
    services = (status("users"), status("orders", State.STARTING, pid=None))
    app, _, _ = dashboard(private, *services, owner=FakeOwner())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.board.filter_by("users")
        await pilot.press("q")
        await until(pilot, shows(pilot, "2 services are running"))


async def test_quit_and_d_leave_everything_running(private: Path) -> None:
    for owner, kind in ((FakeOwner(), "detached"), (None, "left")):
        app, engine, _ = dashboard(private, *SHOP, owner=owner)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await pilot.press("q")
            await until(pilot, shows(pilot, "Quit"))
            await pilot.press("d")
            await until(pilot, lambda app=app: app.return_value is not None)  # type: ignore[misc]
        assert engine.downs == 0
        assert app.return_value is not None
        assert app.return_value.kind == kind
        assert owner is None or owner.detached


async def test_ctrl_c_asks_a_second_stops_and_a_third_kills(private: Path) -> None:
    owner = FakeOwner()
    app, engine, source = dashboard(private, *SHOP, owner=owner)

    async def slow() -> None:
        engine.downs += 1

    source.down = slow  # type: ignore[method-assign]
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+c")
        await until(pilot, shows(pilot, "Quit"))
        await pilot.press("ctrl+c")
        await until(pilot, shows(pilot, "stopping everything in order"))
        await until(pilot, lambda: engine.downs == 1)
        assert not owner.killed
        await pilot.press("ctrl+c")
        await until(pilot, lambda: owner.killed)
        engine.end(130, "killed")
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == Ending("stopped", 130, "killed")


@pytest.mark.parametrize(
    ("code", "why", "told"),
    [
        (0, "asked to stop", "asked to stop by `dynaport down` or another dashboard"),
        (3, "not ready after 5 s: users", "not ready after 5 s: users"),
        (130, "interrupted", "interrupted"),
    ],
)
async def test_leaving_an_engine_that_ended_asks_nothing_and_keeps_why(
    code: int, why: str, told: str, private: Path
) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(120, 24)) as pilot:
        await ready(pilot)
        engine.end(code, why)
        await until(pilot, shows(pilot, f"the engine has ended: {told}"))
        await pilot.press("q")
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == Ending("stopped", code, f"the engine has ended: {told}")


async def test_leaving_an_engine_that_was_killed_asks_nothing(private: Path) -> None:
    app, _, source = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        source.failure = NotRunning(Path("/nowhere"))
        source.cut()
        await until(pilot, shows(pilot, "it was killed"))
        await pilot.press("q")
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == Ending(
        "gone", text="the engine is gone without a word: it was killed"
    )


async def test_the_log_of_another_engine_takes_the_place_of_the_old_one(private: Path) -> None:
    app, engine, source = dashboard(private, *SHOP)
    engine.say("users", "said by the first")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await until(pilot, shows(pilot, "said by the first"))
        engine.end(0, "asked to stop")
        await until(pilot, shows(pilot, "the engine has ended"))
        other = FakeEngine(*SHOP)
        other.project = msgspec.structs.replace(engine.project, engine_pid=4711)
        other.say("users", "said by the second")
        source.engine = other
        app.link.poke()
        await until(pilot, shows(pilot, "said by the second"))
        assert not shows(pilot, "said by the first")()
        assert not shows(pilot, "the engine has ended")()


async def test_ctrl_c_answers_no_other_question_than_its_own(private: Path) -> None:
    app, engine, _ = dashboard(private, *SHOP)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.do("quit")
        await until(pilot, shows(pilot, "Quit dynaport?"))
        app.do("restart_all")
        await until(pilot, shows(pilot, "Restart all"))
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert shows(pilot, "Restart all")()
        await pilot.press("escape", "ctrl+c")
        await until(pilot, lambda: engine.downs)
        assert engine.acts == []
