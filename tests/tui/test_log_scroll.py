"""Where the screen stands among rows of different heights."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dynaport_tui.tui.log.scroll import Rows, Top, bottom, clamped, moved, revealed, shown

heights = st.lists(st.integers(1, 7), min_size=1, max_size=12)


def rows(of: list[int]) -> Rows:
    return Rows(len(of), of.__getitem__)


def flat(of: list[int]) -> list[tuple[int, int]]:
    return [(row, line) for row, height in enumerate(of) for line in range(height)]


@given(heights, st.integers(1, 20))
def test_the_bottom_shows_the_last_lines(of: list[int], screen: int) -> None:
    seen = shown(rows(of), bottom(rows(of), screen), screen)
    assert seen == flat(of)[-screen:]


@given(heights, st.integers(1, 20), st.lists(st.integers(-30, 30)))
def test_moving_goes_by_lines_and_stays_inside(
    of: list[int], screen: int, steps: list[int]
) -> None:
    top, lines = Top(0), flat(of)
    at = 0
    for step in steps:
        top = moved(rows(of), top, step, screen)
        at = min(max(at + step, 0), max(len(lines) - screen, 0))
        assert shown(rows(of), top, screen) == lines[at : at + screen]


@given(heights, st.integers(1, 20), st.integers(0, 30), st.integers(0, 9))
def test_a_place_that_is_gone_becomes_the_nearest_that_fills_the_screen(
    of: list[int], screen: int, row: int, line: int
) -> None:
    top = clamped(rows(of), Top(row, line), screen)
    assert len(shown(rows(of), top, screen)) == min(screen, sum(of))


@given(heights, st.integers(1, 20), st.data(), st.booleans())
def test_a_revealed_row_is_seen_as_far_as_it_fits(
    of: list[int], screen: int, data: st.DataObject, middle: bool
) -> None:
    top = clamped(rows(of), Top(data.draw(st.integers(0, len(of) - 1))), screen)
    row = data.draw(st.integers(0, len(of) - 1))
    found = revealed(rows(of), top, row, screen, middle=middle)
    seen = [index for index, _ in shown(rows(of), found, screen)]
    assert seen.count(row) == min(of[row], screen)
    assert len(seen) == min(screen, sum(of))


def test_a_row_that_is_seen_does_not_move_the_screen() -> None:
    assert revealed(rows([1] * 50), Top(10), 15, 10) == Top(10)


def test_a_row_far_away_comes_to_the_middle_when_that_is_wished() -> None:
    assert revealed(rows([1] * 100), Top(0), 50, 12, middle=True) == Top(46)
    assert revealed(rows([1] * 100), Top(0), 50, 12) == Top(39)
