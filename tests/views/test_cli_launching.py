"""What an engine says to the one that started it, and where a dashboard can be shown."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from dynaport_tui.cli.dashboard import Line, why_not
from dynaport_tui.cli.launching import Child, Report, Told
from dynaport_tui.model.view import Snapshot
from tests.fakes import FakeEngine, status
from tests.views.conftest import Command

NOBODY = 99999999
"""A pid that no process has."""


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """Always."""
        return True


@pytest.fixture
def pipe(private: Path) -> tuple[Report, Child]:
    ours, theirs = os.pipe()
    return Report(theirs), Child(NOBODY, ours, private / "engine.log")


def test_the_first_word_arrives_and_others_are_lost(pipe: tuple[Report, Child]) -> None:
    report, child = pipe
    report.tell(Told(pid=1, code=2, lines=["no such key"], hint="Write another."))
    report.tell(Told(pid=2))
    assert child.told() == Told(pid=1, code=2, lines=["no such key"], hint="Write another.")


def test_a_snapshot_larger_than_a_pipe_arrives_while_the_engine_goes_on(
    pipe: tuple[Report, Child],
) -> None:
    report, child = pipe
    large = Snapshot(
        project=FakeEngine().project,
        services=[status(f"s{number}", why="x" * 1000) for number in range(500)],
    )
    report.tell(Told(pid=1, snapshot=large), wait=False)
    told = child.told()
    assert told is not None
    assert told.snapshot == large


def test_an_engine_that_ended_without_a_word_told_nothing(pipe: tuple[Report, Child]) -> None:
    report, child = pipe
    report.tell(Told(pid=1))
    ours, theirs = os.pipe()
    os.close(theirs)
    assert Child(NOBODY, ours, Path("log")).told() is None
    assert child.told() == Told(pid=1)


def test_the_patience_with_an_engine_has_an_end(pipe: tuple[Report, Child]) -> None:
    report, child = pipe
    assert child.told(0.01) is None
    report.tell(Told(pid=1))


def test_a_starter_that_is_gone_is_not_missed(pipe: tuple[Report, Child]) -> None:
    report, child = pipe
    assert child.told(0.01) is None
    report.tell(Told(pid=1))
    report.tell(Told(pid=1))


def test_nobody_at_the_other_end_of_an_owner_line_does_no_harm() -> None:
    line = Line()
    line.detach()
    os.close(line.fresh())
    line.stop()
    line.kill()
    line.close()
    line.stop()
    assert (line.detached, line.killed) == (True, True)


@pytest.mark.parametrize(
    ("term", "why"),
    [
        ("xterm-256color", None),
        ("linux", None),
        ("dumb", "a terminal of type dumb cannot show the dashboard"),
        ("unknown", "a terminal of type unknown cannot show the dashboard"),
        ("", "TERM is not set, so nothing is known of this terminal"),
        (None, "TERM is not set, so nothing is known of this terminal"),
    ],
)
def test_the_kind_of_a_terminal_decides_over_the_dashboard(
    term: str | None, why: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert why_not({} if term is None else {"TERM": term}) == why


@pytest.mark.parametrize(
    ("stream", "why"),
    [("stdout", "standard output is no terminal"), ("stdin", "standard input is no terminal")],
)
def test_both_ends_must_be_a_terminal(
    stream: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, stream, io.StringIO())
    assert why_not({"TERM": "xterm"}) == why


def test_attach_to_nothing_says_that_nothing_runs(run: Command) -> None:
    said = run("attach")
    assert said.code == 5
    assert "no engine runs for" in said.err
