"""What a person reads about a text that is no TOML."""

from __future__ import annotations

import pytest

from dynaport_tui.model.config import ConfigError, parse

CASES = [
    pytest.param(
        "port: 5001",
        "2: column 5: there is no = after the key. Write port = 5001: TOML has = where "
        "YAML has a colon.",
        id="a colon in place of =",
    ),
    pytest.param("port", "2: there is no = after the key. Write key = value.", id="a key alone"),
    pytest.param(
        "port =\ntty = true",
        "2: column 7: there is no value after =. Write one, or remove the key.",
        id="a key without a value",
    ),
    pytest.param(
        "port =",
        "2: there is no value after =. Write one, or remove the key.",
        id="a file that ends after =",
    ),
    pytest.param(
        "server = gunicorn  # fast",
        '2: column 10: a text is not in quotes. Write server = "gunicorn".',
        id="a text without quotes",
    ),
    pytest.param(
        "tty = True", "2: column 7: True is no value. Write true.", id="a flag in Python's words"
    ),
    pytest.param(
        "tty = off", "2: column 7: off is no value. Write false.", id="a flag in YAML's words"
    ),
    pytest.param(
        "host = 127.0.0.1",
        '2: column 13: this is no number and a text needs quotes. Write host = "127.0.0.1".',
        id="an address without quotes",
    ),
    pytest.param(
        "port = 05001",
        "2: column 9: this is no number and a text needs quotes. Write port = 5001.",
        id="a number with a leading zero",
    ),
    pytest.param(
        'app = "users:app',
        "2: a text is not closed. Close it with the quote that it starts with.",
        id="an open quote at the end of the file",
    ),
    pytest.param(
        'app = "users:app\ntty = true',
        "2: column 17: a text is not closed at the end of its line. Close it with the "
        "quote that it starts with.",
        id="an open quote",
    ),
    pytest.param(
        'x = 1\napp = """\nusers\nmore',
        "3: a text is not closed. Close it with the quote that it starts with.",
        id="an open text of several lines",
    ),
    pytest.param(
        'ports = [\n  "a",\n  "b"\ntty = true',
        '2: a list is not closed, or a comma is missing. Write lists as ["a", "b"].',
        id="an open list",
    ),
    pytest.param(
        'env = { A = "1"\ntty = true',
        "2: a table in braces is not closed, or a comma is missing. Write it on one "
        "line, as in { a = 1, b = 2 }.",
        id="an open inline table",
    ),
    pytest.param(
        "[services.db",
        "2: the header of a table is not closed. Write [services.NAME].",
        id="an open header",
    ),
    pytest.param(
        'app = "a\\d"',
        "2: column 11: a backslash stands alone in a text with double quotes. Write it "
        "twice, or put the text into single quotes.",
        id="a single backslash",
    ),
    pytest.param(
        "- app", "2: column 3: there is no = after the key. Write key = value.", id="a list of YAML"
    ),
    pytest.param(
        "= 5",
        "2: column 1: this is neither a key nor a table. Write key = value, or "
        "[services.NAME] for a table.",
        id="a value without a key",
    ),
    pytest.param(
        'app = "a" port = 1',
        "2: column 11: something follows that does not belong to the value. Write one "
        'key = value a line, and texts in quotes, as in "127.0.0.1".',
        id="two keys on a line",
    ),
    pytest.param(
        "port = 1\ntty = true\nport = 2",
        '4: services.users.port: "port" is written twice, on line 2 and here. Remove one of them.',
        id="a key twice",
    ),
    pytest.param(
        "tty = true\n[services.users]",
        "3: services.users: the table [services.users] is written twice, on line 1 and "
        "here. Put the keys of both below one header.",
        id="a table twice",
    ),
    pytest.param(
        "env = { A = 1, A = 2 }",
        '2: services.users.env.A: "A" is written twice, on line 2 and here. Remove one of them.',
        id="a key twice in an inline table",
    ),
    pytest.param(
        "port = 1\n[services.users.port]",
        '3: services.users.port: "port" is written twice, on line 2 and here. Remove one of them.',
        id="a table in the place of a key",
    ),
    pytest.param(
        "a = " + "[" * 5000,
        "2: lists and tables are nested too deep here. Nest less.",
        id="a bottomless list",
    ),
    pytest.param(
        "port = " + "9" * 5000,
        "2: this number has too many digits. Write a smaller one.",
        id="an endless number",
    ),
    pytest.param(
        "x = 2026-02-30",
        "2: column 5: this is no date. Put it in quotes.",
        id="a date that is none",
    ),
    pytest.param(
        "x = 'a\x00'",
        "2: column 7: a control character stands here. Remove it.",
        id="a control character",
    ),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_text_that_is_no_toml_is_explained_in_plain_words(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"[services.users]\n{text}", file="/home/ann/shop/services.toml")
    assert str(caught.value) == f"services.toml:{expected}"


def test_every_repetition_is_told_in_one_go() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("[a]\nb = 1\nb = 2\nc = 1\nc = 2\n[a]\n", file="/services.toml")
    assert [problem.line for problem in caught.value.problems] == [3, 5, 6]
