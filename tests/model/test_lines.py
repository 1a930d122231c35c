"""The index of lines of a TOML text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings

from dynaport_tui.model.lines import Keys, LineIndex
from tests.model.samples import FULL, documents, written

TEXT = """\
# a comment
[services.users]
app = "users:app"  # another
"port" = 5001
env.THEME = "dark"
env.'HOME DIR' = "x"
ports = [
  "debug",  # with a comment, and a ]
  'metrics',
]
inline = { a = 1, b.c = [ { d = "}" } ] }
text = \"\"\"
[services.fake]
x = "1"\"\"\"\"
after = 1979-05-27 07:32:00

[[points]]
x = 1
[[points]]
x = 2
[points.sub]
y = 3

[services.users.instance."a.b"]
port = 1
"""


def test_tables_keys_and_items_have_their_lines() -> None:
    index = LineIndex(TEXT)
    expected: dict[Keys, int] = {
        (): 1,
        ("services",): 2,
        ("services", "users"): 2,
        ("services", "users", "app"): 3,
        ("services", "users", "port"): 4,
        ("services", "users", "env"): 5,
        ("services", "users", "env", "THEME"): 5,
        ("services", "users", "env", "HOME DIR"): 6,
        ("services", "users", "ports"): 7,
        ("services", "users", "ports", 0): 8,
        ("services", "users", "ports", 1): 9,
        ("services", "users", "inline", "b", "c", 0, "d"): 11,
        ("services", "users", "text"): 12,
        ("services", "users", "after"): 15,
        ("points",): 17,
        ("points", 0, "x"): 18,
        ("points", 1, "x"): 20,
        ("points", 1, "sub", "y"): 22,
        ("services", "users", "instance", "a.b", "port"): 25,
    }
    assert {keys: index.line(keys) for keys in expected} == expected


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    index = LineIndex(TEXT)
    assert index.line(("services", "users", "ports", 7, "x")) == 7
    assert index.line(("nowhere",)) == 1


def test_values_are_known_as_written() -> None:
    index = LineIndex(TEXT)
    assert index.written(("services", "users", "app")) == '"users:app"'
    assert index.written(("services", "users", "ports", 0)) == '"debug"'
    assert index.written(("services", "users", "inline", "b", "c")) == '[ { d = "}" } ]'
    assert index.written(("services", "users", "after")) == "1979-05-27 07:32:00"
    assert index.written(("services", "users")) is None


def test_a_header_counts_and_not_an_earlier_mention() -> None:
    index = LineIndex("[a.b]\n[a]\nc = 1\n")
    assert (index.line(("a",)), index.line(("a", "b"))) == (2, 1)
    assert index.duplicates == []


def test_what_is_defined_twice_is_known_with_both_lines() -> None:
    index = LineIndex("[a]\nb = 1\nb = 2\n[a]\n[c]\nd = { e = 1, e = 2 }\n")
    assert index.duplicates == [(("a", "b"), 2, 3), (("a",), 1, 4), (("c", "d", "e"), 6, 6)]


def test_a_broken_text_is_known_up_to_the_break() -> None:
    index = LineIndex('[a]\nb = [1,\n  2\nc = 3\n[d]\ne = "')
    assert index.line(("a", "b", 1)) == 3
    assert index.line(("d",)) == 1
    assert index.unfinished == 2


def test_the_source_of_a_line_has_no_line_end() -> None:
    index = LineIndex("a = 1\nb = 2")
    assert [index.source(line) for line in (0, 1, 2, 3)] == ["", "a = 1", "b = 2", ""]


def scalars(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from scalars(inner, (*keys, key))
    else:
        yield keys, value


def check_against_the_document(text: str) -> None:
    index = LineIndex(text)
    lines = text.splitlines()
    for keys, value in scalars(tomllib.loads(text)):
        source = index.written(keys)
        assert source is not None
        assert tomllib.loads(f"x = {source}")["x"] == value
        assert source.splitlines()[0] in lines[index.line(keys) - 1]


def test_each_value_of_the_sample_is_found_where_it_stands() -> None:
    check_against_the_document(FULL)


@settings(max_examples=50, deadline=None, database=None)
@given(documents())
def test_each_value_of_any_file_is_found_where_it_stands(document: dict[str, Any]) -> None:
    check_against_the_document(written(document))
