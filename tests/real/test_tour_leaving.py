"""A tour in a real terminal: how the dashboard is left, how it ends, and what then still runs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.project import Project
from tests.real.harness import COMMAND, Dynaport, refuses
from tests.real.terminal import terminal
from tests.real.tour import Tour

SHOP = {
    "services.toml": """
        [services.users]
        command = ["python3", "server.py"]
        health = { http = "/", interval = 0.3 }

        [services.worker]
        command = "echo up; exec sleep 600"
        port = false
        health = { log = "up" }
        depends_on = ["users"]
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


@pytest.fixture
def tour(project: Project, dynaport: Dynaport) -> Iterator[Tour]:
    """A dashboard of two services, not opened yet."""
    project(SHOP)
    with terminal() as screen:
        yield Tour(project, dynaport, screen)
    if dynaport.left():
        dynaport.run("down")  # after a test that failed while nobody owned it


def dashboard(tour: Tour) -> psutil.Process:
    """The process that draws."""
    engine = tour.dynaport.look()["project"]["engine_pid"]
    found = [each for each in tour.dynaport.left() if each.pid != engine and _draws(each)]
    assert len(found) == 1, found
    return found[0]


def _draws(process: psutil.Process) -> bool:
    arguments = process.cmdline()
    return arguments[: len(COMMAND)] == list(COMMAND) and arguments[-1] in ("up", "attach")


def test_quitting_asks_and_stops_everything_or_leaves_it_running(tour: Tour) -> None:
    press, until, dynaport = tour.press, tour.until, tour.dynaport
    tour.open().ready()
    port = dynaport.service("users")["port"]
    everything = tour.everything()
    tour.key("quit")
    until("Quit dynaport")
    press("escape")
    tour.screen.until_gone("Quit dynaport")
    tour.mouse("quit")
    tour.screen.click_on("stay here")
    tour.screen.until_gone("Quit dynaport")
    tour.palette("quit")
    until("Quit dynaport")
    press("d")
    assert tour.screen.wait() == 0
    until("runs on in the background")
    assert all(each.is_running() for each in everything)
    assert dynaport.get("users").text == "fine"

    with terminal() as screen:
        again = Tour(tour.project, dynaport, screen).open("attach").ready()
        assert {each.pid for each in everything} == {each.pid for each in again.everything()}
        again.key("quit")
        again.until("started elsewhere")
        again.press("enter")
        assert screen.wait() == 0
        tour.all_end(everything)
        assert refuses(port)


def test_two_interrupts_stop_everything(tour: Tour) -> None:
    tour.open().ready()
    everything = tour.everything()
    tour.key("interrupt")
    tour.until("Quit dynaport")
    tour.key("interrupt")
    assert tour.screen.wait() == 0
    tour.until("is down")
    tour.all_end(everything)


def test_a_dashboard_that_is_killed_takes_everything_with_it(tour: Tour) -> None:
    tour.open().ready()
    everything = tour.everything()
    dashboard(tour).send_signal(signal.SIGKILL)
    tour.all_end(everything)


def test_an_engine_that_is_killed_is_told_and_started_again(tour: Tour) -> None:
    tour.open().ready()
    for start, how in ((tour.press, "r"), (tour.palette, "start_again")):
        engine = tour.everything()[0].pid
        os.kill(engine, signal.SIGKILL)
        tour.until("the engine is gone")
        tour.until("r starts it again")
        start(how)
        tour.screen.until_gone("the engine is gone")
        tour.dynaport.wait_until_ready()
        assert tour.dynaport.look()["project"]["engine_pid"] != engine
        tour.until("2 of 2 ready")
        assert tour.dynaport.get("users").text == "fine"
    everything = tour.everything()
    tour.press("q", "enter")
    assert tour.screen.wait() == 0
    tour.all_end(everything)


def test_it_is_suspended_and_comes_back_to_the_foreground(tour: Tour) -> None:
    shell = ["bash", "--norc", "--noprofile", "-i"]
    variables = tour.variables({"PS1": "prompt> "})
    tour.screen.start(shell, tour.project.folder, variables)
    tour.until("prompt>$")
    tour.type(f"{' '.join(COMMAND)} up\r")
    tour.until("2 of 2 ready")
    pids = tour.dynaport.pids()
    for suspend in (tour.key, tour.palette):
        suspend("suspend")
        tour.until(r"Stopped(.|\n)*prompt>$")
        assert tour.dynaport.get("users").text == "fine"
        tour.type("clear\r")
        tour.screen.until_gone("Stopped")
        tour.type("fg\r")
        tour.until("2 of 2 ready")
        tour.until(r"\? help +q quit$")
    assert tour.dynaport.pids() == pids
    with tour.new_processes("worker"):
        tour.select("worker")
        tour.key("restart")
    tour.press("q", "enter")
    tour.until("is down(.|\n)*prompt>$")
    tour.type("exit\r")
    assert tour.screen.wait() == 0


def test_services_toml_is_edited_and_what_is_wrong_in_it_is_told(tour: Tour) -> None:
    editor = tour.recorder("nano")
    tour.open(env={"EDITOR": str(editor)}).ready()
    pids = tour.dynaport.pids()
    for edit in (tour.key, tour.palette):
        edit("edit_file")
        assert tour.called(editor) == [str(tour.project.file)]
        tour.until("2 of 2 ready")
    tour.select("worker")
    good = tour.project.file.read_text()
    tour.project.file.write_text(good.replace("depends_on", "depend_on"))
    tour.until(r"services\.toml:9(.|\n)*depends_on")
    tour.screen.click_on("opens it")
    assert tour.called(editor) == [str(tour.project.file)]
    assert tour.dynaport.pids() == pids
    with tour.new_processes("worker"):
        tour.project.file.write_text(good.replace("echo up", "echo up again"))
    tour.screen.until_gone("opens it")
    tour.until("up again$")
