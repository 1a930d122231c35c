"""A tour in a real terminal: logs are read, searched, copied and left for the plain stream."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, wait_until
from tests.real.terminal import terminal
from tests.real.tour import Tour

LONG = "a long line " + "." * 150 + " END-OF-IT"

SHOP = {
    "services.toml": """
        [services.clock]
        command = ["python3", "-u", "clock.py"]
        port = false
        health = { log = "tick 100" }

        [services.teller]
        command = ["python3", "-u", "teller.py"]
        health = { http = "/", interval = 0.3 }
        depends_on = ["clock"]
    """,
    "clock.py": """
        import time
        for number in range(1, 101):
            print(f"INFO tick {number}" if number != 50 else "ERROR disk full at tick 50")
        time.sleep(600)
    """,
    "teller.py": r"""
        import http.server, os, sys, traceback, urllib.parse

        def crash():
            raise LookupError("no user \xe9 \t[red]  in db")

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                if self.path.startswith("/say/"):
                    print(urllib.parse.unquote(self.path[5:]))
                if self.path == "/crash":
                    try:
                        crash()
                    except LookupError:
                        data = traceback.format_exc().encode("latin-1")
                        open("crash", "wb").write(data)
                        sys.stderr.buffer.write(b"before\\n" + data + b"after\\n")
                        sys.stderr.flush()

            def log_message(self, *arguments):
                pass

        address = ("127.0.0.1", int(os.environ["PORT"]))
        http.server.ThreadingHTTPServer(address, Answer).serve_forever()
    """.replace("\\\\n", "\\n"),
}


@pytest.fixture
def tour(project: Project, dynaport: Dynaport) -> Iterator[Tour]:
    """The dashboard of a service that has printed 100 lines and one that prints what it is told."""
    project(SHOP)
    with terminal() as screen:
        tour = Tour(project, dynaport, screen)
        tour.open(env={"EDITOR": str(tour.recorder("vi"))}).ready()
        screen.click_on("service")
        tour.until("INFO tick 100$")
        yield tour


def say(tour: Tour, text: str) -> None:
    """Have the teller print a line."""
    tour.dynaport.get("teller", f"/say/{urllib.parse.quote(text)}")


def crash(tour: Tour) -> bytes:
    """Have the teller print a traceback; the bytes that it printed."""
    lines = tour.dynaport.service("teller")["log_lines"]
    tour.dynaport.get("teller", "/crash")
    wait_until(lambda: tour.dynaport.service("teller")["log_lines"] > lines + 6, what="traceback")
    return (tour.project.folder / "crash").read_bytes()


def test_hits_are_counted_and_visited_and_lines_are_filtered(tour: Tour) -> None:
    press, until = tour.press, tour.until
    tour.key("search")
    tour.type('"tick 7"')
    until("11 hits")
    press("enter")
    until("hit 11 of 11")
    tour.key("previous_hit")
    until("hit 10 of 11")
    tour.palette("previous_hit")
    until("hit 9 of 11")
    tour.key("next_hit")
    until("hit 10 of 11")
    tour.palette("next_hit")
    until("hit 11 of 11")
    say(tour, "tick 7 once more")
    until("hit 11 of 12")
    press("escape")
    tour.screen.until_gone("hit 11")
    tour.mouse("search")
    tour.type("once more")
    until("1 hit")
    press("escape")
    tour.screen.until_gone("1 hit")

    for filter_ in (tour.key, tour.mouse):
        filter_("filter")
        until("^ filter .*level:error")
        tour.type("level:error svc:clock")
        press("enter")
        until("only level:error svc:clock")
        until(r"1 of 10\d lines")
        until("ERROR disk full at tick 50$")
        tour.screen.until_gone(r"INFO tick \d+$")
        press("escape")
        until(r"INFO tick \d+$")
    tour.key("filter")
    tour.type("re:/[/")
    until("re:")
    press("escape")
    tour.screen.until_gone("re:/")


def test_the_next_error_is_found_and_a_traceback_unfolded(tour: Tour) -> None:
    press, until = tour.press, tour.until
    crash(tour)
    for find in (tour.key, tour.mouse):
        press("end")
        until("follow")
        find("next_error")
        until(r"^▎.*▸ Traceback .*LookupError.*teller\.py:4")
        find("next_error")
        until(r"^▎.*ERROR disk full at tick 50")
    tour.key("next_error")
    until(r"^▎.*▸ Traceback")
    press("enter")
    until(r"^ .*raise LookupError")
    press("enter")
    tour.screen.until_gone("raise LookupError")
    tour.screen.click_on("▸ Traceback", times=2)
    until("raise LookupError")
    tour.screen.click_on("▾ Traceback", times=2)
    tour.screen.until_gone("raise LookupError")

    for edit in (tour.key, tour.palette):
        edit("edit_error")
        arguments = tour.called(tour.project.folder / "bin" / "vi")
        assert arguments == ["+4", str(tour.project.folder / "teller.py")]
        until("Traceback")


def test_a_person_moves_in_time_and_chooses_how_lines_look(tour: Tour) -> None:
    press, until = tour.press, tour.until
    until("follow")
    tour.select("teller")
    tour.key("cycle_logs")
    until("logs · teller")
    tour.screen.until_gone(r"INFO tick \d+$")
    tour.mouse("cycle_logs")
    until("logs · all")
    tour.key("next_pane")
    tour.key("follow")
    until("paused")
    say(tour, LONG)
    until("1 new line")
    tour.screen.until_gone("a long line")
    tour.mouse("follow")
    until("follow · ")
    until("a long line")
    assert "END-OF-IT" not in tour.screen.text()
    tour.key("wrap")
    until("END-OF-IT")
    tour.mouse("wrap")
    tour.screen.until_gone("END-OF-IT")

    tour.key("timestamps")
    until(r"^.? +\d+s +clock +INFO tick")
    tour.mouse("timestamps")
    until(r"^.?clock +INFO tick|^.? *clock +INFO tick")
    tour.key("timestamps")
    until(r"^.\d\d:\d\d:\d\d\.\d{3} +clock")

    tour.key("marker")
    until(r"^.── \d\d:\d\d:\d\d ─+$")
    tour.palette("marker")
    wait_until(lambda: len(re.findall(r"^.── \d\d:\d", tour.screen.text(), re.MULTILINE)) == 2)
    for jump in (tour.key, tour.palette):
        jump("jump_time")
        tour.type("5m")
        press("enter")
        until("INFO tick 1$")
        until("paused")
        press("G")
        until("follow")
    press("home")
    until("INFO tick 1$")
    press("pagedown")
    tour.screen.until_gone("INFO tick 1$")
    tour.screen.wheel(20, 20, down=False)
    tour.screen.wheel(20, 20, down=False)
    press("home")
    until("INFO tick 1$")


def test_what_was_printed_is_copied_without_what_stands_before_it(tour: Tour) -> None:
    press, until = tour.press, tour.until
    tour.select("teller")
    data = crash(tour)
    assert data in tour.log_file("teller").read_bytes()
    tour.key("copy_traceback")
    _copied_as_printed(tour, data)
    tour.toast("copied the traceback of teller")

    tour.key("next_pane")
    press("home")
    until(r"^▎.*INFO tick 1$")
    tour.key("copy")
    tour.copied(b"INFO tick 1")
    press("down")
    tour.key("mark_block")
    press("down", "down")
    until("3 lines marked")
    tour.mouse("copy")
    tour.copied(b"INFO tick 2\nINFO tick 3\nINFO tick 4")
    press("escape")
    tour.screen.until_gone("marked")
    tour.palette("mark_block")
    until("1 line marked")
    press("escape")

    rows = [y for y, line in enumerate(tour.screen.lines()) if re.search(r"INFO tick [56]$", line)]
    tour.screen.drag(30, rows[0], 34, rows[-1])
    until("2 lines marked")
    tour.key("copy")
    tour.copied(b"INFO tick 5\nINFO tick 6")
    press("escape")
    say(tour, "coloured \x1b[31mred\x1b[0m and done")
    press("G")
    until("coloured red and done$")
    tour.key("copy")
    tour.copied(b"coloured red and done")
    tour.mouse("copy_traceback")
    _copied_as_printed(tour, data)
    tour.key("next_error")
    tour.key("copy_traceback")
    _copied_as_printed(tour, data)


def _copied_as_printed(tour: Tour, data: bytes) -> None:
    """Byte for byte; then something else, so that the next time it has to come anew."""
    tour.copied(data)
    tour.key("copy_url")
    tour.copied(tour.dynaport.service("teller")["url"].encode())


def test_the_plain_stream_is_left_as_it_was_entered(tour: Tour) -> None:
    press, until = tour.press, tour.until
    tour.key("search")
    tour.type('"tick 7"')
    press("enter")
    until("hit 11 of 11")
    for leave in (tour.key, tour.mouse):
        leave("plain_stream")
        until("^plain stream of|held: Space goes on")
        until(r"clock +\| INFO tick 79$")
        assert "3 requests" not in tour.screen.text()
        say(tour, "said meanwhile")
        press("space")
        until(r"teller +\| said meanwhile$")
        press("p")
        until(r"hit 11 of 11")
        until("2 of 2 ready")
