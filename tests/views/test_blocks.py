"""Many lines at once are shown as each of them would be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaport_tui.model.blocks import counted, shown_lines
from dynaport_tui.model.text import clean, plain

PIECES = [
    *(b"\n", b"\r\n", b"\r", b"text", b"\t", b"\x1b", b"\x1b[31m", b"\x1b[0m", b"\x1b[2K"),
    *(b"\x1b]0;title\x07", b"\x1b]8;;x\x1b\\", b"\x1bP", b"\x9b", b"\x07", b"\x00", b"\x7f"),
    *("ü".encode(), "°".encode(), b"\xc2", b"\x9b", b"\x80", b"\xe2\x82", b"\xff", b"\xc2\x9b1m"),
]
"""What makes trouble where it meets the others."""


def one_by_one(lines: bytes, *, colour: bool) -> bytes:
    """Each line shown alone."""
    texts = [clean(line) for line in lines.split(b"\n")[:-1]]
    if colour:
        texts = [f"{text}\x1b[0m" if "\x1b" in text else text for text in texts]
    else:
        texts = [plain(text) for text in texts]
    return "".join(f"{text}\n" for text in texts).encode()


@pytest.mark.parametrize("colour", [False, True])
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=5), max_size=20).map(b"".join))
def test_lines_together_are_shown_as_each_of_them_alone(colour: bool, data: bytes) -> None:
    lines = data + b"\n"

    assert shown_lines(lines, colour=colour) == one_by_one(lines, colour=colour)


def test_plain_lines_are_not_copied() -> None:
    lines = b"GET /users 200\n\ttab\n" * 1000

    assert shown_lines(lines, colour=False) is lines


@given(st.lists(st.sampled_from(PIECES), max_size=9).map(b"".join))
def test_lines_are_counted_and_plain_only_where_they_are_shown_as_they_are(data: bytes) -> None:
    lines = data + b"\n"
    count, as_they_are = counted(lines)

    assert count == lines.count(b"\n")
    if as_they_are:
        assert one_by_one(lines, colour=True) == lines
