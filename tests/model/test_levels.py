"""Which lines are errors, and which only speak of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaport_tui.model.levels import Level, level_of, status_of


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("ERROR boom", Level.ERROR),
        ("[ERROR] boom", Level.ERROR),
        ("<error> boom", Level.ERROR),
        ("error: boom", Level.ERROR),
        ("ERROR:root:boom", Level.ERROR),
        ("WARNING:  This is a development server.", Level.WARNING),
        ("  INFO  ready in 3 ms", Level.INFO),
        ("2026-01-01 12:00:00,123 - app.users - ERROR - boom", Level.ERROR),
        ("app - CRITICAL - boom", Level.CRITICAL),
        ("users.api: WARN: slow", Level.WARNING),
        ("[2026-01-01 12:00:00 +0000] [7] [ERROR] Exception in worker process", Level.ERROR),
        ("[2026-01-01 12:00:00,123] ERROR in app: Exception on / [GET]", Level.ERROR),
        ("[2026-01-01 12:00:00,000: WARNING/MainProcess] slow", Level.WARNING),
        ("12:00:01 | DEBUG    | app:main:1 - x", Level.DEBUG),
        ("2026-01-01 12:00:00 [error    ] event", Level.ERROR),
        ("2026/01/01 12:00:00 [error] 7#7: refused", Level.ERROR),
        ("2026-01-01T12:00:00Z TRACE my_crate: x", Level.TRACE),
        ("2026-01-01T12:00:00Z\tinfo\tmain.go:3\tx", Level.INFO),
        ("2026-01-01 12:00:00.000 UTC [9] FATAL:  no such database", Level.CRITICAL),
        ("[main] ERROR com.shop.Users - boom", Level.ERROR),
        ("npm ERR! code 1", Level.ERROR),
        ("error[E0425]: cannot find value", Level.ERROR),
        ("panic: runtime error", Level.CRITICAL),
        ("fail: Microsoft.Hosting[0]", Level.ERROR),
        ('{"at": 1, "level": "error", "message": "boom"}', Level.ERROR),
        ('{"levelname":"WARNING","message":"INFO: no"}', Level.WARNING),
        ('{"severity": "INFO"}', Level.INFO),
        ('{"level":50,"msg":"boom"}', Level.ERROR),
        ('{"level":60,"msg":"boom"}', Level.CRITICAL),
        ("ts=2026 level=warn msg=slow", Level.WARNING),
        ("Traceback (most recent call last):", Level.ERROR),
        ("  + Exception Group Traceback (most recent call last):", Level.ERROR),
        ("ValueError: boom", Level.ERROR),
        ("sqlalchemy.exc.OperationalError", Level.ERROR),
        ("/srv/app.py:3: DeprecationWarning: old", Level.WARNING),
        ('127.0.0.1 - - [01/Jan/2026 12:00:00] "GET / HTTP/1.1" 500 -', Level.ERROR),
        ('INFO:     127.0.0.1:5 - "GET /a HTTP/1.1" 503 Service Unavailable', Level.ERROR),
        ("GET /users/7 404 3 ms", Level.WARNING),
        ('127.0.0.1 - - [01/Jan/2026 12:00:00] "GET / HTTP/1.1" 304 -', Level.INFO),
        ('{"status": 502, "path": "/"}', Level.ERROR),
    ],
)
def test_a_line_says_its_level(line: str, level: Level) -> None:
    assert level_of(line) is level


@pytest.mark.parametrize(
    "line",
    [
        "",
        "all is well",
        "It was an ERROR to think so",
        "no ERROR found",
        "Error in the code is likely",
        "set level: error in services.toml",
        'the level is "error" now',
        "info-service ready",
        "error.html rendered",
        "an error: none",
        "level = how loud it is, error or info",
        "Status: 500 parcels",
        "took 500 ms",
        '    raise ValueError("ERROR: x")',
        '  File "/srv/error.py", line 3, in <module>',
        "\u017fevere: an old letter",
    ],
)
def test_a_word_inside_of_a_sentence_is_no_level(line: str) -> None:
    assert level_of(line) is None


@given(st.text() | st.text('[]() -|:.="{}eErRoO1', max_size=300))
def test_any_line_has_a_level_or_none(line: str) -> None:
    assert level_of(line) in (None, *Level)


@pytest.mark.parametrize("unit", ["x", "1 ", "a.", "[", "a - ", '"GET /', "level", "status=", " "])
def test_a_long_line_is_looked_at_near_its_start(unit: str) -> None:
    assert level_of(unit * 20_000) is None


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ('127.0.0.1 - - [01/Jan/2026 12:00:00] "POST /a?b=c HTTP/1.1" 201 -', 201),
        ('10.0.0.1 - - [x] "GET / HTTP/2" 304 0 "-" "curl/8"', 304),
        ("12:00:01 GET /users/1 200 4 ms", 200),
        ("GET /users HTTP/1.1 404", 404),
        ('{"method": "GET", "status_code": 500}', 500),
        ("method=GET path=/ status=503 ms=4", 503),
        ("GET /users", None),
        ("took 500 ms", None),
    ],
)
def test_the_status_of_an_access_line_is_known(line: str, status: int | None) -> None:
    assert status_of(line) == status
