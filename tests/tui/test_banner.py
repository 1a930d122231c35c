"""What is wrong with the project is told in three lines at most, and how to mend it always."""

from __future__ import annotations

import pytest

from dynaport_tui.tui.banner import Banner, Notice
from tests.tui.sheets import INKS

KEYS = (("e", "opens it", "edit_file"),)
FIRST = 'services.toml:22: health: "tcp" is not a path such as "/healthz".'
SECOND = 'services.toml:23: unknown key "start_timeout". Known here: ' + "app, command, cwd, " * 20
THIRD = "services.toml:24: 7 is a whole number."


def told(text: str, width: int = 120) -> list[str]:
    """The lines as they are read."""
    banner = Banner()
    banner._notices["file"] = Notice(text, "bad", KEYS)  # noqa: SLF001 (without a screen)
    lines = ["".join(bit.text for bit in line) for line in banner.lines(width, INKS)]
    assert len(lines) == banner.rows(width) <= 3
    assert max(map(len, lines)) <= width
    return lines


def test_a_short_error_and_its_key_share_a_line() -> None:
    assert told(THIRD) == [f" ✗ {THIRD}  e opens it"]


def test_each_error_has_a_line_of_its_own() -> None:
    assert told(f"{FIRST}\n{THIRD}") == [f" ✗ {FIRST}", f"   {THIRD}  e opens it"]


def test_of_too_many_errors_the_first_is_told_and_how_many_follow() -> None:
    assert told(f"{FIRST}\n{SECOND}\n{THIRD}") == [f" ✗ {FIRST}", "   and 2 more  e opens it"]
    *_, before, last = told(f"{SECOND}\n{FIRST}")
    assert before.endswith("…")
    assert last == "   and 1 more  e opens it"


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_key_that_mends_it_is_in_sight_however_long_the_error_is(width: int) -> None:
    for text in (FIRST, SECOND, SECOND * 3, "x" * 70, "x" * 700, f"{SECOND}\n{SECOND}"):
        assert told(text, width)[-1].endswith("e opens it")
