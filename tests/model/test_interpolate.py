"""`${...}` in the values of env."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaport_tui.model.config import InterpolationError, expand
from dynaport_tui.model.interpolate import references

SERVICES = {"orders": {"url": "http://127.0.0.1:20001", "host": "127.0.0.1", "port": "20001"}}
ENV = {"HOME": "/home/ann", "EMPTY": "", "LOOP": "${env.LOOP}"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("plain $HOME $(x) $$ { }", "plain $HOME $(x) $$ { }"),
        ("${services.orders.url}/v1", "http://127.0.0.1:20001/v1"),
        ("${ services.orders.host }:${services.orders.port}", "127.0.0.1:20001"),
        ("${env.HOME}/x${env.EMPTY}", "/home/ann/x"),
        ("$${env.HOME}", "${env.HOME}"),
        ("$$${env.HOME}", "$${env.HOME}"),
        ("${env.LOOP}", "${env.LOOP}"),
    ],
)
def test_references_are_replaced_once(written: str, expected: str) -> None:
    assert expand(written, SERVICES, ENV) == expected


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("x${env.MISSING}", "${env.MISSING}: the variable MISSING is not set"),
        ("${services.users.url}", "${services.users.url}: there is no service users"),
        ("${services.orders.urls}", "${services.orders.urls}: orders has no urls"),
        ("${HOME}", "${HOME}: neither services.NAME.url nor env.NAME"),
        ("a ${", "${: neither services.NAME.url nor env.NAME"),
    ],
)
def test_a_reference_without_a_value_is_named(written: str, why: str) -> None:
    with pytest.raises(InterpolationError) as caught:
        expand(written, SERVICES, ENV)
    assert str(caught.value) == why
    assert why.startswith(caught.value.reference)


def test_all_references_of_a_value_are_found() -> None:
    found = references("$${no} ${env.A} ${services.b.url} ${c}")
    assert [(each.text, each.name, each.attribute) for each in found] == [
        ("${env.A}", "A", ""), ("${services.b.url}", "b", "url"), ("${c}", "", ""),
    ]  # fmt: skip


@settings(max_examples=100, deadline=None, database=None)
@given(st.text(st.sampled_from("$[{}e.nvsxA \n"), max_size=30))
def test_a_value_without_references_only_loses_its_escapes(value: str) -> None:
    if not references(value):
        assert expand(value, {}, {}) == value.replace("$${", "${")
