"""The screen: its parts, which of them are shown, and where the focus is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.screen import Screen

from . import glyphs
from .banner import Banner
from .bar import Bar, Bit
from .footer import Footer
from .header import Header
from .layout import LEAST, BoardLayout, Half, Kind, Part, Shape, kind_for, places
from .table import ServiceTable
from .title import Title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.geometry import Region, Size
    from textual.layout import Layout
    from textual.widget import Widget

    from .actions import Pane
    from .board import Board
    from .colours import Colours
    from .details.pane import DetailPane
    from .graph import GraphView
    from .log.pane import LogPane

_PARTS: dict[str | None, Part] = {
    "header": "header", "banner": "banner", "table": "upper", "graph": "upper", "sieve": "prompt",
    "divider": "divider", "title": "title", "log": "lower", "details": "lower",
    "footer": "footer", "small": "small",
}  # fmt: skip

_TOASTS = 4
"""Lines that toasts take at most."""


class Divider(Bar):
    """The line between two panes side by side."""

    def lines(self, width: int, colours: Colours) -> Sequence[list[Bit]]:
        """One wall a line."""
        return [[Bit(glyphs.WALL, colours.rule)]] * self.size.height


class Small(Bar):
    """What is said where there is no room for a dashboard."""

    def lines(self, width: int, colours: Colours) -> Sequence[list[Bit]]:
        """In the middle, as long as it fits."""
        size = self.screen.size
        texts = (
            f"dynaport needs {LEAST.width} x {LEAST.height} cells to draw",
            f"and has {size.width} x {size.height}; everything goes on running",
        )
        above: list[list[Bit]] = [[]] * max((size.height - len(texts)) // 2, 0)
        return above + [[Bit(text.center(width), colours.text)] for text in texts]


class Desk(Screen[None]):
    """The dashboard's own screen; flat, so that it is drawn quickly."""

    ALLOW_SELECT = False
    AUTO_FOCUS = "#table"
    CSS = "Desk { overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.next_pane", show=False),
        Binding("shift+tab", "app.previous_pane", show=False),
        Binding("ctrl+c", "app.interrupt", show=False),
    ]

    def __init__(self, board: Board, kind: Kind) -> None:
        super().__init__(id="_default")
        self.board = board
        self.kind: Kind = kind
        self.zoom: Half | None = None
        self.graphed = False
        """Whether the graph stands in the place of the table."""
        self.header = Header(board)
        self.banner = Banner()
        self.table = ServiceTable(board)
        self.heading = Title()
        self.footer = Footer()
        self.graph: GraphView | None = None
        self.log_pane: LogPane | None = None
        self.details: DetailPane | None = None
        self._shape_was: Shape | None = None
        self._arrangement = BoardLayout(self._shape, lambda child: _PARTS.get(child.id))

    @property
    def layout(self) -> Layout:
        """Ours, whatever the style sheet says."""
        return self._arrangement

    def compose(self) -> ComposeResult:
        """Only what the first picture shows."""
        yield self.header
        yield self.table
        yield self.heading
        yield self.footer
        yield self.banner
        yield Divider("divider")
        yield Small("small")

    # ---- where things lie

    def _shape(self, size: Size) -> Shape:
        rows = self.table.wanted_height
        if self.graphed and self.graph is not None:
            rows = max(rows, self.graph.virtual_size.height)
        return Shape(
            size=size,
            kind=self.kind,
            zoom=self.zoom,
            rows=rows,
            banner=self.banner.rows(size.width),
            prompt=bool(self.query("#sieve")),
        )

    def arrange_anew(self) -> None:
        """Lay the parts out again where something has changed their places."""
        shape = self._shape(self.size)
        if shape != self._shape_was:
            self._shape_was = shape
            self.header.refresh(layout=True)  # of a child: a screen keeps what it has arranged
        self._note(shape)

    def on_resize(self) -> None:
        self._note(self._shape(self.size))

    def _note(self, shape: Shape) -> None:
        """Say on the upper rule how to come back from where a person is."""
        found = places(shape)
        self._place_toasts(shape.size, found.get("title"))
        divider = found.get("divider")
        self.header.split = divider.x if divider else None
        notes = []
        if self.board.filter:
            notes.append(f"filter {self.board.filter} {glyphs.DOT} {self.shown}")
        if self.board.sort != "state":
            order = glyphs.UP if self.board.reverse else glyphs.DOWN
            notes.append(f"by {self.board.sort} {order}")
        if self.zoom is not None:
            notes.append("z shows the other pane")
        self.header.note = f" {glyphs.DOT} ".join(notes)
        self.header.renew()

    def _place_toasts(self, size: Size, title: Region | None) -> None:
        """Let them end in the rule of the lower pane: neither the table's first rows nor the
        log's last lines lie under them.
        """
        top, bottom = 0, 1 if title is None else size.height - title.bottom
        if title is not None and title.y < _TOASTS:
            top, bottom = title.y, 0
        for rack in self.query("ToastRack"):
            rack.styles.dock = "top" if top else "bottom"
            rack.styles.margin = (top, 0, bottom, 0)

    @property
    def shown(self) -> str:
        """`3 of 12`: how many services the filter lets through."""
        return f"{len(self.board.rows())} of {len(self.board)}"

    @property
    def side_by_side(self) -> bool:
        """Whether the panes lie beside each other now."""
        return kind_for(self.kind, self.size.width) == "side"

    # ---- panes

    @property
    def upper(self) -> Widget:
        """The table, or the graph in its place."""
        return self.graph if self.graphed and self.graph is not None else self.table

    @property
    def lower(self) -> LogPane | DetailPane | None:
        """The log, or the details; None until there are any."""
        return self.log_pane if self.heading.tab == "logs" else self.details

    def tells_of(self, service: str) -> bool:
        """Whether the lower pane shows what a service prints, or why it is as it is."""
        if self.zoom == "upper" or self.log_pane is None:
            return False
        if self.heading.tab == "logs":
            shown = self.log_pane.log_query().services
            return not shown or service in shown
        return self.heading.tab == "why" and service == self.board.selected

    @property
    def half(self) -> Half:
        """Where the focus is."""
        focused, lower = self.focused, self.lower
        inside = focused is not None and lower is not None and lower in focused.ancestors_with_self
        return "lower" if inside else "upper"

    @property
    def pane(self) -> Pane:
        """The same by its name."""
        if self.half == "upper":
            return "graph" if self.graphed else "table"
        return "log" if self.heading.tab == "logs" else "details"

    def show_panes(self) -> None:
        """Show exactly the panes that are chosen, and leave the focus in the same half."""
        half = self.half
        for pane, shown in (
            (self.table, self.upper is self.table),
            (self.graph, self.upper is self.graph),
            (self.log_pane, self.lower is self.log_pane),
            (self.details, self.lower is self.details),
        ):
            if pane is not None:
                cast("Widget", pane).display = shown
        self.focus_half(half)
        self.arrange_anew()

    def focus_half(self, half: Half) -> None:
        """Put the focus into the upper or the lower pane; a zoom goes with it."""
        target = self.lower if half == "lower" else self.upper
        if target is not None and not (self.focused and target in self.focused.ancestors_with_self):
            self._focus_now(target)
        if self.zoom is not None and self.zoom != half:
            self.zoom = half
            self.arrange_anew()

    def _focus_now(self, pane: Widget) -> None:
        """Not a moment later: keys that were typed ahead belong to the new one."""
        if pane is self.log_pane:
            pane.focus(scroll_visible=False)  # the lines in it take the keys
        else:
            self.set_focus(pane, scroll_visible=False)

    def draw(self) -> None:
        """Draw again what would look different."""
        self.table.renew()
        if self.graphed and self.graph is not None and self.board.snapshot is not None:
            self.graph.show(self.board.snapshot, self.board.selected)
        self.footer.pane = self.pane
        for bar in (self.header, self.footer):
            bar.renew()
        self.draw_heading()

    def draw_heading(self) -> None:
        """The rule of the lower pane alone: in a flood of lines it changes many times a second."""
        if self.lower is not None:
            self.heading.subject, self.heading.status = self.lower.title, self.lower.status
        self.heading.renew()

    def watch_focused(self) -> None:
        """The rule of the focused pane is brighter, and the footer offers its keys."""
        if self.is_mounted:
            self.header.focused = self.half == "upper"
            self.heading.focused = not self.header.focused
            self.draw()
