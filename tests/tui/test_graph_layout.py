"""Where services and lines are drawn, for any graph."""

from collections.abc import Collection, Mapping
from itertools import combinations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dynaport_tui.tui.graph_layout import Layout, Plan, lay_out
from dynaport_tui.tui.graph_order import depths
from dynaport_tui.tui.graph_routes import EAST, NORTH, SOUTH, WEST
from dynaport_tui.tui.graph_tree import lay_out_tree

SHOP = {
    "migrate": [],
    "catalog": ["migrate"],
    "users": ["migrate"],
    "billing": ["catalog"],
    "worker": ["migrate"],
    "web": ["catalog", "users", "billing"],
}
SOME = settings(max_examples=60, deadline=None, database=None)
STEPS = {NORTH: (0, -1), EAST: (1, 0), SOUTH: (0, 1), WEST: (-1, 0)}


@st.composite
def graphs(draw: st.DrawFn, *, most: int = 14) -> dict[str, list[str]]:
    count = draw(st.integers(1, most))
    names = [f"s{n}" for n in range(count)]
    return {
        name: sorted(draw(st.sets(st.sampled_from(names[:n]), max_size=4))) if n else []
        for n, name in enumerate(names)
    }


def drawn(depends: Mapping[str, Collection[str]], *, apart: int = 1, width: int = 80) -> Layout:
    widths = {service: len(service) + 2 for service in depends}
    return lay_out(Plan(depends), widths, apart=apart, width=width)


def text(layout: Layout) -> list[str]:
    """What would be on the screen, without colours."""
    lines = {
        5: "│", 10: "─", 3: "╰", 6: "╭", 12: "╮", 9: "╯", 7: "├", 13: "┤", 14: "┬", 11: "┴", 15: "┼"
    }  # fmt: skip
    rows = [[" "] * layout.width for _ in range(layout.height)]
    for (x, y), cell in layout.cells.items():
        rows[y][x] = lines[cell.arms]
    for service, spot in layout.spots.items():
        for x, letter in enumerate(f" {service} ".ljust(spot.width), spot.x):
            rows[spot.y][x] = letter
    return ["".join(row).rstrip() for row in rows]


def reached(layout: Layout, edge: int) -> bool:
    """Whether the lines of an edge lead from the end of one service to the start of the other."""
    source, target = (layout.spots[name] for name in layout.edges[edge])
    pending, seen = [(source.x + source.width, source.y)], set()
    while pending:
        place = pending.pop()
        cell = layout.cells.get(place)
        if place in seen or cell is None:
            continue
        seen.add(place)
        arms = EAST | WEST if edge in cell.under else cell.arms if edge in cell.edges else 0
        pending += [(place[0] + x, place[1] + y) for arm, (x, y) in STEPS.items() if arms & arm]
    return (target.x - 1, target.y) in seen


@SOME
@given(graphs(), st.integers(1, 3))
@example(SHOP, 2)
def test_every_service_is_drawn_once_and_none_lies_on_another(
    depends: dict[str, list[str]], apart: int
) -> None:
    layout = drawn(depends, apart=apart)
    assert set(layout.spots) == set(depends)
    for one, other in combinations(layout.spots.values(), 2):
        assert one.y != other.y or one.x + one.width <= other.x or other.x + other.width <= one.x
    for spot in layout.spots.values():
        assert not any((x, spot.y) in layout.cells for x in range(spot.x, spot.x + spot.width))
        assert 0 <= spot.y < layout.height
        assert 0 <= spot.x <= layout.width - spot.width


@SOME
@given(graphs(), st.integers(1, 3))
@example(SHOP, 1)
def test_every_edge_leads_from_what_is_needed_to_what_needs_it(
    depends: dict[str, list[str]], apart: int
) -> None:
    layout = drawn(depends, apart=apart)
    assert sorted(layout.edges) == sorted((n, s) for s, named in depends.items() for n in named)
    for number, (source, target) in enumerate(layout.edges):
        assert layout.spots[source].layer < layout.spots[target].layer
        assert reached(layout, number), f"{source} to {target}"


@SOME
@given(graphs())
def test_lines_are_joined_only_where_they_lead_to_the_same_service(
    depends: dict[str, list[str]],
) -> None:
    layout = drawn(depends)
    for cell in layout.cells.values():
        targets: dict[str, set[str]] = {}
        for edge in cell.edges:
            source, target = layout.edges[edge]
            targets.setdefault(source, set()).add(target)
        assert all(one & other for one, other in combinations(targets.values(), 2))


@SOME
@given(graphs())
def test_the_same_graph_is_drawn_the_same_again(depends: dict[str, list[str]]) -> None:
    assert drawn(depends) == drawn(depends)


@SOME
@given(graphs())
def test_a_tree_has_every_service_once_below_what_it_waits_for(
    depends: dict[str, list[str]],
) -> None:
    layout = lay_out_tree(dict.fromkeys(depends, 9), depends)
    assert sorted(spot.y for spot in layout.spots.values()) == list(range(len(depends)))
    for parent, child in layout.edges:
        assert parent in depends[child]
        assert layout.spots[parent].y < layout.spots[child].y
        assert layout.spots[parent].x < layout.spots[child].x
    assert {child for _, child in layout.edges} == {s for s, named in depends.items() if named}


def test_a_shop_looks_as_a_person_would_draw_it() -> None:
    assert text(drawn(SHOP, apart=2)) == [
        "           ╭── catalog ──┬── billing ──╮",
        "           │             ╰─────────────┴─┬── web",
        " migrate ──┼── users ────────────────────╯",
        "           │",
        "           ╰── worker",
    ]


def test_services_without_edges_stand_in_rows_below() -> None:
    layout = drawn({**SHOP, "mail": [], "redis": [], "search": []}, width=30)
    assert layout.alone is not None
    below = {service: spot for service, spot in layout.spots.items() if spot.layer < 0}
    assert list(below) == ["mail", "redis", "search"]
    assert all(spot.y > layout.alone for spot in below.values())


def test_without_edges_there_is_nothing_that_they_stand_apart_from() -> None:
    layout = drawn({"mail": [], "redis": []})
    assert layout.alone is None
    assert not layout.cells
    assert [spot.y for spot in layout.spots.values()] == [0, 0]


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawn({}) == Layout({}, (), {}, 0, 0, None)
    assert lay_out_tree({}, {}) == Layout({}, (), {}, 0, 0, None)


def test_a_cycle_is_drawn_without_its_last_step() -> None:
    ring = {"a": ["c"], "b": ["a"], "c": ["b"]}
    layout = drawn(ring)
    assert set(layout.spots) == set(ring)
    assert len(layout.edges) == 2
    assert set(lay_out_tree(dict.fromkeys(ring, 5), ring).spots) == set(ring)


def test_a_service_that_needs_itself_or_a_stranger_is_drawn_alone() -> None:
    assert drawn({"a": ["a", "nobody"]}).edges == ()


def test_depth_is_the_longest_chain_before_a_service() -> None:
    assert depths(SHOP) == {
        "migrate": 0, "catalog": 1, "users": 1, "billing": 2, "worker": 1, "web": 3
    }  # fmt: skip


def test_two_that_cross_over_are_kept_apart() -> None:
    """Each needs the other's row: no order of their vertical lines would do."""
    depends: dict[str, list[str]] = {
        "a": [], "b": [], "c": ["b"], "d": ["a"], "e": ["a", "b"], "f": ["c", "d"]
    }  # fmt: skip
    layout = drawn(depends)
    assert all(reached(layout, edge) for edge in range(len(layout.edges)))
