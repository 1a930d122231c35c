"""The details of a service as a person sees and uses them."""

from collections.abc import Callable

import msgspec
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from dynaport_tui.control.client import NoAnswer
from dynaport_tui.model.machine import State
from dynaport_tui.model.palette import Palette
from dynaport_tui.model.view import (
    ActionError,
    Details,
    Moment,
    PortUse,
    Request,
    Requests,
    Traceback,
)
from dynaport_tui.tui.details.answers import Tab
from dynaport_tui.tui.details.pane import DetailPane
from tests.fakes import NOON, FakeEngine, FakeSource, status


class Screen(App[None]):
    """A pane alone, above an engine with two services."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = FakeEngine(status("users"), status("billing", State.FAILED, log_errors=1))
        self.source = FakeSource(self.engine)
        self.pane = DetailPane(self.source, Palette(), clock=lambda: NOON)

    def compose(self) -> ComposeResult:
        yield self.pane

    def look(self, tab: Tab, service: str | None = "users") -> None:
        """What the dashboard does when a tab or a service is chosen, or a snapshot came."""
        chosen = self.engine.services[service] if service else None
        self.pane.show(tab, chosen, self.engine.snapshot())

    def text(self) -> str:
        height = self.pane.size.height
        return "\n".join(self.pane.render_line(y).text.rstrip() for y in range(height))


async def seen(pilot: Pilot[None], what: Callable[[], bool]) -> None:
    """Wait until it is so; the test's own deadline is the limit."""
    while not what():
        await pilot.pause()


async def test_every_tab_shows_what_the_source_says() -> None:
    app = Screen()
    app.engine.more["users"] = Details(
        service="users", command=["flask", "run"], ports=[PortUse(port=20417, why="computed")]
    )
    tabs: dict[Tab, str] = {
        "why": "answered GET /healthz", "config": "flask run", "ports": "computed",
        "environment": "API_KEY", "requests": "No request yet",
    }  # fmt: skip
    async with app.run_test(size=(100, 30)) as pilot:
        for tab, text in tabs.items():
            app.look(tab)
            await seen(pilot, lambda text=text: text in app.text())  # type: ignore[misc]
            assert app.pane.title == f"{tab} · users"


async def test_without_a_service_it_says_what_to_do() -> None:
    app = Screen()
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("why", None)
        await pilot.pause()
        assert "Select a service." in app.text()
        assert (app.pane.title, app.pane.status) == ("why", "")
        assert app.pane.chosen_text() == ("", "nothing")
        await app.pane.renew()


async def test_secrets_are_shown_until_another_service_is_selected() -> None:
    app = Screen()
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("environment")
        await seen(pilot, lambda: "••••" in app.text())
        assert app.pane.status == "2 variables · secrets masked"
        app.pane.reveal()
        await seen(pilot, lambda: "abc" in app.text())
        assert app.pane.status == "2 variables · secrets shown"
        app.look("environment", "billing")
        await seen(pilot, lambda: "••••" in app.text())
        app.look("environment", "users")
        await seen(pilot, lambda: "••••" in app.text())
        assert "abc" not in app.text()


async def test_secrets_can_be_hidden_again() -> None:
    app = Screen()
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("environment")
        app.pane.reveal()
        await seen(pilot, lambda: "abc" in app.text())
        app.pane.reveal()
        await seen(pilot, lambda: "••••" in app.text())


async def test_nothing_is_shown_of_secrets_in_another_tab() -> None:
    app = Screen()
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("ports")
        app.pane.reveal()
        app.look("environment")
        await seen(pilot, lambda: "••••" in app.text())


def requests(*numbers: int, service: str = "users") -> Requests:
    found = [Request(n, NOON + n, "GET", f"/{n}", 200, 1.0) for n in numbers]
    return Requests(service=service, requests=found, total=numbers[-1])


async def test_new_requests_are_followed_until_the_cursor_leaves_the_top() -> None:
    app = Screen()
    app.engine.answered["users"] = requests(1, 2)
    async with app.run_test(size=(100, 10)) as pilot:
        app.look("requests")
        app.pane.focus()
        await seen(pilot, lambda: "/2 " in app.text())
        assert app.pane.status == "follow · 2 requests"
        app.engine.answered["users"] = requests(1, 2, 3)
        await app.pane.renew()
        assert " /3 " in f" {app.pane.chosen_text()[0]} "
        await pilot.press("down")
        app.engine.answered["users"] = requests(1, 2, 3, 4)
        await app.pane.renew()
        assert " /2 " in f" {app.pane.chosen_text()[0]} "
        assert app.pane.status == "paused: Home follows · 4 requests"


async def test_only_newer_requests_are_asked_for_and_a_new_engine_begins_anew() -> None:
    app = Screen()
    app.engine.answered["users"] = requests(*range(1, 1201))
    async with app.run_test(size=(100, 10)) as pilot:
        app.look("requests")
        await seen(pilot, lambda: "1,000 requests" in app.pane.status)
        app.engine.answered["users"] = requests(1)
        await app.pane.renew()
        assert "1 request" in app.pane.status
        assert len(app.pane.lines) == 1


async def test_an_engine_that_is_gone_leaves_what_was_there() -> None:
    app = Screen()
    app.engine.more["users"] = Details(service="users", command=["flask", "run"])
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("config")
        await seen(pilot, lambda: "flask run" in app.text())
        app.source.failure = NoAnswer("late")
        await app.pane.renew()
        first = app.pane.status
        assert first.startswith("the engine does not answer · as of ")
        await app.pane.renew()
        assert app.pane.status == first
        assert "flask run" in app.text()
        app.source.failure = None
        await app.pane.renew()
        assert app.pane.status == ""


async def test_a_service_that_is_gone_leaves_what_was_there() -> None:
    app = Screen()
    app.engine.more["users"] = Details(service="users", command=["flask", "run"])
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("config")
        await seen(pilot, lambda: "flask run" in app.text())
        app.source.failure = ActionError("unknown-service", "no service 'users'", "")
        await app.pane.renew()
        assert app.pane.status.startswith("no service 'users' · as of ")
        assert "flask run" in app.text()


async def test_the_traceback_of_a_broken_service_is_asked_for_when_there_are_new_errors() -> None:
    app = Screen()
    asked = []

    async def traceback(service: str | None = None) -> Traceback:
        asked.append(service)
        return Traceback(
            service="billing", number=1, last=2, at=NOON, data=b"", error=f"KeyError: {len(asked)}"
        )

    app.source.traceback = traceback  # type: ignore[method-assign]
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("why", "billing")
        await seen(pilot, lambda: "KeyError: 1" in app.text())
        await app.pane.renew()
        assert asked == ["billing"]
        app.engine.change("billing", log_errors=2)
        app.look("why", "billing")
        await app.pane.renew()
        assert "KeyError: 2" in app.text()


async def test_a_new_state_is_shown_without_asking() -> None:
    app = Screen()
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("why")
        await seen(pilot, lambda: "● ready" in app.text())
        app.source.failure = NoAnswer("late")
        app.engine.move("users", State.BACKOFF, "exit 1 after 2 s")
        app.look("why")
        assert "↻ backing off  exit 1 after 2 s" in app.text()


async def test_the_history_of_a_new_state_is_asked_for_at_once() -> None:
    app = Screen()
    async with app.run_test(size=(120, 30)) as pilot:
        app.look("why")
        await seen(pilot, lambda: "● ready" in app.text())
        app.engine.more["users"] = Details(
            service="users",
            history=[Moment(at=NOON, old=State.READY, new=State.STOPPING, why="asked to stop")],
        )
        app.engine.move("users", State.STOPPING, "asked to stop")
        app.look("why")
        await seen(pilot, lambda: "● → ◑ stopping" in app.text())


async def test_an_answer_that_comes_too_late_is_dropped() -> None:
    app = Screen()
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("config")
        app.engine.more["billing"] = Details(service="billing", command=["gunicorn"])
        app.look("config", "billing")
        await seen(pilot, lambda: "gunicorn" in app.text())


async def test_lines_are_folded_anew_when_the_pane_changes_its_width() -> None:
    app = Screen()
    long = "it waits for something that takes a very long time indeed " * 2
    app.engine.services["users"] = msgspec.structs.replace(app.engine.services["users"], why=long)
    async with app.run_test(size=(140, 30)) as pilot:
        app.look("why")
        await pilot.pause()
        wide = len(app.pane.lines)
        await pilot.resize_terminal(60, 30)
        assert len(app.pane.lines) > wide


async def test_another_theme_gives_other_colours() -> None:
    app = Screen()
    async with app.run_test(size=(100, 30)) as pilot:
        app.look("why")
        await pilot.pause()
        before = [segment.style for segment in app.pane.render_line(1)]
        app.theme = "textual-light"
        await pilot.pause()
        assert [segment.style for segment in app.pane.render_line(1)] != before
