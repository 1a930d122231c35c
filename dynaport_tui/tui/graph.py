"""The dependencies as a drawing, with the states as they are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .colours import colours
from .glyphs import DOT, counted
from .graph_layout import Layout, Plan
from .graph_paint import Brush, neighbour, shown
from .graph_picture import Picture, Widths, picture, widths
from .messages import ServiceOpened, ServiceSelected

if TYPE_CHECKING:
    from textual import events
    from textual.binding import BindingType
    from textual.theme import Theme

    from ..model.palette import Palette
    from ..model.view import ServiceStatus, Snapshot

_BLANK = Picture(Layout({}, (), {}, 0, 0, None), 0, False, {}, [], {})


class GraphView(ScrollView, can_focus=True):
    """What starts first stands at the left; in a narrow pane, at the top of a tree."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    GraphView {
        overflow: auto auto;
        scrollbar-size: 1 1;
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

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._palette = palette
        self._snapshot: Snapshot | None = None
        self._selected: str | None = None
        self._picture = _BLANK
        self._plan = Plan({})
        self._measured: tuple[Plan, Widths, Size] | None = None

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
        order = "top to bottom" if self._picture.tree else "left to right"
        return f"{counted(len(self._picture.services), 'service')} {DOT} start {order}"

    # ---- where everything is

    def _draw(self) -> None:
        if self._snapshot is None:
            return
        before = self._picture
        self._picture = self._drawn({status.id: status for status in self._snapshot.services})
        layout, services = self._picture.layout, self._picture.services
        if layout is not before.layout or self._picture.troubles != before.troubles:
            self.virtual_size = Size(layout.width, layout.height)
            self.refresh()
            return
        for service, status in services.items():
            if shown(status) != shown(before.services[service]):
                self.refresh_line(layout.spots[service].y)

    def _drawn(self, services: dict[str, ServiceStatus]) -> Picture:
        """Laid out anew only where something needs another place."""
        depends = {service: status.depends_on for service, status in services.items()}
        if list(depends.items()) != list(self._plan.depends.items()):
            self._plan = Plan(depends)
        beside_bar = Size(max(0, self.size.width - 1), self.size.height)
        measured = (self._plan, widths(services), beside_bar)
        if measured == self._measured:
            return self._picture.now(services)
        self._measured = measured
        return picture(self._plan, services, measured[1], beside_bar)

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
        ground, left = self._colours.base, self.scroll_offset.x
        brush = Brush(self._colours, self._palette, self.has_focus)
        strip = Strip(self._picture.row(y + self.scroll_offset.y, brush, self._selected))
        return strip.crop_extend(left, left + self.scrollable_size.width, ground).apply_style(
            ground
        )

    # ---- moving

    def _keep_in_view(self) -> None:
        spot = self._picture.layout.spots.get(self._selected or "")
        if spot is None:
            return
        (x, y), size = self.scroll_offset, self.scrollable_size
        left = min(x, spot.x) if spot.x < x else max(x, spot.x + spot.width - size.width)
        top = min(y, spot.y) if spot.y < y else max(y, spot.y + 1 - size.height)
        self.scroll_to(min(left, spot.x), top, animate=False, force=True)

    def _select(self, service: str) -> None:
        if service != self._selected:
            self._selected = service
            self._keep_in_view()
            self.refresh()
            self.post_message(ServiceSelected(service))

    def action_go(self, dx: int, dy: int) -> None:
        """To the neighbour in that direction."""
        spots = self._picture.layout.spots
        if self._selected not in spots:
            self.action_edge(0)
        elif (service := neighbour(self._picture.layout, self._selected, dx, dy)) is not None:
            self._select(service)

    def action_edge(self, which: int) -> None:
        """To the first or the last service."""
        spots = self._picture.layout.spots
        order = sorted(spots, key=lambda service: (spots[service].x, spots[service].y))
        if order:
            self._select(order[which])

    def action_open(self) -> None:
        """Show more of the selected service."""
        if self._selected in self._picture.layout.spots:
            self.post_message(ServiceOpened(self._selected))

    def on_click(self, event: events.Click) -> None:
        """Select what is under the pointer; twice opens it."""
        x, y = event.x + self.scroll_offset.x, event.y + self.scroll_offset.y
        service = self._picture.at(x, y)
        if service is not None:
            self._select(service)
            if event.chain == 2:
                self.action_open()
