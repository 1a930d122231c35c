"""Text in cells: nothing is lost, nothing is too wide."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len, split_graphemes
from rich.color import Color
from rich.style import Style

from dynaport_tui.tui.log.layout import Body, Ink, body, cut, painted_over, segments, wrapped
from dynaport_tui.tui.log.sgr import pieces

PLAIN = Style()
RED = Style(color="red")
SHADE = Style(bgcolor="yellow")

drawn = st.text(
    st.one_of(
        st.characters(min_codepoint=32, max_codepoint=126),
        st.sampled_from("日本語ー✅é \u0301\u200d\ufe0f👩‍🚀"),
    ),
    max_size=120,
)


@given(drawn, st.integers(2, 40))
def test_wrapping_loses_no_character(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join(text[first:last] for first, last in lines) == text


@given(drawn, st.integers(2, 40))
def test_a_wrapped_line_fits_but_for_a_blank_at_its_end(text: str, width: int) -> None:
    for first, last in wrapped(text, width):
        part = text[first:last]
        assert cell_len(part) <= width + part.endswith(" ")


@given(drawn, st.integers(0, 60), st.integers(2, 60))
@example("\u0301", 1, 2)
@example("\u200d0", 1, 2)
def test_a_cut_line_fits_and_says_that_it_was_cut(text: str, left: int, width: int) -> None:
    part = cut(text, left, width)
    shown = part.before + text[part.first : part.last] + part.after
    assert cell_len(shown) <= width
    total = sum(size for _, _, size in split_graphemes(text)[0])
    assert part.after.endswith("…") == (total > left + width)
    assert part.before.startswith("…") == (left > 0 and total > 0)


def test_a_long_line_shows_where_it_goes_on() -> None:
    assert _seen("abcdefghij", 0, 6) == "abcde…"
    assert _seen("abcdefghij", 2, 6) == "…defg…"
    assert _seen("abcdefghij", 6, 6) == "…hij"
    assert _seen("abcdefghij", 60, 6) == "…"
    assert _seen("", 6, 6) == ""


def test_a_wide_character_at_the_edge_is_left_out_whole() -> None:
    assert _seen("日本語日本語", 0, 6) == "日本 …"
    assert _seen("日本語日本語", 1, 20) == "…本語日本語"
    assert _seen("日本語日本語", 2, 20) == "… 語日本語"


def _seen(text: str, left: int, width: int) -> str:
    part = cut(text, left, width)
    return part.before + text[part.first : part.last] + part.after


def test_lines_break_after_words_where_that_wastes_little() -> None:
    text = "one two three four"
    assert [text[a:b] for a, b in wrapped(text, 9)] == ["one two ", "three ", "four"]
    assert wrapped("x" * 20, 9) == [(0, 9), (9, 18), (18, 20)]


def test_tabs_reach_to_the_next_multiple_of_eight() -> None:
    assert body([("a\tb\t\tc", PLAIN)]).text == "a       b               c"
    assert body([("ab", PLAIN), ("\tc", RED)]).text == "ab      c"
    assert body([("日本\tc", PLAIN)]).text == "日本    c"


@given(st.lists(st.sampled_from(["a\t", "\t", "bc", "日"]), max_size=8))
def test_tabs_do_not_depend_on_where_colours_change(parts: list[str]) -> None:
    coloured = body([(part, RED) for part in parts])
    assert coloured.text == body([("".join(parts), PLAIN)]).text


spans = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), max_size=5)


@given(spans)
def test_a_style_is_laid_over_exactly_its_spans(found: list[tuple[int, int]]) -> None:
    text = "x" * 30
    apart: list[tuple[int, int]] = []
    for start, length in sorted(found):
        if (not apart or start >= apart[-1][1]) and start + length <= 30:
            apart.append((start, start + length))
    painted = painted_over(Body(text, [Ink(10, RED), Ink(30, PLAIN)]), apart, SHADE)
    marks = ""
    for segment in segments(painted, 0, 30):
        assert segment.style is not None
        marks += ("#" if segment.style.bgcolor else ".") * len(segment.text)
    expected = ["."] * 30
    for first, last in apart:
        expected[first:last] = "#" * (last - first)
    assert marks == "".join(expected)


@given(st.integers(0, 20), st.integers(0, 20))
def test_segments_are_the_characters_between_two_places(first: int, last: int) -> None:
    text = "abcdefghijklmnopqrst"
    found = segments(Body(text, [Ink(5, RED), Ink(6, PLAIN), Ink(20, RED)]), first, last)
    assert "".join(segment.text for segment in found) == text[first:last]


# ---- colours that programs write


def test_text_without_codes_is_one_piece() -> None:
    assert pieces("plain") == [("plain", None)]


def test_colours_begin_and_end_where_the_program_said() -> None:
    found = pieces("a\x1b[31mb\x1b[1mc\x1b[0md")
    assert [text for text, _ in found] == ["a", "b", "c", "d"]
    assert [style and (style.color and style.color.number, style.bold) for _, style in found] == [
        None, (1, None), (1, True), None,
    ]  # fmt: skip


def test_every_way_to_name_a_colour_is_understood() -> None:
    for code, colour in (
        ("97", Color.from_ansi(15)),
        ("38;5;208", Color.from_ansi(208)),
        ("38;2;1;2;3", Color.from_rgb(1, 2, 3)),
        ("38:2::1:2:3", Color.from_rgb(1, 2, 3)),
    ):
        ((_, style),) = pieces(f"\x1b[{code}mx")
        assert style is not None
        assert style.color == colour
    ((_, style),) = pieces("\x1b[1;4;44mx")
    assert style is not None
    assert (style.bold, style.underline, style.bgcolor) == (True, True, Color.from_ansi(4))


def test_what_is_turned_off_is_off() -> None:
    assert pieces("\x1b[1;3;4;7;9;31;41m\x1b[22;23;24;27;29;39;49mx") == [("x", None)]


@given(st.text("0123456789;:", max_size=20))
def test_senseless_codes_do_no_harm(codes: str) -> None:
    assert [text for text, _ in pieces(f"\x1b[{codes}mx")] == ["x"]
