"""The few colours of the dashboard, taken from whatever theme the person chose."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rich.style import Style
from textual.color import Color

from ..model.palette import COLOURS

if TYPE_CHECKING:
    from textual.app import App

_ON_DARK = (
    "#5fb3d9", "#d9b45f", "#7fbf7f", "#c792ea", "#7f9fe8",
    "#4fc4b0", "#e0a070", "#e08fb8", "#a9b665", "#a99bf0",
)  # fmt: skip
_ON_LIGHT = (
    "#0b6e99", "#8a6100", "#2d7a2d", "#7b3fb5", "#3454b8",
    "#0f7a68", "#a8541a", "#ad3a78", "#5a6b12", "#5f3dc4",
)  # fmt: skip
_ON_BOTH = (
    "#287faa", "#9a700d", "#338748", "#ac4ecb", "#4e71da",
    "#188677", "#bc5c24", "#c94587", "#6c7f20", "#7764d8",
)  # fmt: skip
"""Of a lightness that has the same contrast, 4.5 to 1, with black and with white."""
_ANSI = (
    "cyan", "yellow", "green", "magenta", "blue",
    "bright_cyan", "bright_yellow", "bright_green", "bright_magenta", "bright_blue",
)  # fmt: skip
assert len(_ON_DARK) == len(_ON_LIGHT) == len(_ON_BOTH) == len(_ANSI) == COLOURS

_CONTRAST = 3.6
"""Between ink and ground, at least; text has more."""
_FAINT = 3.0
"""The same of what is dim."""

OWN = "dynaport"
"""The name of our theme: colours of our own on the terminal's ground."""


class Colours(NamedTuple):
    """Styles by what they mean; a style without a background lies on any."""

    base: Style
    """Foreground and background of everything."""
    text: Style
    dim: Style
    """What is normal: units, times, rules."""
    accent: Style
    """The one colour that leads the eye: focus, keys, the selection's bar."""
    good: Style
    busy: Style
    warn: Style
    bad: Style
    cursor: Style
    """Background of the selected row."""
    block: Style
    """Background of marked rows."""
    hit: Style
    """A search hit."""
    here: Style
    """The hit on which the cursor stands."""
    names: tuple[Style, ...]
    """By the index that `model.palette.Palette` gives."""
    rule: Style
    """A line between panes."""


def colours(app: App[object]) -> Colours:
    """The colours under the app's present theme."""
    if app.no_color:
        return _plain()
    theme = app.current_theme
    if theme.ansi:
        few = app.console.color_system in ("standard", "windows")
        return _ansi() if few or theme.name != OWN else _on_both()
    variables = app.theme_variables
    names = ("background", "foreground", "primary", "success", "warning", "error", "accent")
    return _of(theme.dark, *(variables[name] for name in names))


@lru_cache(maxsize=8)
def _of(
    dark: bool,
    background: str,
    foreground: str,
    primary: str,
    success: str,
    warning: str,
    error: str,
    accent: str,
) -> Colours:
    back, fore = Color.parse(background), Color.parse(foreground)

    def ink(colour: str | Color, strength: float = 1.0, *, bold: bool = False) -> Style:
        parsed = Color.parse(colour) if isinstance(colour, str) else colour
        if strength == 1.0:
            parsed = _legible(parsed, back, fore)
        return Style(color=back.blend(parsed, strength).rich_color, bold=bold or None)

    def ground(colour: str | Color, strength: float) -> Style:
        parsed = Color.parse(colour) if isinstance(colour, str) else colour
        return Style(bgcolor=back.blend(parsed, strength).rich_color)

    return Colours(
        base=Style(color=fore.rich_color, bgcolor=back.rich_color),
        text=ink(fore),
        dim=Style(color=_legible(back.blend(fore, 0.55), back, fore, _FAINT).rich_color),
        accent=ink(primary, bold=True),
        good=ink(success),
        busy=ink(primary),
        warn=ink(warning),
        bad=ink(error, bold=True),
        cursor=ground(fore, 0.09),
        block=ground(primary, 0.25),
        hit=ground(warning, 0.35),
        here=Style(color=back.rich_color, bgcolor=Color.parse(warning).rich_color, bold=True),
        names=tuple(ink(name) for name in (_ON_DARK if dark else _ON_LIGHT)),
        rule=ink(fore, 0.25),
    )


def _legible(colour: Color, back: Color, fore: Color, least: float = _CONTRAST) -> Color:
    """The colour, mixed with that of text as far as it takes to be read."""
    ground = _luminance(back)
    for step in range(20):
        mixed = colour.blend(fore, step / 20)
        dark, light = sorted((_luminance(mixed), ground))
        if (light + 0.05) / (dark + 0.05) >= least:
            return mixed
    return fore


def _luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2 defines it, 0 to 1."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@lru_cache(maxsize=1)
def _ansi() -> Colours:
    """On the terminal's own ground: nothing may be assumed of it but that its palette is
    readable.
    """
    return Colours(
        base=Style.parse("default on default"),
        text=Style.parse("default"),
        dim=Style.parse("dim"),
        accent=Style.parse("bold blue"),
        good=Style.parse("green"),
        busy=Style.parse("blue"),
        warn=Style.parse("yellow"),
        bad=Style.parse("bold red"),
        cursor=Style.parse("bold"),
        block=Style.parse("reverse"),
        hit=Style.parse("black on yellow"),
        here=Style.parse("bold black on bright_yellow"),
        names=tuple(Style.parse(name) for name in _ANSI),
        rule=Style.parse("dim"),
    )


@lru_cache(maxsize=1)
def _on_both() -> Colours:
    """On the terminal's own ground, whether it is light or dark."""
    return Colours(
        base=Style.parse("default on default"),
        text=Style.parse("default"),
        dim=Style.parse("#7a7a7a"),
        accent=Style.parse("bold #2479ce"),
        good=Style.parse("#2f8a45"),
        busy=Style.parse("#2479ce"),
        warn=Style.parse("#b26c09"),
        bad=Style.parse("bold #d84545"),
        cursor=Style.parse("bold"),
        block=Style.parse("#ffffff on #2c66a0"),
        hit=Style.parse("#000000 on #d9a53a"),
        here=Style.parse("bold #000000 on #ffc83d"),
        names=tuple(Style.parse(name) for name in _ON_BOTH),
        rule=Style.parse("dim #7a7a7a"),
    )


@lru_cache(maxsize=1)
def _plain() -> Colours:
    """Without any colour: bold, dim and reverse have to do."""
    none, dim, bold = Style.null(), Style(dim=True), Style(bold=True)
    return Colours(
        base=none,
        text=none,
        dim=dim,
        accent=bold,
        good=none,
        busy=none,
        warn=bold,
        bad=bold,
        cursor=bold,
        block=Style(reverse=True),
        hit=Style(underline=True),
        here=Style(reverse=True, bold=True),
        names=(none,) * COLOURS,
        rule=dim,
    )
