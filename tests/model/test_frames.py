"""Tracebacks taken apart, as Python really prints them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dynaport_tui.model.frames import Frame, marked, parts, shortened
from tests.model.test_lastwords import LIBRARY, ROOT, module, of
from tests.model.test_tracebacks import APP, BOOM, CHAIN, GROUP, HEADLESS


def test_each_call_has_its_file_line_function_and_code() -> None:
    (part,) = parts(BOOM, ROOT)
    assert part.error == "KeyError: 'URL'"
    assert part.link == ""
    assert [(f.file, f.line, f.where, f.own) for f in part.frames[-2:]] == [
        (APP, 4, "<module>", True),
        (APP, 2, "load", True),
    ]


def test_the_frames_of_libraries_are_not_the_projects() -> None:
    library = module(LIBRARY, "def route():\n    raise ValueError('no')\n")
    (part,) = parts(of(APP, "a = 1\nroute()\n", route=library["route"]), ROOT)
    assert [frame.own for frame in part.frames[-2:]] == [True, False]


def test_the_exceptions_of_a_chain_come_in_the_order_in_which_they_are_printed() -> None:
    first, second = parts(CHAIN, ROOT)
    assert (first.error, second.error) == ("KeyError: 'a'", "RuntimeError: no")
    assert second.link == "During handling of the above exception, another exception occurred:"


def test_those_of_a_group_are_named_by_their_number() -> None:
    whole, *inside = parts(GROUP, ROOT)
    assert whole.error == "ExceptionGroup: several (2 sub-exceptions)"
    assert [(part.link, part.error) for part in inside] == [
        ("Exception 1 of the group", "ValueError: boom"),
        ("Exception 2 of the group", "TypeError: other"),
    ]
    assert [frame.where for frame in inside[0].frames] == ["<module>", "fail"]


def test_a_syntax_error_has_a_frame_without_a_function_and_marks_its_place() -> None:
    (part,) = parts(HEADLESS, ROOT)
    assert part.error == "SyntaxError: '(' was never closed"
    assert part.frames == (Frame(APP, 3, "", ("x = (", "    ^"), True),)
    assert marked(part.frames[0].code) == (4, 5)


def test_lines_of_others_in_between_are_passed_over() -> None:
    lines = [*BOOM[:3], "GET / 200", *BOOM[3:]]
    (part,) = parts(lines, ROOT)
    assert [frame.where for frame in part.frames[-2:]] == ["<module>", "load"]
    assert part.error == "KeyError: 'URL'"


def test_a_message_of_several_lines_is_whole() -> None:
    (part,) = parts([*BOOM[:-1], "sqlalchemy.exc.OperationalError: no", "[SQL: SELECT", "  1]"], "")
    assert part.error == "sqlalchemy.exc.OperationalError: no\n[SQL: SELECT\n  1]"


def test_carets_count_from_the_first_character_of_the_code() -> None:
    assert marked(["    return a[b]", "           ~^^^"]) == (7, 11)
    assert marked(["x = 1"]) is None
    assert marked(["x = 1", "y = 2"]) is None
    assert marked(["x", "        ^"]) is None


def test_the_file_of_a_library_is_told_from_the_folder_of_libraries() -> None:
    assert shortened("/v/lib/python3.11/site-packages/flask/app.py") == "flask/app.py"
    assert shortened("/usr/lib/python3.11/json/decoder.py") == "json/decoder.py"
    assert shortened("<frozen os>") == "<frozen os>"


@settings(max_examples=200, deadline=None, database=None)
@given(st.lists(st.sampled_from([*BOOM, *CHAIN, *GROUP, *HEADLESS, "", "words", "  + ", "  |"])))
def test_whatever_stands_there_can_be_taken_apart(lines: list[str]) -> None:
    for part in parts(lines, ROOT):
        for frame in part.frames:
            marked(frame.code)
