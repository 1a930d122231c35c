"""A command in a service's environment, and whose Ctrl-C it is."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dynaport_tui.tui.shell import outcome, run_in
from dynaport_tui.tui.terminal import Terminal, run
from tests.tui.pseudo import Screen

DYNAPORT = (
    sys.executable,
    "-c",
    "import os, sys\n"
    "verb, service, dashes, *command = sys.argv[1:]\n"
    "assert (verb, dashes) == ('exec', '--')\n"
    "os.execvpe(command[0], command, {**os.environ, 'SERVICE': service})",
)
"""What `dynaport exec` does, without an engine."""


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as screen:
        yield screen


class Command:
    """A command that runs beside the test, until the person has gone back."""

    def __init__(self, screen: Screen, command: Sequence[str], line: str) -> None:
        self._screen = screen
        self._pool = ThreadPoolExecutor(1)
        self._code = self._pool.submit(run_in, command, "users", line, screen.terminal)

    def left_by(self, key: str) -> int:
        """Press the key as soon as it is asked for; the exit code of the command."""
        self._screen.until("press Enter to go back\n")
        self._screen.press(key)
        self._pool.shutdown()
        return self._code.result(5)


def test_a_line_runs_by_the_shell_with_the_variables_of_the_service(
    screen: Screen, private: Path
) -> None:
    command = Command(screen, DYNAPORT, f"echo $SERVICE > {private}/said; exit 3")
    assert command.left_by("\r") == 3
    assert (private / "said").read_text() == "users\n"
    assert f"users $ echo $SERVICE > {private}/said; exit 3\n" in screen.text
    assert "\nexit 3 after 0." in screen.text


def test_a_dynaport_that_cannot_be_started_is_said(screen: Screen) -> None:
    assert Command(screen, ["/nowhere/dynaport"], "true").left_by("\r") == 127
    assert "/nowhere/dynaport: No such file or directory\n" in screen.text


@pytest.mark.parametrize("key", ["\x03", "\x1b", "q"])
def test_other_keys_that_leave_go_back_as_enter_does(screen: Screen, key: str) -> None:
    assert Command(screen, DYNAPORT, "true").left_by(key) == 0


@pytest.mark.parametrize(
    ("code", "seconds", "text"),
    [
        (0, 1.24, "exit 0 after 1.2 s"),
        (2, 83.0, "exit 2 after 83 s"),
        (-signal.SIGINT, 12.0, "ended by SIGINT after 12 s"),
        (-99, 0.0, "ended by signal 99 after 0.0 s"),
    ],
)
def test_how_a_command_ended_is_said_in_words(code: int, seconds: float, text: str) -> None:
    assert outcome(code, seconds) == text


def test_an_interrupt_while_a_command_runs_is_for_the_command_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert run(["sh", "-c", "kill -INT $PPID; exit 3"]) == 3
    assert signal.getsignal(signal.SIGINT) is before


async def test_the_event_loop_does_not_hear_of_it_either() -> None:
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, heard.set)
    try:
        assert run(["sh", "-c", "kill -INT $PPID; exit 3"]) == 3
        await asyncio.sleep(0.05)
        assert not heard.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(heard.wait(), 5)
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def test_a_command_still_ends_by_its_own_interrupt() -> None:
    assert run(["sh", "-c", "kill -INT $$"]) == -signal.SIGINT


def test_the_modes_of_the_terminal_are_restored_whatever_happens(screen: Screen) -> None:
    before = screen.modes

    def fail() -> None:
        with screen.terminal.single_keys():
            assert screen.modes != before
            raise RuntimeError("oops")

    with pytest.raises(RuntimeError, match="oops"):
        fail()
    assert screen.modes == before


def test_writing_stops_as_soon_as_a_key_says_so() -> None:
    hand, end = pty.openpty()
    terminal = Terminal(end, end)
    with terminal.single_keys():
        os.write(hand, b"q")
        assert terminal.write("x" * 1_000_000, frozenset({"q"})) is False
        assert terminal.keys(0) == ["q"]
    os.close(end)
    os.close(hand)
