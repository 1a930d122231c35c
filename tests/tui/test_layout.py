"""Where the parts of the screen lie."""

from __future__ import annotations

import pytest
from textual.geometry import Region, Size

from dynaport_tui.tui.layout import Shape, places

SIZES = [Size(60, 15), Size(80, 24), Size(120, 35), Size(200, 55), Size(250, 70)]
SHAPES = [
    Shape(size, kind, zoom, rows, banner, prompt)
    for size in SIZES
    for kind in ("stacked", "side")
    for zoom in (None, "upper", "lower")
    for rows in (2, 7, 101)
    for banner in (0, 2, 9)
    for prompt in (False, True)
]


def area(region: Region) -> int:
    return region.width * region.height


def test_the_parts_fill_the_screen_and_never_overlap() -> None:
    for shape in SHAPES:
        regions = list(places(shape).values())
        assert sum(map(area, regions)) == area(shape.size.region), shape
        assert all(shape.size.region.contains_region(region) for region in regions)
        for index, region in enumerate(regions):
            assert not any(region.overlaps(other) for other in regions[index + 1 :]), shape


def test_every_pane_has_room_for_something_at_every_size() -> None:
    for shape in SHAPES:
        for part, region in places(shape).items():
            assert region.height >= (3 if part in ("upper", "lower") else 1), (shape, part)


def test_the_table_takes_its_rows_and_at_most_half() -> None:
    assert places(Shape(Size(80, 24), rows=7))["upper"].height == 7
    assert places(Shape(Size(80, 24), rows=50))["upper"].height == 10


def test_panes_lie_side_by_side_only_where_there_is_room() -> None:
    assert "divider" in places(Shape(Size(120, 35), "side"))
    assert "divider" not in places(Shape(Size(100, 35), "side"))


def test_a_pane_that_is_zoomed_has_all_that_the_others_had() -> None:
    wide = places(Shape(Size(120, 35), zoom="lower", rows=9))
    assert "upper" not in wide
    assert wide["lower"] == Region(0, 3, 120, 31)
    assert places(Shape(Size(120, 35), zoom="upper"))["upper"] == Region(0, 2, 120, 32)


@pytest.mark.parametrize("size", [Size(59, 40), Size(120, 14), Size(1, 1)])
def test_below_the_least_size_there_is_only_a_sentence(size: Size) -> None:
    assert list(places(Shape(size, rows=5, banner=1))) == ["small"]
