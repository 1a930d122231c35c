"""A picture of bars, as SVG that a browser and a README show alike, in light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from .figures import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, LABEL, VALUE, BAR, GAP = 760, 170, 120, 20, 8
"""Pixels: the picture, the names on the left, the figures on the right, a bar, between bars."""
TOP, BOTTOM = 62, 34
OURS, OTHERS, TEXT, PALE = "#0f9d78", "#9aa5b1", "#1f2933", "#66727f"
STYLE = f"""<style>
text {{ font: 13px system-ui, sans-serif; fill: {TEXT} }}
.title {{ font-size: 16px; font-weight: 600 }}
.pale {{ fill: {PALE}; font-size: 12px }}
.ours {{ fill: {OURS} }} .other {{ fill: {OTHERS} }}
rect.ground {{ fill: #ffffff }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e4e7eb }} .pale {{ fill: #9aa5b1 }} .other {{ fill: #66727f }}
rect.ground {{ fill: #14191f }}
}}
</style>"""


@dataclass(frozen=True)
class Bars:
    """Names with figures; a figure that is not known has no bar and says why."""

    slug: str
    """Names the file."""
    title: str
    unit: str
    bars: Sequence[tuple[str, float | None]]
    below: str = ""
    """One line below the bars: when, where, how often."""
    ours: str = "dynaport"
    """Bars whose name begins so are coloured."""


def picture(bars: Bars) -> str:
    """The whole document."""
    height = TOP + len(bars.bars) * (BAR + GAP) + BOTTOM
    most = max((value for _, value in bars.bars if value), default=1.0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(bars.title)}">',
        STYLE,
        f'<rect class="ground" width="{WIDTH}" height="{height}" rx="6"/>',
        f'<text class="title" x="20" y="28">{escape(bars.title)}</text>',
        f'<text class="pale" x="20" y="47">{escape(bars.unit)}</text>',
    ]
    for number, (name, value) in enumerate(bars.bars):
        lines += bar(bars, TOP + number * (BAR + GAP), name, (value, most))
    lines.append(f'<text class="pale" x="20" y="{height - 13}">{escape(bars.below)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def bar(bars: Bars, y: int, name: str, values: tuple[float | None, float]) -> list[str]:
    """One of them with its name and figure; `values`: its own and the greatest."""
    value, most = values
    length = (WIDTH - LABEL - VALUE) * (value or 0) / most
    kind = "ours" if name.startswith(bars.ours) else "other"
    middle = y + BAR * 0.72
    return [
        f'<text x="{LABEL - 10}" y="{middle:.1f}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{max(length, 1):.1f}" '
        f'height="{BAR}" rx="2"/>',
        f'<text x="{LABEL + length + 8:.1f}" y="{middle:.1f}">{figure(value)}</text>',
    ]
