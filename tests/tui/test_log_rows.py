"""Lines become rows, and none is lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaport_tui.model.view import LogLine
from dynaport_tui.tui.log.bursts import burst
from dynaport_tui.tui.log.choice import chosen
from dynaport_tui.tui.log.entry import SHOWN, Entry
from dynaport_tui.tui.log.fields import fields, pretty
from dynaport_tui.tui.log.rows import Detail, Folded, Head, Row, Rule, Single, build, index_of
from tests.fakes import NOON
from tests.tui.log_lines import TRACEBACK, entries, line, lines, place

ERROR = "ERROR:db:connection refused"
SAID = [
    "GET /users 200", ERROR, "2026-01-01 12:00:01,120 ERROR in app: down", '{"level": "info"}',
    "", *TRACEBACK, "    ^^^",
    "During handling of the above exception, another exception occurred:",
]  # fmt: skip

mixed = st.lists(
    st.tuples(st.sampled_from(["users", "billing"]), st.sampled_from([*SAID, "traceback"])),
    max_size=40,
)


def merged(said: list[tuple[str, str]]) -> list[Entry]:
    numbers: dict[str, int] = {}
    found: list[Entry] = []
    for service, text in said:
        for part in TRACEBACK if text == "traceback" else [text]:
            numbers[service] = numbers.get(service, 0) + 1
            at = NOON + len(found)
            found.append(
                Entry(
                    LogLine(
                        service=service, number=numbers[service], at=at, stream="stdout", text=part
                    )
                )
            )
    return found


@given(mixed, st.lists(st.integers(0, 60), max_size=6), st.sets(st.integers(0, 40)))
def test_every_line_is_in_exactly_one_row(
    said: list[tuple[str, str]], opens: list[int], rules: set[int]
) -> None:
    window = merged(said)
    ruled = [Rule(NOON + at, number) for number, at in enumerate(rules)]
    opened = {row.key for row in build(window, root="/shop")[:: len(opens) + 1]}
    rows = build(window, rules=ruled, opened=opened, root="/shop")
    held = [entry.place for row in rows for entry in row.entries]
    assert sorted(held) == [entry.place for entry in window]
    assert len([row for row in rows if isinstance(row, Rule)]) == len(rules)


@given(mixed)
def test_no_two_rows_are_known_by_the_same_key(said: list[tuple[str, str]]) -> None:
    window = merged(said)
    opened = {row.key for row in build(window)}
    rows = build(window, opened=opened)
    assert len({row.key for row in rows}) == len(rows)


def kinds(rows: list[Row]) -> list[str]:
    return [type(row).__name__ for row in rows]


def test_a_traceback_is_one_row_that_names_file_and_line() -> None:
    rows = build(entries("hello", *TRACEBACK, "bye"), root="/shop")
    assert kinds(rows) == ["Single", "Folded", "Single"]
    folded = rows[1]
    assert isinstance(folded, Folded)
    assert folded.fold.error == "NameError: name 'price' is not defined"
    assert (folded.fold.file, folded.fold.line) == ("billing/app.py", 14)


def test_a_traceback_is_found_between_the_lines_of_other_services() -> None:
    said = [pair for text in TRACEBACK for pair in (("billing", text), ("users", "GET / 200"))]
    rows = build(merged(said), root="/shop")
    assert kinds(rows) == ["Folded", *["Single"] * len(TRACEBACK)]


def test_an_unfinished_traceback_is_not_folded_yet() -> None:
    assert kinds(build(entries(*TRACEBACK[:-1]))) == ["Single"] * 5


def test_lines_with_a_gap_between_them_are_no_traceback() -> None:
    window = [*entries(*TRACEBACK[:1]), *entries(TRACEBACK[-1], first=10)]
    assert kinds(build(window)) == ["Single", "Single"]


def test_equal_tracebacks_are_counted_at_the_newest() -> None:
    rows = build(entries(*TRACEBACK, "between", *TRACEBACK, "after"), root="/shop")
    assert kinds(rows) == ["Single", "Folded", "Single"]
    folded = rows[1]
    assert isinstance(folded, Folded)
    assert len(folded.fold.members) == 2
    assert folded.key == ("users", 8, -1)


def test_what_is_unfolded_takes_in_no_further_equals() -> None:
    before = build(entries(*TRACEBACK), root="/shop")
    opened = {before[0].key}
    rows = build(entries(*TRACEBACK, *TRACEBACK), opened=opened, root="/shop")
    assert kinds(rows) == ["Head", *["Single"] * 6, "Folded"]


def test_unfolding_shows_the_lines_of_the_newest_and_holds_those_of_the_others() -> None:
    window = entries(*TRACEBACK, *TRACEBACK)
    key = build(window, root="/shop")[0].key
    rows = build(window, opened={key}, root="/shop")
    head = rows[0]
    assert isinstance(head, Head)
    assert [entry.number for entry in head.entries] == [1, 2, 3, 4, 5, 6]
    assert [row.entries[0].number for row in rows[1:]] == [7, 8, 9, 10, 11, 12]


def test_the_lines_of_a_traceback_outside_of_the_project_are_told_apart() -> None:
    window = entries(*TRACEBACK)
    rows = build(window, opened={build(window, root="/shop")[0].key}, root="/shop")
    foreign = [row.foreign for row in rows if isinstance(row, Single)]
    assert foreign == [False, True, True, False, False, False]


def test_an_error_repeated_at_once_is_counted_whatever_its_time() -> None:
    rows = build(
        entries(
            "2026-01-01 12:00:01,120 ERROR in db: refused",
            "2026-01-01 12:00:02,120 ERROR in db: refused",
            "all is well",
            "2026-01-01 12:00:03,120 ERROR in db: refused",
        )
    )
    assert kinds(rows) == ["Folded", "Single", "Single"]


def test_lines_that_are_no_errors_are_never_put_together() -> None:
    assert kinds(build(entries("tick", "tick", "tick"))) == ["Single"] * 3


def test_a_rule_stands_between_what_was_before_and_what_came_after() -> None:
    rows = build(entries("one", "two"), rules=[Rule(NOON + 1.5, 1), Rule(NOON + 9, 2)])
    assert kinds(rows) == ["Single", "Rule", "Single", "Rule"]


def test_json_unfolds_into_a_row_a_field() -> None:
    window = entries('{"level": "info", "cart": {"items": [1, 2]}}')
    rows = build(window, opened={window[0].key})
    assert kinds(rows)[:2] == ["Single", "Detail"]
    assert [row.text.strip() for row in rows if isinstance(row, Detail)][:2] == [
        '"level": "info",',
        '"cart": {',
    ]


def test_a_row_is_found_again_by_its_key_by_its_line_and_else_by_its_place() -> None:
    rows = build(entries("one", *TRACEBACK, "two"), root="/shop")
    assert index_of(rows, ("users", 1, 0), place(1)) == 0
    assert index_of(rows, ("users", 4, 0), place(4)) == 1
    assert index_of(rows, ("gone", 1, 0), place(8, "zebra")) == 2
    assert index_of(rows, ("gone", 1, 0), place(0)) == 0
    assert index_of([], ("users", 1, 0), place(1)) == -1


def test_what_is_copied_is_what_was_printed() -> None:
    window = [Entry(one) for one in lines("\x1b[31mred\x1b[0m\ttab", *TRACEBACK)]
    rows = build(window, root="/shop")
    text, size = chosen(rows)
    assert text == "\n".join(["red\ttab", *TRACEBACK])
    assert size == "7 lines"


def test_a_head_and_its_lines_are_copied_once() -> None:
    window = entries(*TRACEBACK)
    rows = build(window, opened={build(window)[0].key})
    assert chosen(rows) == ("\n".join(TRACEBACK), "6 lines")
    assert chosen(rows[:1]) == ("\n".join(TRACEBACK), "6 lines")
    assert chosen([Rule(NOON, 1)]) == ("", "0 lines")


def test_a_huge_line_is_copied_whole_and_drawn_in_part() -> None:
    entry = Entry(line(1, "\x1b[31m" + "x" * 1_000_000))
    assert len(entry.shown) <= SHOWN
    assert entry.hidden > 900_000
    assert len(chosen([Single(entry)])[0]) == 1_000_000


def test_a_failure_is_looked_at_by_its_traceback_and_ends_with_its_last_error() -> None:
    texts = ["fine", "ERROR in app: Exception on /", *TRACEBACK, '"GET / HTTP/1.1" 500 -', "fine"]
    window = [Entry(line(number, text, at=NOON)) for number, text in enumerate(texts, 1)]
    rows = build(window, root="/shop")
    assert kinds(rows) == ["Single", "Single", "Folded", "Single", "Single"]
    for index in (1, 2, 3):
        found = burst(rows, index, rows[index].place)
        assert found.row == 2
        assert found.last.number == 9


def test_a_failure_without_traceback_is_its_first_line() -> None:
    rows = build([Entry(line(1, "ERROR a", at=NOON)), Entry(line(2, "ERROR b", at=NOON + 0.01))])
    assert burst(rows, 1, rows[1].place) == (0, rows[1].place)


def test_a_failure_some_time_later_is_another_one() -> None:
    rows = build([Entry(line(1, "ERROR a")), Entry(line(2, "ERROR b"))])
    assert burst(rows, 1, rows[1].place) == (1, rows[1].place)


# ---- lines for machines


def test_an_access_line_is_what_was_asked_and_answered() -> None:
    line = '127.0.0.1 - - [01/Jan/2026 12:00:01] "GET /users?page=2 HTTP/1.1" 200 -'
    assert fields(line) == [
        ("time", "127.0.0.1 - - [01/Jan/2026 12:00:01]"), ("message", "GET /users?page=2 200"),
    ]  # fmt: skip
    assert pretty(line) == [line]


@pytest.mark.parametrize(
    ("head", "end"),
    [
        ("INFO:werkzeug:127.0.0.1 - - [01/Jan/2026 12:00:01]", " -"),
        ("INFO:uvicorn.access:127.0.0.1:50612 -", ""),
        ("INFO:     127.0.0.1:50612 -", ""),
    ],
)
def test_level_and_logger_in_front_of_an_access_line_are_left_out_too(head: str, end: str) -> None:
    line = f'{head} "GET /users HTTP/1.1" 200{end}'
    assert fields(line) == [("time", head), ("message", "GET /users 200")]
    assert pretty(line) == [line]
    assert fields(f"so {line}") is None


def test_what_else_an_access_line_says_is_kept() -> None:
    line = '127.0.0.1 - ann [01/Jan/2026:12:00:01 +0000] "GET / HTTP/1.0" 404 9 "-" "curl"'
    assert [field.text for field in fields(line) or []][1:] == ['GET / 404 9 "-" "curl"']


def test_who_asked_is_shown_where_it_was_another_machine() -> None:
    assert fields('10.0.0.7 - - [01/Jan/2026 12:00:01] "GET / HTTP/1.1" 200 -') is None


def test_the_fields_that_people_look_for_come_first() -> None:
    text = json.dumps({"user": 7, "msg": "paid", "level": "info", "name": "shop", "ts": "12:00"})
    found = fields(text)
    assert found is not None
    assert [(field.kind, field.text) for field in found] == [
        ("time", "12:00"), ("level", "info"), ("logger", "shop"), ("message", "paid"),
        ("key", "user="), ("value", "7"),
    ]  # fmt: skip


def test_values_that_hold_blanks_are_quoted_and_control_codes_are_gone() -> None:
    found = fields(json.dumps({"a": "b c", "d": "\x1b[2J", "e": "", "f": [1, {"g": None}]}))
    assert found is not None
    assert "".join(field.text for field in found) == 'a="b c"d= [2Je=""f=[1,{"g":null}]'


@given(st.text())
def test_what_is_no_object_is_no_fields(text: str) -> None:
    found = fields(text)
    assert found is None or text.strip().startswith("{")
    assert found is not None or pretty(text) == [] or text.strip() == "{}"


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.none(), min_size=1))
def test_every_object_is_taken_apart_into_printable_text(value: dict[str, object]) -> None:
    found = fields(json.dumps(value))
    assert found is not None
    assert all(character.isprintable() for field in found for character in field.text)


def test_an_object_that_is_too_deep_or_too_long_is_left_as_it_is() -> None:
    assert fields('{"a":' * 1300 + "1" + "}" * 1300) is None
    assert fields('{"a": "' + "x" * 9000 + '"}') is None
