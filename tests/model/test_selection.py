"""Which services a person means."""

from __future__ import annotations

import pytest

from dynaport_tui.model.selection import UnknownService, select
from tests.model.fleets import service

THERE = {name: service(name) for name in ("db", "users.1", "users.2", "web")}


def test_no_name_means_all() -> None:
    assert select([], THERE) == list(THERE)


def test_a_name_means_all_its_instances_and_an_id_means_one() -> None:
    assert select(["users"], THERE) == ["users.1", "users.2"]
    assert select(["users.2"], THERE) == ["users.2"]


def test_they_come_in_the_order_typed_and_once_each() -> None:
    assert select(["web", "users.2", "users", "web"], THERE) == ["web", "users.2", "users.1"]


def test_an_unknown_one_is_an_error_that_names_the_likeliest() -> None:
    with pytest.raises(UnknownService, match=r"^no service 'wbe': did you mean web\?$"):
        select(["db", "wbe"], THERE)


def test_an_instance_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UnknownService, match=r"did you mean users\."):
        select(["users.3"], THERE)


def test_the_name_of_a_service_with_instances_is_guessed_too() -> None:
    with pytest.raises(UnknownService, match=r"did you mean users\?"):
        select(["user"], THERE)


def test_one_that_is_like_nothing_names_all() -> None:
    with pytest.raises(UnknownService, match=r"^no service 'mailer': there are db, users\.1"):
        select(["mailer"], THERE)
