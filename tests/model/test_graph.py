"""Start order, what is needed, and cycles."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaport_tui.model.graph import CycleError, closure, cycles, start_order

QUICK = settings(max_examples=100, deadline=None, database=None)

GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefghz"), max_size=4)
)


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, set[str]]:
    names = draw(st.permutations("abcdefgh"))
    earlier = {name: names[:place] for place, name in enumerate(names)}
    return {
        name: draw(st.sets(st.sampled_from(earlier[name]), max_size=4)) if earlier[name] else set()
        for name in draw(st.permutations(names))
    }


def test_the_order_is_the_given_one_where_nothing_depends() -> None:
    assert start_order({"web": [], "db": [], "mail": []}) == ["web", "db", "mail"]


def test_dependencies_come_first() -> None:
    depends = {"web": ["orders", "users"], "users": ["db"], "orders": ["db"], "db": []}
    assert start_order(depends) == ["db", "users", "orders", "web"]


def test_names_that_the_graph_does_not_list_are_left_out() -> None:
    assert start_order({"web": ["elsewhere"]}) == ["web"]
    assert closure(["web", "elsewhere"], {"web": ["elsewhere"]}) == {"web"}


def test_what_is_needed_is_followed_to_the_end() -> None:
    depends = {"web": ["users"], "users": ["db"], "db": [], "mail": ["db"]}
    assert closure(["web"], depends) == {"web", "users", "db"}
    assert closure([], depends) == set()


def test_a_cycle_is_named_in_full() -> None:
    depends = {"web": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}
    assert cycles(depends) == [["a", "b", "c", "a"]]
    with pytest.raises(CycleError, match="a → b → c → a"):
        start_order(depends)


def test_each_of_two_cycles_is_named() -> None:
    assert cycles({"a": ["a"], "b": ["c"], "c": ["b"]}) == [["a", "a"], ["b", "c", "b"]]


def test_a_chain_may_be_longer_than_the_stack() -> None:
    depends = {str(n): [str(n + 1)] for n in range(5000)}
    depends["5000"] = []
    assert start_order(depends)[0] == "5000"
    depends["5000"] = ["0"]
    assert len(cycles(depends)[0]) == 5002


@QUICK
@given(acyclic())
def test_the_start_order_respects_every_dependency(depends: dict[str, set[str]]) -> None:
    order = start_order(depends)
    assert sorted(order) == sorted(depends)
    for name, needed in depends.items():
        assert all(order.index(other) < order.index(name) for other in needed)
    assert cycles(depends) == []


@QUICK
@given(acyclic())
def test_an_order_that_holds_already_is_kept(depends: dict[str, set[str]]) -> None:
    order = start_order(depends)
    assert start_order({name: depends[name] for name in order}) == order


@QUICK
@given(GRAPHS)
def test_cutting_the_last_step_of_each_cycle_leaves_none(depends: dict[str, set[str]]) -> None:
    for cycle in cycles(depends):
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        for name, needed in pairwise(cycle):
            assert needed in depends[name]
    for cycle in cycles(depends):
        depends[cycle[-2]] = depends[cycle[-2]] - {cycle[-1]}
    assert cycles(depends) == []


@QUICK
@given(GRAPHS, st.sets(st.sampled_from("abcdefgh")))
def test_a_closure_needs_nothing_else(depends: dict[str, set[str]], wanted: set[str]) -> None:
    needed = closure(wanted, depends)
    assert needed >= wanted & set(depends)
    assert all(other in needed for name in needed for other in depends[name] if other in depends)
