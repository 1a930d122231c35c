"""Which commands take the shell's place, and that the others mean what they meant."""

from __future__ import annotations

import pytest

from dynaport_tui.model.shell import shell_command


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
