"""Where each part of the screen lies: arithmetic first, then the adapter that Textual asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import Layout, WidgetPlacement
from textual.layouts.vertical import VerticalLayout

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.layout import ArrangeResult
    from textual.widget import Widget

Part = Literal[
    "header", "banner", "upper", "prompt", "divider", "title", "lower", "footer", "small"
]
Kind = Literal["stacked", "side"]
Half = Literal["upper", "lower"]

LEAST = Size(60, 15)
"""Below this there is no dashboard, only a sentence."""

SIDE_WIDTH = 110
"""Cells that two panes need side by side."""

_HEADER = 2
_FOOTER = 1
_LEFT_LEAST = 54
_LEFT_SHARE = 0.45


class Shape(NamedTuple):
    """What decides where things lie."""

    size: Size
    kind: Kind = "stacked"
    zoom: Half | None = None
    rows: int = 0
    """Lines that the upper pane would like to have."""
    banner: int = 0
    prompt: bool = False
    """Whether the upper pane asks for something in a line of its own."""


def kind_for(kind: Kind, width: int) -> Kind:
    """The arrangement that fits into so many cells."""
    return kind if width >= SIDE_WIDTH else "stacked"


def places(shape: Shape) -> dict[Part, Region]:
    """The regions of the parts that are to be seen; they fill the screen and never overlap."""
    width, height = shape.size
    if width < LEAST.width or height < LEAST.height:
        return {"small": Region(0, 0, width, height)}
    banner = min(shape.banner, 3)
    top = _HEADER + banner
    found: dict[Part, Region] = {"header": Region(0, 0, width, _HEADER)}
    if banner:
        found["banner"] = Region(0, _HEADER, width, banner)
    found["footer"] = Region(0, height - _FOOTER, width, _FOOTER)
    body = Region(0, top, width, height - top - _FOOTER)
    if shape.zoom == "lower":
        return found | _lower(body)
    if shape.zoom == "upper":
        return found | _upper(body, shape)
    if kind_for(shape.kind, width) == "side":
        left = max(_LEFT_LEAST, int(width * _LEFT_SHARE))
        upper = _upper(Region(0, body.y, left, body.height), shape)
        divider: dict[Part, Region] = {"divider": Region(left, body.y, 1, body.height)}
        return (
            found
            | upper
            | divider
            | _lower(Region(left + 1, body.y, width - left - 1, body.height))
        )
    wanted = shape.rows + shape.prompt
    upper_height = max(4, min(wanted, body.height // 2))
    upper = _upper(Region(0, body.y, width, upper_height), shape)
    below = Region(0, body.y + upper_height, width, body.height - upper_height)
    return found | upper | _lower(below)


def _upper(region: Region, shape: Shape) -> dict[Part, Region]:
    if not shape.prompt:
        return {"upper": region}
    pane, line = region.split_horizontal(-1)
    return {"upper": pane, "prompt": line}


def _lower(region: Region) -> dict[Part, Region]:
    title, pane = region.split_horizontal(1)
    return {"title": title, "lower": pane}


class BoardLayout(Layout):
    """Puts the children of a screen where `places` says.

    Children without a part are none of ours, as Textual's own: they lie as in any screen.
    """

    name = "board"

    def __init__(
        self, shape: Callable[[Size], Shape], part: Callable[[Widget], Part | None]
    ) -> None:
        self._shape = shape
        self._part = part
        self._rest = VerticalLayout()

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """The placements of all children; those without a place have no cells."""
        parent.pre_layout(self)
        regions = places(self._shape(size))
        parts = [(child, self._part(child)) for child in children]
        others = [child for child, part in parts if part is None]
        placed = [
            WidgetPlacement(regions[part], NULL_OFFSET, NULL_SPACING, child)
            for child, part in parts
            if part in regions
        ]
        return placed + (self._rest.arrange(parent, others, size, greedy) if others else [])
