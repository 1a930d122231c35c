"""What makes a running service start again, in the words of services.toml."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dynaport_tui.model.launch import Launch, differences, port_variable, stale

BASE = Launch(
    kind="script",
    argv=("run.py",),
    python="/usr/bin/python3",
    python_named=True,
    cwd="/shop",
    env={"THEME": "dark", "PORT": "5001", "PORT_DEBUG": "6001"},
    peers={"ORDERS_URL": "http://127.0.0.1:5002"},
    port=5001,
    ports={"debug": 6001},
)


def but(**keys: Any) -> list[str]:
    """What differs from BASE when these keys do."""
    return differences(BASE, msgspec.structs.replace(BASE, **keys))


def test_an_environment_that_appears_makes_stale_and_restarts_nothing() -> None:
    before = msgspec.structs.replace(BASE, python_named=False)
    after = msgspec.structs.replace(
        before,
        python="/shop/.venv/bin/python",
        env={**BASE.env, "PATH": "/shop/.venv/bin:/bin", "VIRTUAL_ENV": "/shop/.venv"},
    )
    assert differences(before, after) == []
    assert stale(before, after) == ["another interpreter, /shop/.venv/bin/python"]
    named = msgspec.structs.replace(after, python_named=True)
    assert differences(before, named) == ["python", "env PATH", "env VIRTUAL_ENV"]


def test_equal_launches_do_not_differ() -> None:
    assert but() == []


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("argv", ("other.py",), "command"),
        ("kind", "app", "kind"),
        ("python", "/shop/.venv/bin/python", "python"),
        ("cwd", "/shop/web", "cwd"),
        ("host", "0.0.0.0", "host"),
        ("server", "gunicorn", "server"),
        ("workers", 2, "workers"),
        ("warm", False, "warm"),
        ("debug", True, "debug"),
        ("tty", True, "tty"),
        ("hand_down", True, "hand_down"),
        ("port", 5009, "port 5001 → 5009"),
        ("ports", {"debug": 6002}, "ports"),
    ],
)
def test_every_field_that_is_executed_counts(key: str, value: Any, word: str) -> None:
    assert but(**{key: value}) == [word]


def test_a_variable_is_named_but_never_its_value() -> None:
    assert but(env={**BASE.env, "TOKEN": "hush", "THEME": "light"}) == ["env THEME", "env TOKEN"]


def test_a_variable_taken_away_counts() -> None:
    assert but(env={"PORT": "5001", "PORT_DEBUG": "6001"}) == ["env THEME"]


def test_a_moved_port_is_said_once_and_not_again_for_each_variable_that_repeats_it() -> None:
    moved = {**BASE.env, "PORT": "5009", "FLASK_RUN_PORT": "5009", "PORT_DEBUG": "6002"}
    assert but(port=5009, ports={"debug": 6002}, env=moved) == ["port 5001 → 5009", "ports"]


def test_the_address_of_a_service_that_came_or_went_does_not_count() -> None:
    assert but(peers={"MAIL_URL": "http://127.0.0.1:5003"}) == []


def test_an_address_that_moved_counts() -> None:
    assert but(peers={"ORDERS_URL": "http://127.0.0.1:5099"}) == ["env ORDERS_URL"]


def test_a_further_port_has_a_variable_of_its_own() -> None:
    assert port_variable("debug") == "PORT_DEBUG"
    assert port_variable("live-reload") == "PORT_LIVE_RELOAD"
