"""The log in the normal screen: what is printed, what the keys do, what is left behind."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynaport_tui.model.machine import State
from dynaport_tui.model.palette import Palette
from dynaport_tui.model.view import LogQuery, Place
from dynaport_tui.tui.plain import plain_stream
from dynaport_tui.tui.terminal import Terminal
from tests.fakes import NOON, FakeEngine, ServedEngine, status
from tests.tui.pseudo import Screen


class Show:
    """A plain stream that runs beside the test."""

    def __init__(self, screen: Screen, path: Path, query: LogQuery, upto: Place | None) -> None:
        self._thread = threading.Thread(
            target=plain_stream,
            args=(path, query, upto, Palette(), "users, billing", screen.terminal),
            name="plain",
        )
        self._thread.start()

    def over(self) -> None:
        """Return as soon as it has returned."""
        self._thread.join(5)
        assert not self._thread.is_alive(), "it still runs"


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as screen:
        yield screen


@pytest.fixture
def served(private: Path) -> Iterator[ServedEngine]:
    """Users has said three lines, billing one."""
    engine = FakeEngine(status("users"), status("billing", State.FAILED))
    engine.say("users", "one", "\x1b[31mtwo\x1b[0m", at=NOON)
    engine.say("billing", "[bold]oops[/bold]", at=NOON + 1)
    engine.say("users", "three", at=NOON + 2)
    with ServedEngine(engine, private / "sock") as served:
        yield served


@pytest.fixture
def path(private: Path) -> Path:
    return private / "sock"


USERS = LogQuery(services=["users"])
ALL = LogQuery()


def test_one_service_gives_its_bare_lines(served: ServedEngine, screen: Screen, path: Path) -> None:
    show = Show(screen, path, USERS, None)
    screen.until("\none\ntwo\nthree\n")
    assert screen.text.startswith("plain stream of users, billing — p, q, Enter or Ctrl-C")
    assert "\x1b[31mtwo\x1b[0m" in screen.coloured
    screen.press("p")
    show.over()


def test_several_services_give_lines_as_the_stream_of_up(
    served: ServedEngine, screen: Screen, path: Path
) -> None:
    show = Show(screen, path, ALL, None)
    clock = time.strftime("%H:%M:%S", time.localtime(NOON + 1))
    screen.until(f"{clock}.000 billing | [bold]oops[/bold]\n")
    screen.until(" users   | three\n")
    screen.press("q")
    show.over()


def test_lines_that_follow_are_printed_as_they_come(
    served: ServedEngine, screen: Screen, path: Path
) -> None:
    show = Show(screen, path, USERS, None)
    screen.until("three\n")
    served.do(lambda: served.engine.say("users", "four"))
    screen.until("three\nfour\n")
    served.do(lambda: served.engine.say("users", "five"))
    screen.until("four\nfive\n")
    screen.press("\r")
    show.over()
    assert screen.text.count("four") == 1


def test_a_filter_lets_only_its_lines_through(
    served: ServedEngine, screen: Screen, path: Path
) -> None:
    show = Show(screen, path, LogQuery(services=["users"], filter="t"), None)
    screen.until("three\n")
    served.do(lambda: served.engine.say("users", "four", "fourteen"))
    screen.until("three\nfourteen\n")
    assert "one" not in screen.text.partition("\n")[2]
    screen.press("q")
    show.over()


@pytest.mark.parametrize("key", ["p", "q", "\r", "\n", "\x1b", "\x03", "\x04"])
def test_each_of_these_keys_goes_back(
    served: ServedEngine, screen: Screen, path: Path, key: str
) -> None:
    before = screen.modes
    show = Show(screen, path, USERS, None)
    screen.until("three\n")
    screen.press(key)
    show.over()
    assert screen.modes == before


def test_arrows_function_keys_and_other_letters_stay(
    served: ServedEngine, screen: Screen, path: Path
) -> None:
    show = Show(screen, path, USERS, None)
    screen.until("three\n")
    screen.press("\x1b[A\x1b[15~\x1bOPx\x1bp")
    served.do(lambda: served.engine.say("users", "four"))
    screen.until("four\n")
    screen.press("q")
    show.over()


def test_keys_are_not_echoed(served: ServedEngine, screen: Screen, path: Path) -> None:
    show = Show(screen, path, USERS, None)
    screen.until("three\n")
    screen.press("xyzq")
    show.over()
    assert screen.text.endswith("three\n")


def test_a_view_that_holds_still_is_printed_up_to_its_last_line(
    served: ServedEngine, screen: Screen, path: Path
) -> None:
    show = Show(screen, path, ALL, Place(NOON + 1, "billing", 1))
    screen.until("oops[/bold]\nheld: Space goes on\n")
    assert "three" not in screen.text
    screen.press(" ")
    screen.until("three\n")
    screen.press(" ")
    screen.until("three\nheld: Space goes on\n")
    served.do(lambda: served.engine.say("users", "four"))
    screen.press("q")
    show.over()
    assert "four" not in screen.text


def test_only_the_last_lines_are_back_filled(
    served: ServedEngine, screen: Screen, path: Path
) -> None:
    served.do(lambda: served.engine.say("users", *(f"line {n}" for n in range(1000))))
    show = Show(screen, path, USERS, None)
    screen.until("line 999\n")
    assert screen.text.split("\n")[1] == "line 500"
    screen.press("q")
    show.over()


def test_a_flood_is_skipped_and_counted(served: ServedEngine, screen: Screen, path: Path) -> None:
    show = Show(screen, path, USERS, None)
    screen.until("three\n")
    served.do(lambda: served.engine.say("users", *(f"line {n}" for n in range(20_000))))
    screen.until("line 19999\n")
    screen.until("… 17,500 lines skipped\nline 19500\n")
    screen.press("q")
    show.over()


def test_without_colour_nothing_but_text_is_printed(
    served: ServedEngine, screen: Screen, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    show = Show(screen, path, ALL, None)
    screen.until("three\n")
    assert "\x1b" not in screen.coloured
    screen.press("q")
    show.over()


def test_the_end_of_the_engine_is_said_and_ends_the_stream(
    served: ServedEngine, screen: Screen, path: Path
) -> None:
    before = screen.modes
    show = Show(screen, path, USERS, None)
    screen.until("three\n")
    served.close()
    show.over()
    screen.until("three\n\nthe engine has ended: nothing follows\n")
    assert screen.modes == before


def test_a_service_that_is_not_there_is_said(
    served: ServedEngine, screen: Screen, path: Path
) -> None:
    show = Show(screen, path, LogQuery(services=["nobody"]), None)
    show.over()
    screen.until("the stream ends here: no service 'nobody'")


def test_a_keyboard_that_is_closed_ends_the_stream(served: ServedEngine, path: Path) -> None:
    reading, writing = os.pipe()
    screen = os.open(os.devnull, os.O_WRONLY)
    os.close(writing)
    plain_stream(path, USERS, None, Palette(), "users", Terminal(reading, screen))
    os.close(reading)
    os.close(screen)
