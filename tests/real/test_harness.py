"""The harness itself, with small programs in the place of the command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, wait_until

COUNT = "import sys; print('one'); print('two'); print('oops', file=sys.stderr); sys.exit(3)"

WAIT = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
print('listening', flush=True)
signal.sigwait({signal.SIGINT})
print('bye')
sys.exit(130)
"""

ON_A_TERMINAL = """
import pathlib, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
print(sys.stdin.isatty(), sys.stdout.isatty(), flush=True)
signal.sigwait({signal.SIGHUP})
pathlib.Path('hung-up').touch()
"""

LEAVE_A_CHILD = """
import subprocess, sys
subprocess.Popen(['sleep', '60'], start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
"""


@pytest.fixture
def python(project: Project, private: Path) -> Iterator[Dynaport]:
    """The harness with Python in the place of dynaport."""
    command = Dynaport(project.folder, private, [sys.executable, "-P", "-c"])
    yield command
    command.close()


def test_a_finished_command_shows_its_code_and_both_streams(python: Dynaport) -> None:
    finished = python.run(COUNT)
    assert (finished.code, finished.out, finished.err) == (3, "one\ntwo\n", "oops\n")


def test_a_line_can_be_waited_for_while_the_command_runs(python: Dynaport) -> None:
    running = python.start(WAIT)
    assert running.wait_for_line("listen") == "listening"
    running.interrupt()
    assert running.wait_for_line("b.e", after=1) == "bye"
    running.wait().expect(130)


def test_waiting_for_a_line_that_never_comes_fails_when_the_output_ends(python: Dynaport) -> None:
    running = python.start(COUNT)
    with pytest.raises(AssertionError, match=r"the output ended: a line with 'three'[\s\S]*two"):
        running.wait_for_line("three")


def test_a_command_on_a_terminal_notices_when_the_terminal_goes(python: Dynaport) -> None:
    running = python.start(ON_A_TERMINAL, terminal=True)
    assert running.wait_for_line("True") == "True True"
    running.hang_up()
    running.wait().expect(0)
    assert (python.folder / "hung-up").exists()


def test_a_process_left_behind_fails_the_test_and_is_killed(python: Dynaport) -> None:
    python.run(LEAVE_A_CHILD).expect(0)
    wait_until(python.left, what="the child is seen")
    with pytest.raises(AssertionError, match=r"left behind: .*sleep 60"):
        python.wait_until_nothing_is_left(0.1)
    assert python.left() == []
