"""What a service remembers of its requests until the engine has taken them."""

from __future__ import annotations

import time
from typing import Any, cast

from dynaport_tui.nursery.report import Report
from dynaport_tui.nursery.tally import KEPT, PAUSE, Began, Tally


class FakeReport:
    """A channel that takes what comes, or is full."""

    def __init__(self) -> None:
        self.full = self.unfinished = False
        self.lines: list[list[Any]] = []
        self.dropped = 0

    def requests(self, some: list[Any], dropped: int) -> bool:
        """Remember them, unless there is no room."""
        if self.full:
            return False
        self.lines.append(some)
        self.dropped += dropped
        return True

    def finish(self) -> None:
        """Send the rest, unless there is no room."""
        self.unfinished = self.unfinished and self.full

    @property
    def paths(self) -> list[str]:
        """Of all that was taken, in order."""
        return [path for line in self.lines for _, _, path, _, _ in line]


class Server:
    """A tally, its channel, and how often it asked to be flushed."""

    def __init__(self) -> None:
        self.report = FakeReport()
        self.asked = 0
        self.tally = Tally(cast("Report", self.report), self._ask)

    def _ask(self) -> None:
        self.asked += 1

    def answer(self, *paths: str, method: str = "GET") -> None:
        """Requests that ended in the same moment."""
        now = time.perf_counter()
        for path in paths:
            self.tally.add(Began(method, path), 200, now)


def paths(first: int, last: int) -> list[str]:
    return [f"/{number}" for number in range(first, last)]


def test_a_single_request_is_told_at_once() -> None:
    server = Server()
    before = time.time()
    began = Began("GET", "/a")
    server.tally.add(began, 404, began.clock + 0.0123)
    ((at, method, path, status, ms),) = server.report.lines[0]
    assert (method, path, status, ms) == ("GET", "/a", 404, 12.3)
    assert before <= at <= time.time()
    assert server.asked == 0


def test_what_follows_at_once_is_gathered_and_asks_once_to_be_flushed() -> None:
    server = Server()
    server.answer(*paths(0, 5))
    assert (len(server.report.lines), server.asked) == (1, 1)
    server.tally.flush()
    assert server.report.paths == paths(0, 5)
    assert len(server.report.lines) == 2


def test_after_a_pause_the_next_request_takes_the_gathered_ones_along() -> None:
    server = Server()
    server.answer(*paths(0, 3))
    server.tally.add(Began("GET", "/3"), 200, time.perf_counter() + PAUSE)
    assert server.report.paths == paths(0, 4)


def test_long_batches_go_in_short_lines() -> None:
    server = Server()
    server.answer(*paths(0, 350))
    server.tally.flush()
    assert server.report.paths == paths(0, 350)
    assert max(map(len, server.report.lines)) == 100


def test_while_the_channel_is_full_the_newest_are_kept_and_the_others_counted() -> None:
    server = Server()
    server.report.full = True
    server.answer(*paths(0, KEPT + 20))
    server.tally.flush()
    server.report.full = False
    server.tally.flush()
    assert server.report.paths == paths(20, KEPT + 20)
    assert server.report.dropped == 20


def test_what_the_engine_does_not_take_is_tried_again() -> None:
    server = Server()
    server.report.full = True
    server.answer("/a")
    server.tally.flush()
    assert server.asked == 2
    server.report.full = False
    server.tally.flush()
    assert (server.report.paths, server.asked) == (["/a"], 2)


def test_the_rest_of_a_line_is_sent_although_no_other_request_comes() -> None:
    server = Server()
    server.report.full = server.report.unfinished = True
    server.tally.flush()
    assert server.asked == 1
    server.tally.flush()
    assert server.asked == 2
    server.report.full = False
    server.tally.flush()
    assert (server.report.unfinished, server.asked) == (False, 2)


def test_what_a_client_wrote_is_cut_and_cleaned() -> None:
    server = Server()
    server.answer("/" + "x" * 600, method="VERY-LONG" * 5)
    server.tally.flush()
    server.answer("/a\x1b[2J\u202e")
    server.tally.close()
    assert [len(path) for path in server.report.paths] == [500, 5]
    assert len(server.report.lines[0][0][1]) == 20


def test_once_closed_it_asks_nobody() -> None:
    server = Server()
    server.tally.close()
    server.answer(*paths(0, 3))
    assert server.asked == 0
