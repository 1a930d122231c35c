"""A bar is drawn for the width that it has."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.geometry import Size

from dynaport_tui.tui.bar import Bar, Bit
from dynaport_tui.tui.colours import Colours


class Ruler(Bar):
    """Tells how wide it believes to be; it can be told that it is of another size."""

    wide = 80

    @property
    def size(self) -> Size:
        """As the screen has laid it out last."""
        return Size(self.wide, 1)

    def lines(self, width: int, colours: Colours) -> Sequence[list[Bit]]:
        """One line."""
        return [[Bit(f"{width} wide", colours.text)]]


class Bars(App[None]):
    """One bar."""

    def compose(self) -> ComposeResult:
        """Nothing else."""
        yield Ruler("footer")


async def test_a_bar_fits_its_new_width_even_before_it_hears_of_it() -> None:
    async with Bars().run_test() as pilot:
        ruler = pilot.app.query_one(Ruler)
        assert ruler.render_line(0).text.rstrip() == "80 wide"
        ruler.wide = 60
        assert ruler.render_line(0).text.rstrip() == "60 wide"
