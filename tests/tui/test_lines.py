"""A list of lines: what is drawn, where the cursor stands, what stays when lines come and go."""

from collections.abc import Sequence

from rich.text import Text
from textual.app import App, ComposeResult
from textual.geometry import Region

from dynaport_tui.tui.lines import Line, LineList


class Counting(LineList):
    """Remembers what was to be drawn again."""

    drawn: list[tuple[int, int]]
    """First row and number of rows of the screen; -1 for all."""

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> "Counting":
        self.__dict__.setdefault("drawn", [])
        if repaint:
            self.drawn += [(region.y, region.height) for region in regions] or [(-1, 0)]
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


class Screen(App[None]):
    def __init__(self, lines: Sequence[Line], head: Sequence[Line] = ()) -> None:
        super().__init__()
        self.list = Counting()
        self.given = lines, head

    def compose(self) -> ComposeResult:
        yield self.list

    def on_mount(self) -> None:
        self.list.give(*self.given)
        self.list.focus()

    def rows(self) -> list[str]:
        return [self.list.render_line(y).text.rstrip() for y in range(self.list.size.height)]

    @property
    def chosen(self) -> str:
        return self.list.chosen.plain if self.list.chosen else ""


def numbered(numbers: Sequence[int]) -> list[Line]:
    return [Line(f"{n}", Text(f"line {n}"), f"{n}") for n in numbers]


MIXED = [
    Line("blank", Text()),
    Line("a", Text("first"), "a"),
    Line("title", Text("title")),
    Line("b", Text("second"), "b"),
    Line("end", Text("remark")),
]


async def test_the_cursor_stands_only_on_what_can_be_copied() -> None:
    app = Screen(MIXED)
    async with app.run_test(size=(30, 8)) as pilot:
        assert app.chosen == "a"
        await pilot.press("down")
        assert app.chosen == "b"
        await pilot.press("down", "j")
        assert app.chosen == "b"
        await pilot.press("k")
        assert app.chosen == "a"
        await pilot.press("up")
        assert app.chosen == "a"
        assert app.rows()[:4] == ["", "▎first", " title", " second"]


async def test_keys_go_by_lines_by_pages_and_to_the_ends() -> None:
    app = Screen(numbered(range(100)))
    async with app.run_test(size=(30, 10)) as pilot:
        for key, line in (
            ("down", "1"), ("pagedown", "10"), ("ctrl+d", "15"), ("ctrl+u", "10"),
            ("pageup", "1"), ("G", "99"), ("home", "0"), ("end", "99"),
        ):  # fmt: skip
            await pilot.press(key)
            assert app.chosen == line, key
        await pilot.pause()
        assert app.rows()[-1] == "▎line 99"


async def test_some_lines_stay_at_the_top() -> None:
    app = Screen(numbered(range(100)), [Line("head", Text("title"))])
    async with app.run_test(size=(30, 5)) as pilot:
        await pilot.press("end")
        await pilot.pause()
        assert app.rows() == [" title", " line 96", " line 97", " line 98", "▎line 99"]


async def test_cursor_and_view_stay_with_their_lines() -> None:
    app = Screen(numbered(range(100)))
    async with app.run_test(size=(30, 5)) as pilot:
        await pilot.press(*["down"] * 10)
        app.list.give(numbered([1000, 1001, *range(100)]))
        await pilot.pause()
        assert app.rows() == [" line 6", " line 7", " line 8", " line 9", "▎line 10"]


async def test_the_top_is_followed_only_from_the_top() -> None:
    app = Screen(numbered(range(9)))
    async with app.run_test(size=(30, 5)) as pilot:
        app.list.give(numbered([10, *range(9)]), follow=True)
        assert app.chosen == "10"
        await pilot.press("down")
        app.list.give(numbered([11, 10, *range(9)]), follow=True)
        assert app.chosen == "0"


async def test_a_line_that_is_gone_leaves_the_cursor_near_its_place() -> None:
    app = Screen(numbered(range(9)))
    async with app.run_test(size=(30, 12)) as pilot:
        await pilot.press("end")
        app.list.give(numbered(range(3)))
        assert app.chosen == "2"
        app.list.give([])
        assert app.chosen == ""
        await pilot.press("down", "end", "pageup")
        assert app.list.chosen is None


async def test_only_what_changed_is_drawn_again() -> None:
    lines = numbered(range(9))
    app = Screen(lines)
    async with app.run_test(size=(30, 12)) as pilot:
        await pilot.pause()
        app.list.drawn.clear()
        app.list.give(list(lines))
        assert app.list.drawn == []
        lines[4] = Line("4", Text("line x"), "x")
        app.list.give(lines)
        assert app.list.drawn == [(4, 1)]
        assert app.rows()[4] == " line x"


async def test_a_click_puts_the_cursor_on_a_line() -> None:
    app = Screen(MIXED, [Line("head", Text("title"))])
    async with app.run_test(size=(30, 8)) as pilot:
        await pilot.click(Counting, offset=(3, 4))
        assert app.chosen == "b"
        await pilot.click(Counting, offset=(3, 3))
        await pilot.click(Counting, offset=(3, 0))
        await pilot.click(Counting, offset=(3, 7))
        assert app.chosen == "b"


async def test_long_lines_are_read_sideways_and_show_that_they_go_on() -> None:
    app = Screen([Line("a", Text("abcdefghijklmnopqrstuvwxyz"), "a")])
    async with app.run_test(size=(16, 3)) as pilot:
        assert app.rows()[0] == "▎abcdefghijklm…"
        await pilot.press("right", "right")
        await pilot.pause()
        assert app.rows()[0] == "▎mnopqrstuvwxyz"
        await pilot.press("left")
        await pilot.pause()
        assert app.rows()[0].startswith("▎")


async def test_the_cursor_is_seen_only_where_the_focus_is() -> None:
    app = Screen(numbered([1]))
    async with app.run_test(size=(15, 3)) as pilot:
        assert app.rows()[0] == "▎line 1"
        app.set_focus(None)
        await pilot.pause()
        assert app.rows()[0] == " line 1"
        assert app.chosen == "1"


async def test_what_is_no_longer_kept_up_to_date_is_dim() -> None:
    app = Screen([Line("a", Text("red", "red"), "a")])
    async with app.run_test(size=(15, 3)) as pilot:
        app.list.fade(True)
        await pilot.pause()
        styles = [segment.style for segment in app.list.render_line(0) if segment.text == "red"]
        dim = app.list.colours.dim.color
        assert [style.color for style in styles if style] == [dim]


async def test_nothing_in_a_line_is_taken_for_markup() -> None:
    app = Screen([Line("a", Text("[red]x[/red] [link=x]"), "a")])
    async with app.run_test(size=(40, 3)):
        assert app.rows()[0] == "▎[red]x[/red] [link=x]"
