"""A tour in a real terminal: tabs, graph, panes, order, and what is remembered of them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, wait_until
from tests.real.terminal import Pty, terminal
from tests.real.tour import Tour

SHOP = {
    "services.toml": """
        [services.users]
        script = "users.py"
        env = { API_KEY = "tr-0815-secret", COLOUR = "blue" }

        [services.orders]
        command = "echo up; exec sleep 600"
        port = false
        health = { log = "up" }
        depends_on = ["users"]

        [services.worker]
        command = "echo up; exec sleep 600"
        port = false
        health = { log = "up" }
        restart = "never"
    """,
    "users.py": """
        import flask
        app = flask.Flask(__name__)

        @app.get("/fine/<int:number>")
        def fine(number):
            return str(number)

        app.run()
    """,
}
SLEEPER = """
    [services.worker]
    command = "printf '\\\\033[31mred\\\\033[0m up\\\\n'; exec sleep 600"
    port = false
    health = { log = "up" }
"""
NEED = "dynaport needs 60 x 15 cells to draw"


@pytest.fixture
def tour(project: Project, dynaport: Dynaport) -> Iterator[Tour]:
    """The dashboard of three services."""
    project(SHOP)
    with terminal() as screen:
        yield Tour(project, dynaport, screen)
    if dynaport.left():
        dynaport.run("down")  # after a test that failed while nobody owned it


def test_tabs_tell_of_the_selected_service(tour: Tour) -> None:
    press, until = tour.press, tour.until
    tour.open().ready()
    assert tour.dynaport.get("users", "/fine/7").status == 200
    assert tour.dynaport.get("users", "/nowhere").status == 404
    tour.select("users")
    facts = {
        "why": "history",
        "requests": r"GET +/nowhere +404",
        "environment": r"^ +COLOUR +blue",
        "config": r"^ +runs +users\.py|script = \"users\.py\"",
        "ports": str(tour.dynaport.service("users")["port"]) + r"(.|\n)*used by +● orders",
    }
    for tab, fact in facts.items():
        tour.key(f"tab_{tab}")
        until(rf"{tab} · users")
        until(fact)
    for tab, fact in facts.items():
        tour.tab(tab)
        until(rf"^─.* {tab} · users")
        until(fact)
    tour.key("next_tab")
    until("─ 1 logs · all")
    tour.key("previous_tab")
    until("ports · users")
    tour.key("previous_tab")
    until("config · users")
    tour.palette("next_tab")
    until("ports · users")
    tour.palette("previous_tab")
    until("config · users")
    tour.mouse("tab_why")
    until("why · users")

    tour.tab("requests")
    assert tour.dynaport.get("users", "/fine/8").status == 200
    until(r"GET +/fine/8 +200")  # comes by itself
    tour.tab("environment")
    until(r"^ +API_KEY +\S")
    assert "tr-0815-secret" not in tour.screen.text()
    for reveal in (tour.key, tour.palette):
        reveal("reveal")
        until(r"^ +API_KEY +tr-0815-secret")
        tour.select("worker")
        tour.select("users")
        until(r"^ +API_KEY +[^t\s]")
    tour.key("next_pane")
    press("down", "down")
    tour.tab("logs")
    tour.key("tab_logs")
    until("logs · all")


def test_graph_panes_order_and_filter_are_chosen_and_remembered(tour: Tour) -> None:
    press, until = tour.press, tour.until
    tour.open().ready()
    tour.key("graph")
    until(r"users :\d+ .*──.* orders")
    tour.screen.click_on("orders")
    until("▎● orders")
    tour.key("restart")
    tour.toast("asked orders to restart")
    tour.mouse("graph")
    until(r"^▎.. orders")

    tour.key("filter")
    tour.type("work")
    until("filter work · 1 of 3")
    press("enter")
    tour.screen.until_gone(r"^...\S users ")
    tour.key("leave")
    until(r"^...\S? ?users ")
    tour.mouse("filter")
    tour.type("ready -work")
    until("2 of 3")
    press("escape")
    until("worker")

    tour.key("zoom")
    until("z shows the other pane")
    tour.screen.until_gone("logs · all")
    tour.key("leave")
    until("logs · all")
    tour.key("next_pane")
    tour.palette("zoom")
    until("z shows the other pane")
    tour.screen.until_gone("service +state")
    tour.key("zoom")
    until("service +state")
    tour.key("previous_pane")
    until(r"^ r restart")
    tour.palette("next_pane")
    until(r"^ / search")
    tour.palette("previous_pane")
    until(r"^ r restart")

    tour.key("sort")
    until("by name")
    tour.palette("sort")
    until("by port")
    tour.screen.click_on("service  ")
    until("by name ↓")
    tour.screen.click_on("service  ")
    until("by name ↑")
    names = re.findall(r"^[▎ ].. (\w+) +!?\d* *ready", tour.screen.text(), re.MULTILINE)
    assert names == ["worker", "users", "orders"]
    tour.key("layout")
    until(r"worker .*│")
    tour.palette("layout")
    tour.screen.until_gone(r"worker .*│")
    tour.key("layout")
    until(r"worker .*│")
    tour.palette("theme")
    until("which colours")
    tour.type("dracula\r")
    tour.screen.until_gone("dracula")
    tour.key("tab_config")
    until("config · ")
    press("q", "d")
    assert tour.screen.wait() == 0

    with terminal() as again:
        second = Tour(tour.project, tour.dynaport, again)
        second.open("attach")
        second.until("by name ↑")
        second.until(r"worker .*│")
        second.until("config · ")
        kept = Path(os.environ["XDG_STATE_HOME"]).rglob("dashboard.json")
        assert [json.loads(file.read_text())["theme"] for file in kept] == ["dracula"]
        second.press("q", "enter")
        assert again.wait() == 0


def test_help_and_palette_show_every_key(tour: Tour) -> None:
    tour.open().ready()
    for ask in (tour.key, tour.mouse):
        ask("help")
        tour.until("release port")
        tour.until("Esc back")
        tour.press("escape")
        tour.screen.until_gone("Esc back")
    tour.key("palette")
    tour.until("what to do")
    tour.press("escape")
    tour.screen.until_gone("what to do")
    tour.key("zoom")
    tour.screen.resize(200, 55)
    tour.mouse("palette")
    tour.until("what to do")
    tour.press("escape")


def test_any_size_is_drawn_or_says_what_it_needs(tour: Tour) -> None:
    screen, until = tour.screen, tour.until
    tour.open().ready()
    until("memory|mem ")
    screen.resize(60, 15)
    until(r"^..● users +ready")
    until(r"\? help +q quit$")
    assert max(map(len, screen.lines())) <= 60
    screen.resize(50, 10)
    until(NEED)
    until("50 x 10")
    screen.resize(120, 35)
    screen.until_gone(NEED)
    until(r"^..● users +ready")
    until("logs · all")
    with tour.new_processes("worker"):
        tour.select("worker")
        tour.key("restart")


@pytest.mark.parametrize(
    ("env", "colours"),
    [
        ({"NO_COLOR": "1"}, r"\b([34][0-8]|9[0-7]|10[0-7])\b"),
        ({"TERM": "xterm-16color", "COLORTERM": ""}, r"\b[34]8;[25]\b"),
    ],
    ids=["without colours", "with 16 colours"],
)
def test_it_is_drawn_for_terminals_of_few_colours(
    project: Project, dynaport: Dynaport, env: dict[str, str], colours: str
) -> None:
    project({"services.toml": SLEEPER})
    with Pty() as screen:
        tour = Tour(project, dynaport, screen)
        tour.open(env=env).ready()
        tour.until(r"^..● worker +ready")
        tour.until("red up")
        tour.key("help")
        tour.until("Esc back")
        tour.press("escape")
        drawn = set(re.findall(rb"\x1b\[([0-9;]*)m", screen.written))
        assert drawn
        assert not [style for style in drawn if re.search(colours, style.decode())]
        tour.press("q", "enter")
        assert screen.wait() == 0


def test_a_dumb_terminal_gets_the_plain_stream_and_the_reason(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": SLEEPER})
    with Pty() as screen:
        tour = Tour(project, dynaport, screen)
        tour.open(env={"TERM": "dumb"})
        tour.until("a terminal of type dumb cannot show the dashboard")
        tour.until("worker is ready")
        assert b"\x1b[?1049h" not in screen.written
        tour.press("ctrl+c")
        assert screen.wait() == 130
    wait_until(lambda: not dynaport.left(), what="nothing is left")
