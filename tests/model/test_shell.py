"""Which commands take the shell's place, and that the others mean what they meant."""

from __future__ import annotations

import pytest

from dynaport_tui.model.shell import shell_command, takes_shells_place


@pytest.mark.parametrize(
    "text",
    [
        "redis-server --port $PORT",
        "python worker.py",
        "'my program' --name \"a b\"",
        "./run --glob *.txt  # a comment",
        "  python worker.py  ",
    ],
)
def test_a_single_program_takes_the_shells_place(text: str) -> None:
    assert shell_command(text) == ("/bin/sh", "-c", f"exec {text.strip()}")


@pytest.mark.parametrize(
    "text",
    [
        "cd app && python run.py",
        "python a.py | tee log",
        "python a.py; echo done",
        "python a.py > log",
        "PORT=1 python a.py",
        "exec python a.py",
        "while true; do date; done",
        "[ -e flag ]",
        "python a.py\npython b.py",
        "kill $(cat pid)",
        "trap '' TERM",
        "nohup sleep 5 &",
    ],
)
def test_what_only_a_shell_can_do_is_left_to_it(text: str) -> None:
    assert shell_command(text) == ("/bin/sh", "-c", text)


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("python a.py", True),
        ("exec python a.py > log", True),
        ("cd app && exec python run.py", True),
        ("A=1; export A; exec python run.py", True),
        ("cd app && python run.py", False),
        ("PORT=1 python a.py", False),
        ("python exec a.py | tee log", False),
    ],
)
def test_a_program_is_the_process_that_was_started_alone_or_behind_exec(
    text: str, takes: bool
) -> None:
    assert takes_shells_place(text) == takes
