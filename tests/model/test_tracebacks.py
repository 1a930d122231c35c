"""Where tracebacks begin and end, read from what Python really prints."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dynaport_tui.model.tracebacks import HEAD, Found, elsewhere, tracebacks
from tests.model.test_lastwords import LIBRARY, ROOT, module, of, printed

APP = f"{ROOT}/billing/app.py"
BOOM = of(APP, "def load():\n    raise KeyError('URL')\n\nload()\n")
CHAIN = of(APP, "try:\n    {}['a']\nexcept KeyError as error:\n    raise RuntimeError('no')\n")
GROUP = of(
    APP,
    """
    def fail():
        raise ValueError("boom")

    try:
        fail()
    except ValueError as error:
        found = error
    raise ExceptionGroup("several", [found, TypeError("other")])
    """,
)
HEADLESS = [
    f'  File "{APP}", line 3',
    "    x = (",
    "        ^",
    "SyntaxError: '(' was never closed",
]


def only(lines: list[str]) -> Found:
    """The one that is there."""
    (found,) = tracebacks(lines, ROOT)
    return found


def test_a_traceback_is_found_among_other_lines_with_its_place() -> None:
    found = only(["GET / 200", *BOOM, "GET / 500"])
    assert found == Found(
        first=1,
        last=len(BOOM),
        error="KeyError: 'URL'",
        file="billing/app.py",
        line=2,
        whole=True,
    )


def test_the_files_can_be_had_as_they_were_printed() -> None:
    (found,) = tracebacks(BOOM, ROOT, as_printed=True)
    assert found.file == APP


def test_the_deepest_frame_of_the_project_counts() -> None:
    library = module(LIBRARY, "def route():\n    raise ValueError('no')\n")
    assert only(of(APP, "a = 1\nroute()\n", route=library["route"]))[3:5] == ("billing/app.py", 2)
    alone = only(printed(lambda: module(LIBRARY, "1 / 0\n")))
    assert alone.line == 1


def test_a_file_that_is_named_from_the_working_folder_is_of_the_project() -> None:
    lines = [HEAD, '  File "run.py", line 3, in x', f'  File "{LIBRARY}", line 9, in y', "E: e"]
    assert only(lines)[3:5] == ("run.py", 3)


def test_chained_tracebacks_are_one() -> None:
    found = only(["before", *CHAIN, "after"])
    assert (found.first, found.last) == (1, len(CHAIN))
    assert (found.error, found.line) == ("RuntimeError: no", 4)


def test_a_message_of_several_lines_does_not_break_a_chain() -> None:
    lines = of(APP, "try:\n    raise KeyError\nexcept KeyError:\n    raise OSError('two')\n")
    end = lines.index("KeyError")
    lines[end + 1 : end + 1] = ["unindented words", "and more"]
    assert (only(lines).error, only(lines).last) == ("OSError: two", len(lines) - 1)


def test_a_group_of_exceptions_is_one() -> None:
    found = only(["before", *GROUP, "after"])
    assert (found.first, found.last, found.whole) == (1, len(GROUP), True)
    assert (found.error, found.file, found.line) == ("ValueError: boom", "billing/app.py", 2)


def test_a_syntax_error_of_the_program_itself_has_no_head() -> None:
    found = only(["before", *HEADLESS, "after"])
    assert (found.first, found.last) == (1, 4)
    assert (found.error, found.line) == ("SyntaxError: '(' was never closed", 3)


def test_details_below_the_error_belong_to_it() -> None:
    sql = [
        *BOOM[:-1],
        "OperationalError: no table",
        "[SQL: SELECT 1]",
        "(Background on this error at: x)",
    ]
    assert only([*sql, "GET / 500"]).last == len(sql) - 1
    validation = [*BOOM[:-1], "ValidationError: 1 error for User", "name", "  Field required"]
    assert only([*validation, "GET / 500"]).last == len(validation) - 1


def test_one_that_is_still_printed_is_not_whole() -> None:
    for part in (BOOM, CHAIN[:4], GROUP):
        for end in range(1, len(part)):
            found = tracebacks(["before", *part[:end]], ROOT)
            assert [(f.first, f.last, f.whole, f.error) for f in found] == [(1, end, False, "")]


def test_lines_of_others_inside_of_a_traceback_do_not_end_it() -> None:
    lines = [*BOOM[:2], 'INFO:     127.0.0.1 - "GET / HTTP/1.1" 200 OK', *BOOM[2:]]
    found = only(lines)
    assert (found.first, found.last, found.error) == (0, len(lines) - 1, "KeyError: 'URL'")


def test_a_traceback_that_breaks_off_does_not_swallow_the_next() -> None:
    lines = [*BOOM[:3], "INFO: killed", "INFO: started", *BOOM]
    found = tracebacks(lines, ROOT)
    assert [f.whole for f in found] == [False, True]
    assert (found[1].first, found[1].last) == (5, len(lines) - 1)
    follows = tracebacks([*BOOM[:3], *BOOM], ROOT)
    assert [(f.first, f.whole) for f in follows] == [(0, False), (3, True)]


def test_an_indented_traceback_is_found() -> None:
    found = only(["x", *("      " + line for line in BOOM)])
    assert (found.error, found.line, found.whole) == ("KeyError: 'URL'", 2, True)


def test_frames_without_an_exception_are_no_traceback() -> None:
    assert tracebacks(["Current thread:", '  File "x.py", line 1 in run', "and so on"], ROOT) == []


PARTS = st.sampled_from(
    [BOOM, CHAIN, GROUP, HEADLESS, BOOM[:3], GROUP[:4], ["INFO: x"], ["", " "], ["word"], [HEAD]]
)


@settings(deadline=None, database=None, max_examples=50)
@given(st.lists(PARTS | st.lists(st.text(max_size=6), max_size=2), max_size=6))
def test_tracebacks_lie_in_the_lines_in_order_and_apart(parts: list[list[str]]) -> None:
    lines = [line for part in parts for line in part]
    found = tracebacks(lines, ROOT)
    ends = [-1, *(f.last for f in found)]
    assert all(end < f.first <= f.last for end, f in zip(ends, found, strict=False))
    assert ends[-1] < len(lines)
    assert all(f.whole is bool(f.error) for f in found)


@settings(deadline=None, database=None, max_examples=50)
@given(st.lists(st.sampled_from([BOOM, CHAIN, GROUP, HEADLESS]), max_size=5))
def test_each_of_several_whole_ones_is_found(parts: list[list[str]]) -> None:
    lines = [line for part in parts for line in [*part, "INFO: served"]]
    found = tracebacks(lines, ROOT)
    assert [f.last - f.first + 1 for f in found] == [len(part) for part in parts]
    assert all(f.whole for f in found)


def test_frames_that_are_not_the_projects_are_told_with_their_code() -> None:
    library = [f'  File "{LIBRARY}", line 7, in load', "    return read(", "           ~~~~^"]
    own = [f'  File "{APP}", line 3, in charge', "    load()"]
    lines = [HEAD, *library, *own, *library, "ValueError: no", "", HEAD, *own, "KeyError: 1"]
    other = [text for text, found in zip(lines, elsewhere(lines, ROOT), strict=True) if found]
    assert other == [*library, *library]
    grouped = ["  |   " + text for text in (*library, *own)]
    assert elsewhere(grouped, ROOT) == [True, True, True, False, False]


def test_what_a_server_says_next_belongs_to_no_error() -> None:
    banner = [" * Debugger is active!", " * Debugger PIN: 123-456-789"]
    for error in ("SyntaxError: invalid syntax", "ValueError: no"):
        lines = ['  File "/shop/app.py", line 1', "    def (", "        ^", error]
        assert [found.last for found in tracebacks([*lines, *banner], "/shop")] == [3]
    assert tracebacks([*lines, "  more of it", *banner], "/shop")[0].last == 4
