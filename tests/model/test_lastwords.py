"""The cause that a program's last lines name, read from what Python really prints."""

from __future__ import annotations

import linecache
import textwrap
import traceback
from collections.abc import Callable

import pytest

from dynaport_tui.model.lastwords import error_line, last_words
from dynaport_tui.model.relative import relative

ROOT = "/home/ann/shop"
LIBRARY = "/home/ann/shop/.venv/lib/python3.11/site-packages/flask/app.py"


def module(file: str, text: str, **names: object) -> dict[str, object]:
    """What a module of that file and text defines; its lines show in tracebacks."""
    text = textwrap.dedent(text).lstrip("\n")
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    found: dict[str, object] = {"__name__": "app", **names}
    exec(compile(text, file, "exec"), found)
    return found


def printed(run: Callable[[], object]) -> list[str]:
    """The lines that Python prints for what `run` raises."""
    try:
        run()
    except BaseException as error:
        return "".join(traceback.format_exception(error)).splitlines()
    raise AssertionError("nothing was raised")


def of(file: str, text: str, **names: object) -> list[str]:
    """The lines that Python prints for a module that raises."""
    return printed(lambda: module(file, text, **names))


def test_a_plain_error_is_named_with_the_place_that_raised_it() -> None:
    lines = of(
        f"{ROOT}/billing/app.py",
        """
        def load():
            raise KeyError("DATABASE_URL")

        load()
        """,
    )
    assert last_words(lines, ROOT) == "KeyError: 'DATABASE_URL'  billing/app.py:2"


def test_the_deepest_frame_of_the_project_counts_and_not_the_library_below_it() -> None:
    library = module(LIBRARY, "def route():\n    raise ValueError('no such endpoint')\n")
    lines = of(f"{ROOT}/app.py", "debug = True\nroute()\n", route=library["route"])
    assert last_words(lines, ROOT) == "ValueError: no such endpoint  app.py:2"


def test_an_error_without_any_frame_of_the_project_is_named_where_it_was_raised() -> None:
    assert last_words(of("/opt/tool.py", "1 / 0\n"), ROOT) == (
        "ZeroDivisionError: division by zero  /opt/tool.py:1"
    )


def test_a_syntax_error_is_named_at_its_own_line() -> None:
    broken = f"{ROOT}/billing/app.py"
    lines = of(
        f"{ROOT}/run.py",
        """
        def load():
            compile("x = 1\\ny = (\\n", FILE, "exec")

        load()
        """,
        FILE=broken,
    )
    assert any("^" in line for line in lines)
    assert last_words(lines, ROOT) == "SyntaxError: '(' was never closed  billing/app.py:2"


def test_a_syntax_error_of_the_program_itself_has_no_head() -> None:
    lines = [f'  File "{ROOT}/app.py", line 1', "    x = (", "        ^", "SyntaxError: bad input"]
    assert last_words(lines, ROOT) == "SyntaxError: bad input  app.py:1"


@pytest.mark.parametrize("cause", ["", " from error"])
def test_of_chained_errors_the_last_counts(cause: str) -> None:
    lines = of(
        f"{ROOT}/app.py",
        f"""
        try:
            {{}}["a"]
        except KeyError as error:
            raise RuntimeError("no settings"){cause}
        """,
    )
    assert sum(line.startswith("Traceback") for line in lines) == 2
    assert last_words(lines, ROOT) == "RuntimeError: no settings  app.py:4"


def test_of_chained_errors_the_frames_of_the_earlier_do_not_count() -> None:
    library = module(
        LIBRARY,
        """
        def route(load):
            try:
                load()
            except KeyError:
                pass
            raise ValueError("late")
        """,
    )
    lines = of(
        f"{ROOT}/app.py",
        """
        def load():
            raise KeyError("early")

        try:
            load()
        finally:
            route(load)
        """,
        route=library["route"],
    )
    assert last_words(lines, ROOT) == "ValueError: late  app.py:7"


def test_an_error_without_a_message_is_its_name_alone() -> None:
    assert last_words(of(f"{ROOT}/app.py", "raise NotImplementedError\n"), ROOT) == (
        "NotImplementedError  app.py:1"
    )


def test_of_a_message_of_several_lines_the_first_is_given() -> None:
    lines = of(f"{ROOT}/app.py", "raise ValueError('first\\nsecond\\n\\nthird')\n")
    assert last_words(lines, ROOT) == "ValueError: first  app.py:1"


def test_an_error_class_of_a_function_is_understood() -> None:
    lines = of(
        f"{ROOT}/app.py",
        """
        def make():
            class Broken(Exception):
                pass
            return Broken

        raise make()("oh")
        """,
    )
    assert last_words(lines, ROOT) == "app.make.<locals>.Broken: oh  app.py:6"


def test_lines_after_the_traceback_do_not_hide_it() -> None:
    lines = [
        "[2026-01-01 12:00:00 +0000] [7] [ERROR] Exception in worker process",
        *of(f"{ROOT}/app.py", "import nothing_of_that_name\n"),
        "[2026-01-01 12:00:00 +0000] [7] [INFO] Worker exiting (pid: 7)",
        "[2026-01-01 12:00:00 +0000] [6] [ERROR] Reason: Worker failed to boot.",
    ]
    assert last_words(lines, ROOT) == (
        "ModuleNotFoundError: No module named 'nothing_of_that_name'  app.py:1"
    )


def test_of_several_tracebacks_the_last_counts() -> None:
    first = of(f"{ROOT}/app.py", "raise KeyError('first')\n")
    second = of(f"{ROOT}/app.py", "x = 1\nraise KeyError('second')\n")
    assert last_words([*first, "serving on", *second], ROOT) == "KeyError: 'second'  app.py:2"


def test_colours_do_not_get_in_the_way() -> None:
    file = f'\x1b[35m"{ROOT}/app.py"\x1b[0m'
    lines = [
        "Traceback (most recent call last):",
        f"  File {file}, line \x1b[35m14\x1b[0m, in \x1b[35m<module>\x1b[0m",
        "    \x1b[31mload\x1b[0m\x1b[1;31m()\x1b[0m",
        "\x1b[1;35mValueError\x1b[0m: \x1b[35mboom\x1b[0m",
    ]
    assert last_words(lines, ROOT) == "ValueError: boom  app.py:14"
    assert last_words(["\x1b[31mfatal\x1b[0m: no space"], ROOT) == "“fatal: no space”"


def test_of_a_group_of_errors_one_with_a_place_is_named() -> None:
    lines = of(
        f"{ROOT}/app.py",
        """
        def fail():
            raise ValueError("boom")

        try:
            fail()
        except ValueError as error:
            found = error
        raise ExceptionGroup("unhandled errors", [found])
        """,
    )
    assert last_words(lines, ROOT) == "ValueError: boom  app.py:2"


def test_without_a_traceback_it_is_the_last_line_that_says_anything() -> None:
    assert last_words(["starting", "Error: port 80: permission denied  ", "", "  "], ROOT) == (
        "“Error: port 80: permission denied”"
    )


@pytest.mark.parametrize("lines", [[], ["", "   "]])
def test_silence_says_nothing(lines: list[str]) -> None:
    assert last_words(lines, ROOT) is None


def test_a_traceback_that_was_cut_off_gives_way_to_the_last_line() -> None:
    lines = [
        "Traceback (most recent call last):",
        f'  File "{ROOT}/app.py", line 3, in x',
        "    y()",
    ]
    assert last_words(lines, ROOT) == "“y()”"


def test_long_words_are_cut() -> None:
    said = last_words(["x" * 5000], ROOT)
    assert said is not None
    assert len(said) < 220
    assert said.endswith("…”")


def test_an_error_is_one_line_whatever_it_says() -> None:
    assert error_line("ValueError: a\n  b\n", f"{ROOT}/web/app.py", 3, ROOT) == (
        "ValueError: a b  web/app.py:3"
    )
    assert error_line("it ended without serving", None, None, ROOT) == "it ended without serving"


def test_a_file_outside_the_project_keeps_its_whole_path() -> None:
    assert relative(f"{ROOT}/web/app.py", ROOT) == "web/app.py"
    assert relative("/home/ann/shopping/app.py", ROOT) == "/home/ann/shopping/app.py"
