"""The dependencies as a drawing, with the states as they are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .colours import colours
from .glyphs import DOT, counted
from .graph_layout import Layout, Plan, lay_out
from .graph_paint import (
    Brush,
    Detail,
    Trouble,
    also,
    label,
    line,
    neighbour,
    troubles,
    width,
    worst,
)
from .graph_routes import EAST, WEST
from .graph_tree import lay_out_tree

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events
    from textual.binding import BindingType
    from textual.theme import Theme

    from ..model.palette import Palette
    from ..model.view import ServiceStatus, Snapshot
    from .graph_layout import Spot

_NARROW = 70
"""Columns below which the graph becomes a tree."""
_EMPTY = Layout({}, (), {}, 0, 0, None)

Widths = dict[Detail, dict[str, int]]
"""Cells of each service, by how much is said of it."""


class _Drawn(NamedTuple):
    """Everything that a picture depends on."""

    layout: Layout
    detail: Detail
    tree: bool
    services: dict[str, ServiceStatus]
    troubles: list[Trouble]


class GraphView(ScrollView, can_focus=True):
    """What starts first stands at the left; in a narrow pane, at the top of a tree."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    GraphView {
        overflow: auto auto;
        scrollbar-size: 1 1;
        scrollbar-color: $foreground 25%;
        scrollbar-color-hover: $foreground 40%;
        scrollbar-color-active: $foreground 40%;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        scrollbar-corner-color: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go(0, -1)", "up", show=False),
        Binding("down,j", "go(0, 1)", "down", show=False),
        Binding("left", "go(-1, 0)", "to what it waits for", show=False),
        Binding("right", "go(1, 0)", "to what waits for it", show=False),
        Binding("home", "edge(0)", "first", show=False),
        Binding("end,G", "edge(-1)", "last", show=False),
        Binding("enter", "open", "open its log", show=False),
    ]

    class Selected(Message):
        """The person went to another service."""

        def __init__(self, service: str) -> None:
            super().__init__()
            self.service = service

    class Opened(Message):
        """The person wants to see more of a service."""

        def __init__(self, service: str) -> None:
            super().__init__()
            self.service = service

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._palette = palette
        self._snapshot: Snapshot | None = None
        self._selected: str | None = None
        self._drawn = _Drawn(_EMPTY, 0, False, {}, [])
        self._plan = Plan({})
        self._measured: tuple[Plan, Widths, Size] | None = None
        self._rows: dict[int, list[tuple[int, str]]] = {}

    # ---- what the app tells it

    def show(self, snapshot: Snapshot, selected: str | None) -> None:
        """Draw these services, with one selected."""
        moved, self._selected = selected != self._selected, selected
        self._snapshot = snapshot
        if self.is_mounted and self.size.width:
            self._draw()
            if moved:
                self._keep_in_view()
                self.refresh()

    @property
    def title(self) -> str:
        """For the rule above."""
        return "graph"

    @property
    def status(self) -> str:
        """For the right end of the rule above."""
        first = "top" if self._drawn.tree else "left"
        count = counted(len(self._drawn.services), "service")
        return f"what starts first is {first} {DOT} {count}"

    # ---- where everything is

    def _draw(self) -> None:
        if self._snapshot is None:
            return
        before = self._drawn
        services = {status.id: status for status in self._snapshot.services}
        layout, detail, tree = self._laid_out(services)
        self._drawn = _Drawn(layout, detail, tree, services, troubles(layout.edges, services))
        if layout is not before.layout or self._drawn.troubles != before.troubles:
            self.virtual_size = Size(layout.width, layout.height)
            self._index()
            self.refresh()
            return
        for service, status in services.items():
            if status != before.services.get(service):
                self.refresh_line(layout.spots[service].y)

    def _laid_out(self, services: dict[str, ServiceStatus]) -> tuple[Layout, Detail, bool]:
        """Anew only where something has another place."""
        depends = {s: status.depends_on for s, status in services.items()}
        widths: Widths = {d: {s: width(each, d) for s, each in services.items()} for d in _DETAILS}
        if depends != self._plan.depends or list(depends) != self._plan.order:
            self._plan = Plan(depends)
        measured = (self._plan, widths, self.size)
        if measured != self._measured:
            self._measured = measured
            return _fitting(self._plan, widths, self.size)
        return self._drawn.layout, self._drawn.detail, self._drawn.tree

    def _index(self) -> None:
        self._rows = {}
        for service, spot in self._drawn.layout.spots.items():
            self._rows.setdefault(spot.y, []).append((spot.x, service))
        for row in self._rows.values():
            row.sort()

    # ---- drawing

    def on_mount(self) -> None:
        """Take the theme's colours, now and whenever it is changed."""
        self._colours = colours(self.app)
        self.app.theme_changed_signal.subscribe(self, self._themed)

    def _themed(self, _theme: Theme) -> None:
        self._colours = colours(self.app)
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Another drawing may fit."""
        self._draw()
        self._keep_in_view()

    def on_focus(self) -> None:
        """The bar of the selected service becomes bright."""
        self.refresh()

    def on_blur(self) -> None:
        """The bar of the selected service becomes dim."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        ground, layout = self._colours.base, self._drawn.layout
        row, left = y + self.scroll_offset.y, self.scroll_offset.x
        text = Text()
        if row == layout.alone:
            text.append(" on their own", self._colours.dim)
        for x, service in self._rows.get(row, ()):
            self._lines(text, row, x)
            self._service(text, service, layout.spots[service])
        self._lines(text, row, layout.width)
        strip = Strip(Text.assemble(text).render(self.app.console))
        return strip.crop_extend(left, left + self.size.width, ground).apply_style(ground)

    def _lines(self, text: Text, row: int, upto: int) -> None:
        """Go on to column `upto` with whatever lines there are."""
        cells = self._drawn.layout.cells
        for x in range(text.cell_len, upto):
            cell = cells.get((x, row))
            text.append(" ", "") if cell is None else text.append(
                line(cell.arms), self._edge(cell.edges)
            )

    def _edge(self, edges: frozenset[int]) -> Style:
        drawn, ink = self._drawn, self._colours
        trouble = worst([drawn.troubles[edge] for edge in edges])
        if trouble:
            style: Style = getattr(ink, trouble)
            return style
        near = any(self._selected in drawn.layout.edges[edge] for edge in edges)
        return ink.accent if near else ink.dim

    def _service(self, text: Text, service: str, spot: Spot) -> None:
        drawn, selected = self._drawn, service == self._selected
        status = drawn.services[service]
        brush = Brush(self._colours, self._palette, drawn.detail, self.has_focus)
        written = label(status, brush, selected=selected)
        if selected:
            written.stylize(self._colours.cursor)
        text.append_text(written)
        if drawn.tree:
            text.append_text(also(status, drawn.layout, brush))
            return
        cell = drawn.layout.cells.get((spot.x + spot.width, spot.y))
        if cell is not None:
            missing = spot.width - written.cell_len
            text.append(line(_ACROSS) * missing, self._edge(cell.edges))

    # ---- moving

    def _keep_in_view(self) -> None:
        spot = self._drawn.layout.spots.get(self._selected or "")
        if spot is None:
            return
        (x, y), size = self.scroll_offset, self.size
        left = min(x, spot.x) if spot.x < x else max(x, spot.x + spot.width - size.width)
        top = min(y, spot.y) if spot.y < y else max(y, spot.y + 1 - size.height)
        self.scroll_to(min(left, spot.x), top, animate=False)

    def _select(self, service: str) -> None:
        if service != self._selected:
            self._selected = service
            self._keep_in_view()
            self.refresh()
            self.post_message(self.Selected(service))

    def action_go(self, dx: int, dy: int) -> None:
        """To the neighbour in that direction."""
        spots = self._drawn.layout.spots
        if self._selected not in spots:
            self.action_edge(0)
        elif (service := neighbour(self._drawn.layout, self._selected, dx, dy)) is not None:
            self._select(service)

    def action_edge(self, which: int) -> None:
        """To the first or the last service."""
        spots = self._drawn.layout.spots
        order = sorted(spots, key=lambda service: (spots[service].x, spots[service].y))
        if order:
            self._select(order[which])

    def action_open(self) -> None:
        """Show more of the selected service."""
        if self._selected in self._drawn.layout.spots:
            self.post_message(self.Opened(self._selected))

    def on_click(self, event: events.Click) -> None:
        """Select what is under the pointer; twice opens it."""
        x, y = event.x + self.scroll_offset.x, event.y + self.scroll_offset.y
        for start, service in self._rows.get(y, ()):
            if start <= x < start + self._drawn.layout.spots[service].width:
                self._select(service)
                if event.chain == 2:
                    self.action_open()


_ACROSS = EAST | WEST
_DETAILS: tuple[Detail, ...] = (2, 1, 0)


def _fitting(plan: Plan, widths: Widths, size: Size) -> tuple[Layout, Detail, bool]:
    """The most details that fit in the width, in as many rows as there are; else the smallest."""
    if size.width < _NARROW:
        return lay_out_tree(widths[1], plan.depends), 1, True

    def measured(detail: Detail, apart: int, *, lines: bool = False) -> Layout:
        return lay_out(plan, widths[detail], apart=apart, width=size.width, lines=lines)

    for detail in _DETAILS:
        for apart in (2, 1):
            layout = measured(detail, apart)
            if layout.width <= size.width and (apart == 1 or layout.height <= size.height):
                return measured(detail, apart, lines=True), detail, False
    return measured(0, 1, lines=True), 0, False
