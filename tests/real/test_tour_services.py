"""A tour in a real terminal: what is done to services with keys and mouse is done to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, refuses
from tests.real.terminal import terminal
from tests.real.tour import Tour

SHOP = {
    "services.toml": """
        [services.users]
        script = "users.py"
        health = { http = "/", interval = 0.3 }

        [services.orders]
        command = ["python3", "server.py"]
        health = { http = "/", interval = 0.3 }

        [services.worker]
        command = "echo up; exec sleep 600"
        port = false
        health = { log = "up" }
    """,
    "users.py": """
        import flask
        app = flask.Flask(__name__)

        @app.get("/")
        def home():
            return "first"

        app.run()
    """,
    "server.py": """
        import http.server, os

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"fine")

            def log_message(self, *arguments):
                pass

        address = ("127.0.0.1", int(os.environ["PORT"]))
        http.server.ThreadingHTTPServer(address, Answer).serve_forever()
    """,
}
ALL = ("orders", "users", "worker")


@pytest.fixture
def tour(project: Project, dynaport: Dynaport) -> Iterator[Tour]:
    """The dashboard of the shop, sorted by name so that rows stay where they are."""
    project(SHOP)
    with terminal() as screen:
        tour = Tour(project, dynaport, screen)
        tour.open(env={"BROWSER": str(tour.recorder("browser"))}).ready()
        screen.click_on("service")
        tour.until("by name")
        yield tour


def test_keys_and_mouse_restart_stop_start_and_reload_services(tour: Tour) -> None:
    dynaport = tour.dynaport
    tour.select("worker")
    with tour.new_processes("worker"):
        tour.key("restart")
    tour.select("users")
    with tour.new_processes("users"):
        tour.mouse("restart")

    port = dynaport.service("users")["port"]
    tour.key("start_stop")
    assert tour.state("users", "STOPPED")["port"] == port
    assert refuses(port)
    tour.mouse("start_stop", "start")
    tour.state("users", "READY")
    assert dynaport.get("users").text == "first"

    with tour.new_processes("users"):
        tour.key("reload")
    with tour.new_processes("users"):
        tour.palette("reload")
    assert dynaport.service("users")["reloads"] == 2


def test_a_released_port_is_asked_for_and_becomes_another_one(tour: Tour) -> None:
    dynaport = tour.dynaport
    tour.select("orders")
    first = dynaport.service("orders")["port"]
    tour.key("release")
    tour.until("Release orders")
    tour.press("escape")
    tour.screen.until_gone("Release orders")
    assert dynaport.service("orders")["port"] == first
    tour.key("release")
    tour.until("Release orders")
    tour.press("enter")
    second = _moved(tour, first)
    tour.mouse("release")
    tour.screen.click_on("leave it as it is")
    tour.screen.until_gone("Release orders")
    tour.mouse("release")
    tour.screen.click_on("Enter y  Release")
    third = _moved(tour, second)
    tour.until(rf"^▎.. orders +ready +{third} ")

    tour.select("users")
    tour.key("copy_url")
    tour.copied(dynaport.service("users")["url"].encode())
    tour.select("orders")
    tour.palette("copy_url")
    tour.copied(dynaport.service("orders")["url"].encode())
    tour.select("users")
    for open_ in (tour.key, tour.palette):
        open_("open_browser")
        url = dynaport.service("users")["url"]
        assert tour.called(tour.project.folder / "bin" / "browser") == [url]


def _moved(tour: Tour, port: int) -> int:
    """Start orders, which has given up this port; its new one."""
    tour.state("orders", "STOPPED")
    assert refuses(port)
    tour.until("s start")
    tour.key("start_stop")
    new: int = tour.state("orders", "READY")["port"]
    assert new != port
    assert tour.dynaport.get("orders").text == "fine"
    return new


def test_what_is_marked_is_acted_on_together_and_all_at_once(tour: Tour) -> None:
    tour.select("orders")
    tour.key("mark")
    tour.select("worker")
    tour.palette("mark")
    tour.key("restart")
    tour.until("Restart orders and worker")
    with tour.new_processes():
        tour.press("n")
        tour.screen.until_gone("Restart orders and worker")
    tour.key("restart")
    tour.until("Restart orders and worker")
    with tour.new_processes("orders", "worker"):
        tour.press("y")

    tour.press("escape")  # no marks
    tour.key("mark_all")
    tour.key("start_stop")
    tour.until("Stop orders, users and worker")
    tour.press("enter")
    for service in ALL:
        tour.state(service, "STOPPED")
    tour.palette("mark_all")
    tour.palette("start_all")
    for service in ALL:
        tour.state(service, "READY")
    tour.palette("restart_all")
    tour.until("Restart all 3 services")
    with tour.new_processes(*ALL):
        tour.press("enter")
    tour.palette("stop_all")
    tour.until("Stop all 3 services")
    tour.press("enter")
    for service in ALL:
        tour.state(service, "STOPPED")


def test_a_command_runs_with_the_variables_of_the_service(tour: Tour) -> None:
    tour.select("users")
    port = tour.dynaport.service("users")["port"]
    for number, ask in enumerate((tour.key, tour.palette)):
        ask("run_command")
        tour.until("Run a command for users")
        tour.type(f"echo $PORT > ran{number}; echo {number}: the port is $PORT")
        tour.press("enter")
        tour.until(rf"^{number}: the port is {port}$")
        tour.until("exit 0 after .* Enter")
        assert (tour.project.folder / f"ran{number}").read_text() == f"{port}\n"
        tour.press("enter")
        tour.until(r"^▎.. users +ready")
    assert re.search("by name", tour.screen.text())
