"""Which port a service gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaport_tui.ledger.choice import Range, choose, computed_port
from dynaport_tui.ledger.errors import NoFreePort

names = st.text(min_size=1, max_size=20)
ranges = st.tuples(st.integers(1, 65535), st.integers(0, 40)).map(
    lambda pair: (pair[0], min(pair[0] + pair[1], 65535))
)


def free(port: int) -> bool:
    return port > 0


def nobody(port: int) -> str | None:
    return None if port else "is no port"


@pytest.mark.parametrize(
    ("project", "service", "instance", "slot", "ports", "expected"),
    [
        ("shop", "users", "1", "", (20000, 29999), 25598),
        ("shop", "orders", "1", "", (20000, 29999), 27189),
        ("shop", "orders-api", "2", "", (20000, 29999), 21540),
        ("shop", "users", "green", "", (20000, 29999), 23128),
        ("shop", "users", "1", "debug", (20000, 29999), 26776),
        ("blog", "users", "1", "", (20000, 29999), 27979),
        ("läden", "straße", "1", "", (20000, 29999), 26653),
        ("", "my-app", "default", "", (20000, 29999), 26762),
        ("shop", "users", "1", "", (5000, 5009), 5008),
        ("shop", "users", "1", "", (8000, 8000), 8000),
    ],
)
def test_the_computed_port_is_this_one_for_ever(
    project: str, service: str, instance: str, slot: str, ports: Range, expected: int
) -> None:
    assert computed_port(project, service, instance, slot, ports) == expected


def test_a_decomposed_name_gives_the_same_port() -> None:
    ports = (20000, 29999)
    composed, decomposed = "l\u00e4den", "la\u0308den"
    assert computed_port(composed, "a", "1", "", ports) == computed_port(
        decomposed, "a", "1", "", ports
    )


@pytest.mark.parametrize("ports", [(0, 10), (10, 9), (60000, 65536)])
def test_an_impossible_range_is_refused(ports: Range) -> None:
    with pytest.raises(ValueError, match="no range of ports"):
        computed_port("shop", "users", "1", "", ports)


@given(names, names, names, ranges)
def test_the_computed_port_lies_in_the_range(
    project: str, service: str, instance: str, ports: Range
) -> None:
    assert ports[0] <= computed_port(project, service, instance, "", ports) <= ports[1]


@given(
    ranges.flatmap(
        lambda ports: st.tuples(
            st.just(ports),
            st.integers(*ports),
            st.sets(st.integers(*ports)),
            st.sets(st.integers(*ports)),
            st.sets(st.integers(*ports)),
            st.tuples(st.integers(*ports), st.integers(*ports)),
        )
    )
)
def test_a_chosen_port_is_free_and_depends_on_nothing_else(
    case: tuple[Range, int, set[int], set[int], set[int], Range],
) -> None:
    ports, computed, leased, held, avoided, outgoing = case

    def chosen() -> tuple[int, str | None] | None:
        try:
            return choose(
                computed,
                ports,
                taken=dict.fromkeys(leased, "is leased to blog/users").get,
                avoided=avoided,
                outgoing=outgoing,
                binds=lambda port: port not in held,
            )
        except NoFreePort:
            return None

    inside = outgoing[0] <= ports[0] and ports[1] <= outgoing[1]
    excluded = set() if inside else set(range(outgoing[0], outgoing[1] + 1))
    possible = set(range(ports[0], ports[1] + 1)) - leased - held - excluded
    result = chosen()
    assert result == chosen()
    if result is None:
        assert not possible
    else:
        port, why = result
        assert port in possible
        assert (why is None) == (port == computed)
        assert port not in avoided or possible <= avoided


def test_the_next_free_port_upward_is_taken_and_the_search_wraps() -> None:
    leased = {104: "is leased to blog/users", 100: "is leased to blog/orders"}
    assert choose(103, (100, 104), taken=leased.get, binds=lambda port: port != 103) == (
        101,
        "103 was in use",
    )


def test_the_reason_names_who_has_the_computed_port() -> None:
    leased = {100: "is leased to blog/users in /home/me/blog"}
    assert choose(100, (100, 109), taken=leased.get, binds=free) == (
        101,
        "100 is leased to blog/users in /home/me/blog",
    )


def test_ports_of_outgoing_connections_are_left_out() -> None:
    port, why = choose(32768, (32760, 32775), taken=nobody, outgoing=(32768, 60999), binds=free)
    assert port == 32760
    assert why == "32768 lies in the system's range for outgoing connections (32768-60999)"


def test_a_range_of_outgoing_ports_alone_is_used_because_it_was_asked_for() -> None:
    outgoing = (32768, 60999)
    assert choose(40000, (40000, 40009), taken=nobody, outgoing=outgoing, binds=free) == (
        40000,
        None,
    )


def test_a_released_port_is_taken_again_only_when_no_other_is_left() -> None:
    def next_port(leased: dict[int, str]) -> tuple[int, str | None]:
        return choose(100, (100, 101), taken=leased.get, avoided={100}, binds=free)

    assert next_port({}) == (101, "100 was released")
    assert next_port({101: "is leased to blog/users"}) == (100, None)


def test_a_full_range_is_counted_out_with_a_remedy() -> None:
    with pytest.raises(NoFreePort) as caught:
        choose(
            101,
            (100, 103),
            taken={100: "is leased to blog/users", 101: "is leased to blog/orders"}.get,
            outgoing=(103, 60999),
            binds=lambda port: False,
        )
    assert str(caught.value) == (
        "no free port in 100-103: 2 leased, 1 in use, "
        "1 in the system's range for outgoing connections (103-60999). "
        "Write a wider range as `ports` under [project] in services.toml, or for all that names "
        "none with `dynaport config set port_allocator.port_range`; or give a port up with "
        "`dynaport release SERVICE` or `dynaport port release APP`."
    )
