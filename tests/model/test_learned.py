"""What is remembered of libraries, and which of them are imported before the fork."""

from __future__ import annotations

import pytest

from dynaport_tui.model.learned import (
    KEPT,
    LONG,
    MOST_MODULES,
    MOST_SERVICES,
    Memory,
    Plan,
    Tried,
    cold_from_now_on,
    heard,
    judged,
    left_alone,
    plan,
    read,
    shared,
    starts_cold,
    verified,
)

TODAY = 20_000
USERS = {"PORT": "5001", "LEVEL": "low", "HOME": "/home/u", "DYNAPORT_SERVICE": "users"}
ORDERS = {"PORT": "5002", "LEVEL": "low", "HOME": "/home/u", "DYNAPORT_SERVICE": "orders"}


def tried(module: str, *reads: str, ms: float = 1.0, why: str | None = None) -> Tried:
    """A verdict as a nursery tells it."""
    fails = why is not None and why.startswith("fails")
    return Tried(module=module, ms=ms, reads=list(reads), why=why, fails=fails)


def knowing(*verdicts: Tried, **imports: list[str]) -> Memory:
    """A memory in which services import these modules."""
    memory = Memory()
    for service, modules in imports.items():
        heard(memory, service, modules, [], TODAY)
    judged(memory, verdicts)
    return memory


def test_a_module_without_a_verdict_is_tried_and_nobody_waits_for_it() -> None:
    memory = knowing(users=["sqlalchemy"])
    expected = Plan(needs={}, later=[], untried=["sqlalchemy"])
    assert plan(memory, {"users": USERS}, TODAY) == expected


def test_a_service_waits_for_the_harmless_modules_that_it_imports() -> None:
    harmful = tried("grpc", why="starts a thread")
    memory = knowing(tried("flask_login"), harmful, users=["flask_login", "grpc"])
    expected = Plan(needs={"users": ["flask_login"]}, later=[], untried=[])
    assert plan(memory, {"users": USERS}, TODAY) == expected


def test_modules_of_services_that_are_not_started_are_not_imported() -> None:
    memory = knowing(tried("a"), tried("b"), users=["a"], orders=["b"])
    assert plan(memory, {"users": USERS}, TODAY).needs == {"users": ["a"]}


def test_those_that_need_the_least_come_first() -> None:
    memory = knowing(tried("slow", ms=300), tried("quick"), users=["slow"], orders=["quick"])
    assert list(plan(memory, {"users": USERS, "orders": ORDERS}, TODAY).needs) == [
        "orders",
        "users",
    ]


def test_a_very_slow_module_of_one_among_several_is_left_for_later() -> None:
    memory = knowing(tried("torch", ms=LONG), tried("a"), users=["torch", "a"], orders=["a"])
    both = plan(memory, {"users": USERS, "orders": ORDERS}, TODAY)
    assert (both.needs["users"], both.later) == (["a"], ["torch"])
    alone = plan(memory, {"users": USERS}, TODAY)
    assert (alone.needs["users"], alone.later) == (["torch", "a"], [])
    heard(memory, "orders", ["torch"], [], TODAY)
    needed_by_both = plan(memory, {"users": USERS, "orders": ORDERS}, TODAY)
    assert needed_by_both.later == []


@pytest.mark.parametrize(("value", "imported"), [("low", True), ("high", False), (None, False)])
def test_a_module_is_imported_where_all_find_the_same_values_of_what_it_reads(
    value: str | None, imported: bool
) -> None:
    memory = knowing(tried("loguru", "LEVEL", "UNSET"), users=["loguru"], orders=["loguru"])
    orders = {**ORDERS, "LEVEL": value} if value else {k: ORDERS[k] for k in ("PORT", "HOME")}
    found = plan(memory, {"users": USERS, "orders": orders}, TODAY)
    assert bool(found.needs) is imported
    assert found.untried == []


def test_a_module_is_left_to_a_service_that_sets_what_it_reads() -> None:
    memory = knowing(tried("keras", "KERAS_BACKEND"), users=["keras"])
    heard(memory, "users", ["keras"], ["KERAS_BACKEND"], TODAY)
    assert plan(memory, {"users": USERS}, TODAY).needs == {}
    heard(memory, "users", ["keras"], [], TODAY)
    assert plan(memory, {"users": USERS}, TODAY).needs == {"users": ["keras"]}


@pytest.mark.parametrize("name", ["PORT", "DYNAPORT_URL", "NOTIFY_SOCKET"])
def test_a_module_that_reads_what_each_process_has_for_itself_is_left_to_it(name: str) -> None:
    memory = knowing(tried("lib", name), users=["lib"])
    assert plan(memory, {"users": {}}, TODAY).needs == {}
    assert name not in shared({"users": {name: "1"}})


def test_what_a_module_read_once_counts_from_then_on() -> None:
    memory = knowing(tried("lib", "A"), users=["lib"])
    assert read(memory, "lib", ["B"])
    assert not read(memory, "lib", ["A", "B"])
    assert memory.verdicts["lib"].reads == ["A", "B"]


def test_a_nursery_gets_the_variables_on_which_its_services_agree() -> None:
    orders = {**ORDERS, "LEVEL": "high"}
    assert shared({"users": USERS, "orders": orders}) == {"HOME": "/home/u"}


def test_the_address_of_one_service_is_shared_by_all_others() -> None:
    services = {"a": {"B_PORT": "2"}, "b": {"A_PORT": "1"}, "c": {"A_PORT": "1", "B_PORT": "3"}}
    assert shared(services, {"A_PORT", "B_PORT"}) == {"A_PORT": "1"}
    assert shared(services) == {}


def test_other_packages_bring_every_verdict_into_question() -> None:
    memory = knowing(tried("lib", why="fails: ImportError"), users=["lib"])
    verified(memory, "one")
    judged(memory, [tried("lib")])
    verified(memory, "one")
    assert plan(memory, {"users": USERS}, TODAY).needs == {"users": ["lib"]}
    verified(memory, "two")
    assert plan(memory, {"users": USERS}, TODAY).untried == ["lib"]


def test_a_module_that_fails_does_not_keep_others_from_asking_for_it() -> None:
    memory = knowing(tried("a", why="starts a thread"), tried("b", why="fails: ImportError"))
    assert left_alone(memory) == {"a": "starts a thread"}


def test_a_module_that_nobody_was_seen_to_import_for_long_is_left_to_its_services() -> None:
    memory = knowing(tried("lib"), users=["lib"])
    assert plan(memory, {"users": USERS}, TODAY + KEPT - 1).needs
    assert not plan(memory, {"users": USERS}, TODAY + KEPT).needs
    assert heard(memory, "users", ["lib"], [], TODAY + KEPT)
    assert plan(memory, {"users": USERS}, TODAY + KEPT).needs


def test_a_service_starts_cold_until_packages_change_or_it_is_time_to_try_again() -> None:
    memory = Memory(packages="one")
    cold_from_now_on(memory, "users", "RuntimeError: too late", TODAY)
    assert starts_cold(memory, "users", TODAY + KEPT - 1)
    assert not starts_cold(memory, "users", TODAY + KEPT)
    assert not starts_cold(memory, "orders", TODAY)
    verified(memory, "two")
    assert not starts_cold(memory, "users", TODAY)


def test_what_is_heard_again_is_no_news() -> None:
    memory = Memory()
    assert heard(memory, "users", ["a", "b"], ["LEVEL"], TODAY)
    assert not heard(memory, "users", ["b"], ["LEVEL"], TODAY)
    assert list(memory.services["users"].imports) == ["a", "b"]


def test_what_is_remembered_is_bounded() -> None:
    memory = Memory()
    heard(memory, "users", [f"m{number}" for number in range(2 * MOST_MODULES)], [], TODAY)
    assert len(memory.services["users"].imports) == MOST_MODULES
    for number in range(2 * MOST_SERVICES):
        heard(memory, f"s{number}", [f"lib{number}"], [], TODAY)
        judged(memory, [tried(f"lib{number}")])
        cold_from_now_on(memory, f"s{number}", "why", TODAY)
    assert len(memory.services) == len(memory.cold) == MOST_SERVICES
    assert len(memory.verdicts) <= MOST_MODULES + MOST_SERVICES
