"""Who is told why a service is down, and who only that it is."""

from __future__ import annotations

import pytest

from dynaport_tui.model.callers import Caller, is_at_home, wants_html
from dynaport_tui.model.httphead import Head

HERE = Caller("127.0.0.1", "127.0.0.1")


def asked(**fields: str) -> Head:
    return Head("GET", "/", {name.replace("_", "-"): value for name, value in fields.items()})


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:5000", "LOCALHOST:5000", "localhost.", "users.localhost:5000",
        "127.0.0.1:5000", "127.0.0.1", "[::1]:5000", "[::1]", "192.168.1.4:80", "0.0.0.0:5000",
        "users.test:5000", "Users.Test",
    ],
)  # fmt: skip
def test_names_of_this_machine_and_those_of_the_service_are_at_home(host: str) -> None:
    assert is_at_home(HERE, asked(host=host), {"users.test"})


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example",
        "evil-localhost", "", ":5000", "[evil]:5000", "[::1", "localhost, evil.example",
        "1.2.3.4@evil.example",
    ],
)  # fmt: skip
def test_a_name_that_somebody_else_made_lead_here_is_not(host: str) -> None:
    assert not is_at_home(HERE, asked(host=host), {"users.test"})


def test_a_client_that_names_no_host_is_no_browser() -> None:
    assert is_at_home(HERE, asked(), set())


@pytest.mark.parametrize(
    ("peer", "local", "near"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", True),
        ("192.168.1.4", "192.168.1.4", True),
        ("fe80::1%eth0", "fe80::1%eth0", True),
        ("192.168.1.9", "192.168.1.4", False),
        ("::ffff:192.168.1.9", "::ffff:192.168.1.4", False),
        ("", "", False),
    ],
)
def test_only_who_is_on_this_machine_is_at_home(peer: str, local: str, near: bool) -> None:
    assert is_at_home(Caller(peer, local), asked(host=f"{local}:5000"), {local}) is near


@pytest.mark.parametrize(
    ("site", "mode", "home"),
    [
        ("none", "navigate", True),
        ("same-origin", "cors", True),
        ("same-site", "cors", True),
        ("cross-site", "navigate", True),
        ("cross-site", "no-cors", False),
        ("cross-site", "cors", False),
        ("cross-site", "websocket", False),
    ],
)
def test_a_foreign_page_may_lead_here_but_not_ask_here(site: str, mode: str, home: bool) -> None:
    head = asked(host="localhost:5000", sec_fetch_site=site, sec_fetch_mode=mode)
    assert is_at_home(HERE, head, set()) is home


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("application/json, text/html;q=0.5", False),
        ("text/html;q=0", False),
        ("*/*", False),
        ("", False),
        ("application/json", False),
    ],
)
def test_html_is_for_those_who_ask_for_it_by_name(accept: str, html: bool) -> None:
    assert wants_html(asked(accept=accept)) is html
