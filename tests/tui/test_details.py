"""What the tabs write of requests, environment, configuration and ports."""

from typing import Any

import pytest

from dynaport_tui.model.view import Details, PortUse, Request, Requests
from dynaport_tui.tui.details import config, environment, ports, requests
from dynaport_tui.tui.details.sheet import clock
from tests.fakes import NOON, status
from tests.tui.sheets import NOW, rows, sheet

# ---- requests


def answer(*found: Request, **more: Any) -> Requests:
    fields = {"total": len(found), "p50_ms": 3.2, "p95_ms": 71.4, "error_rate": 0.5, **more}
    return Requests(service="users", requests=list(found), **fields)


GOOD = Request(1, NOON, "GET", "/users?page=2", 200, 3.21)
FAILED = Request(2, NOON + 1, "POST", "/users", 503, 2100.0)


def test_the_newest_request_is_first() -> None:
    lines = requests.lines(sheet(width=70), answer(GOOD, FAILED), [GOOD, FAILED])
    at = [clock(request.at, NOW) for request in (FAILED, GOOD)]
    assert rows(lines) == [
        f" {at[0]}  POST    /users                     ! 503    2.1 s ━━━━━━╸",
        f" {at[1]}  GET     /users?page=2                200   3.2 ms ━",
    ]
    assert lines[1].plain == f"{at[1]} GET /users?page=2 200 3.2 ms"


def test_the_totals_stay_above() -> None:
    assert rows(requests.head(sheet(), answer(GOOD, total=1400)))[0] == (
        " 1,400 requests · p50 3.2 ms · p95 71 ms · 50.0% errors · of the last 1,000"
    )


def test_figures_that_nobody_knows_are_left_open() -> None:
    head = requests.head(sheet(), answer(GOOD, p50_ms=None, p95_ms=None, error_rate=None))
    assert rows(head)[0] == " 1 request · p50 \N{EN DASH} · p95 \N{EN DASH}"


def test_headings_stand_above_their_columns() -> None:
    row = requests.lines(sheet(), answer(FAILED), [FAILED])[0].text.plain
    head = requests.head(sheet(), answer(FAILED))[-1].text.plain
    assert head.index("path") == row.index("/users")
    assert head.index("status") + 5 == row.index("503") + 2
    assert head.index("took") + 4 == row.index("2.1 s") + 5


def test_a_path_that_is_too_long_is_cut_and_copied_whole() -> None:
    long = Request(3, NOON, "GET", "/ümläut/" + "x" * 90, 200, 1.0)
    line = requests.lines(sheet(width=70), answer(long), [long])[0]
    assert "xx… " in line.text.plain
    assert line.text.cell_len <= 70
    assert long.path in line.plain


def test_requests_that_nobody_counts_say_where_to_look() -> None:
    users = status("users")
    text = " ".join(rows(requests.lines(sheet(users), answer(counted=False), [])))
    assert "not counted" in text
    assert "access log" in text


def test_a_service_without_a_port_has_no_requests() -> None:
    worker = status("users", port=None)
    text = rows(requests.lines(sheet(worker), answer(counted=False), []))
    assert text == [" It listens to nothing, so nobody can send it a request."]


def test_before_the_first_request_the_address_is_named() -> None:
    text = rows(requests.lines(sheet(status("users")), answer(), []))
    assert text == [" No request yet. Open it with o, or ask http://127.0.0.1:20417"]
    assert requests.head(sheet(), answer()) == []


def test_nothing_is_drawn_before_the_first_answer() -> None:
    assert requests.lines(sheet(), None, []) == []
    assert requests.head(sheet(), None) == []
    assert environment.lines(sheet(), None, None, revealed=False) == []
    assert config.lines(sheet(), status("users"), None) == []
    assert ports.lines(sheet(), status("users"), None) == []


# ---- environment

ENV = {
    "PATH": "/bin",
    "PORT": "1",
    "DYNAPORT_PROJECT": "shop",
    "ORDERS_API_URL": "http://x",
    "ORDERS_TEAM": "red",
    "THEME": "dark",
    "API_KEY": "••••",
    "TEXT": "a\nb",
}


def test_variables_are_grouped_by_where_they_come_from() -> None:
    details = Details(service="users", config={"env": {"THEME": "dark", "PORT": "2"}})
    assert environment.grouped(ENV, details, {"x": status("orders-api")}) == {
        environment.OWN: ["DYNAPORT_PROJECT", "PORT"],
        environment.OTHERS: ["ORDERS_API_URL"],
        environment.FILE: ["THEME"],
        environment.REST: ["API_KEY", "ORDERS_TEAM", "PATH", "TEXT"],
    }


def test_masked_values_say_how_to_see_them() -> None:
    lines = environment.lines(sheet(), ENV, None, revealed=False)
    assert rows(lines)[0] == " 1 secret hidden; V shows it."
    assert " TEXT              a\\nb" in rows(lines)
    assert "TEXT=a\nb" in [line.plain for line in lines]


def test_shown_values_say_for_how_long() -> None:
    lines = environment.lines(sheet(), {"API_KEY": "abc"}, None, revealed=True)
    assert rows(lines)[0] == " Secrets are shown until another service is selected; V hides them."


def test_without_secrets_nothing_is_hidden() -> None:
    assert "No variable" in rows(environment.lines(sheet(), {"A": "1"}, None, revealed=False))[0]
    assert "no variables" in rows(environment.lines(sheet(), {}, None, revealed=False))[0]


# ---- config


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (5, "5"),
        (5.0, "5"),
        (0.25, "0.25"),
        ('say "hi"\n', '"say \\"hi\\"\\n"'),
        ("\x7f\x1b", '"\\u007f\\u001b"'),
        (["a", 1], '["a", 1]'),
        ([{"a b": 1}], '[{ "a b" = 1 }]'),
        ({}, "{}"),
    ],
)
def test_values_are_written_as_in_services_toml(value: object, text: str) -> None:
    assert config.toml(value) == text


def test_the_configuration_is_shown_below_what_is_executed() -> None:
    details = Details(
        service="users",
        config={"env": {"A": "1"}, "app": "app:app", "args": ["x"], "none": None, "watch": {}},
        command=["python", "-m", "my app"],
        cwd="/shop",
        python="/usr/bin/python",
        watched=["*.py", ".env"],
    )
    assert rows(config.lines(sheet(), status("users"), details)) == [
        " runs        python -m 'my app'",
        " in          /shop",
        " python      /usr/bin/python",
        " reloads on  *.py, .env",
        " [services.users]  every default and profile applied",
        ' app = "app:app"',
        ' args = ["x"]',
        ' env.A = "1"',
        " watch = {}",
    ]


@pytest.mark.parametrize(
    ("pinned", "port_why", "row"),
    [
        (False, None, " port = 20417  # computed"),
        (False, "20400 was in use", " port = 20417  # not the computed one"),
        (True, None, " port = 20417"),
    ],
)
def test_a_port_that_nobody_wrote_says_so(pinned: bool, port_why: str | None, row: str) -> None:
    use = PortUse(port=20417, why="", pinned=pinned)
    details = Details(service="users", config={"port": 20417}, ports=[use])
    lines = config.lines(sheet(), status("users", port_why=port_why), details)
    assert rows(lines)[-1] == row
    assert lines[-1].plain == "port = 20417"


def test_a_service_of_which_little_is_known_says_so() -> None:
    text = rows(config.lines(sheet(), status("users"), Details(service="users")))
    assert text == [
        " reloads on  nothing: R reloads it",
        " The engine gives no configuration for it.",
    ]


# ---- ports


def test_a_port_tells_its_address_its_origin_and_what_a_restart_does() -> None:
    users = status("users", depends_on=["db"])
    details = Details(
        service="users",
        ports=[
            PortUse(port=20417, url="http://127.0.0.1:20417", why="computed", held=True),
            PortUse(name="debug", port=20418, why="pinned"),
        ],
        used_by=["web"],
    )
    assert rows(ports.lines(sheet(users, status("web")), users, details)) == [
        "        :20417 http://127.0.0.1:20417",
        "               computed",
        "               held by dynaport: while it restarts, connections wait and none is refused",
        " debug  :20418",
        "               pinned",
        "               bound by the service itself: while it restarts, connections are refused",
        " depends on  db",
        " used by     ● web",
    ]


def test_a_service_without_ports_says_how_to_get_one() -> None:
    text = rows(ports.lines(sheet(), status("worker"), Details(service="worker")))
    assert text[0] == " It listens to nothing: services.toml says port = false."
    assert text[-1] == " used by     no other service"
