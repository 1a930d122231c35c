from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaport_tui.model.text import MASK, clean, mask, plain, wants_colour


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"hello", "hello"),
        ("grüße ✓".encode(), "grüße ✓"),
        (b"tab\there", "tab\there"),
        (b"windows\r\n", "windows"),
        (b"broken \xff\xfe utf", "broken \ufffd\ufffd utf"),
        (b"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        (b"\x1b[2K\x1b[1Gcleared", "cleared"),
        (b"\x1b[?25lhidden cursor\x1b[?25h", "hidden cursor"),
        (b"\x1b]0;a title\x07text", "text"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1bP device \x1b\\after", "after"),
        (b"\x1b]0;never ended", "0;never ended"),
        (b" 10%\r 50%\r100%", "100%"),
        (b"100%\r", "100%"),
        (b"bell\x07 null\x00 back\x08", "bell null back"),
        (b"\xc2\x9b31mc1", "c1"),
        (b"", ""),
    ],
)
def test_a_line_is_what_a_terminal_would_show_without_the_codes(data: bytes, shown: str) -> None:
    assert clean(data) == shown


@given(st.binary(max_size=200))
def test_nothing_but_colour_and_tab_is_left_of_any_bytes(data: bytes) -> None:
    rest = re.sub(r"\x1b\[[0-9;:]*m", "", clean(data))

    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", rest)
    assert plain(clean(data)) == rest


def test_a_line_full_of_unended_codes_is_read_in_no_time() -> None:
    assert clean(b"\x1b]x" * 100_000) == "x" * 100_000


def test_secrets_are_masked_by_name_and_passwords_inside_urls() -> None:
    env = {
        "STRIPE_KEY": "sk_1",
        "github_token": "t",
        "DB_PASSWORD_FILE": "/run/pw",
        "APP_SECRET": "s",
        "EMPTY_TOKEN": "",
        "DATABASE_URL": "postgres://shop:s3cret@db:5432/shop",
        "KEYBOARD": "de",
        "PWD": "/home/me",
        "PORT": "20417",
    }

    assert mask(env) == {
        "STRIPE_KEY": MASK,
        "github_token": MASK,
        "DB_PASSWORD_FILE": MASK,
        "APP_SECRET": MASK,
        "EMPTY_TOKEN": "",
        "DATABASE_URL": f"postgres://shop:{MASK}@db:5432/shop",
        "KEYBOARD": "de",
        "PWD": "/home/me",
        "PORT": "20417",
    }


@pytest.mark.parametrize(
    ("env", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, True),
    ],
)
def test_colour_follows_the_usual_variables(
    env: dict[str, str], terminal: bool, colour: bool
) -> None:
    assert wants_colour(env, terminal=terminal) is colour
