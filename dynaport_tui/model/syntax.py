"""TOML text to a document, and what is wrong with a text that is no TOML, in plain words."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from .problems import Problem, Report, dotted, quoted, shorten

_PLACE = re.compile(
    r"(?P<reason>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)\Z",
    re.DOTALL,
)

_WORDS = (
    (
        "Expected newline",
        "something follows that does not belong to the value",
        'Write one key = value a line, and texts in quotes, as in "127.0.0.1".',
    ),
    ("Expected '='", "there is no = after the key", "Write key = value."),
    ("Expected ']'", "the header of a table is not closed", "Write [services.NAME]."),
    (
        "Invalid initial character for a key",
        "this is no key",
        "Write key = value, or [services.NAME] for a table.",
    ),
    (
        "Invalid statement",
        "this is neither a key nor a table",
        "Write key = value, or [services.NAME] for a table.",
    ),
    ("Unclosed array", "a list is not closed, or a comma is missing", 'Write lists as ["a", "b"].'),
    (
        "Unclosed inline table",
        "a table in braces is not closed, or a comma is missing",
        "Write it on one line, as in { a = 1, b = 2 }.",
    ),
    (
        "Unescaped",
        "a backslash stands alone in a text with double quotes",
        "Write it twice, or put the text into single quotes.",
    ),
    ("Invalid hex value", "this is no character code", "Write four hexadecimal digits after \\u."),
    ("Escaped character", "this is no character code", "Write the character itself."),
    ("Unterminated string", "a text is not closed", "Close it with the quote that it starts with."),
    (
        "Illegal character '\\n'",
        "a text is not closed at the end of its line",
        "Close it with the quote that it starts with.",
    ),
    ("Illegal character", "a control character stands here", "Remove it."),
    ("Found invalid character", "a control character stands here", "Remove it."),
    ("Invalid date", "this is no date", "Put it in quotes."),
    (
        "Cannot",
        "this name is taken by another value or table above",
        "Write all of it in one place.",
    ),
    ("Duplicate inline", "a key stands here twice", "Remove one of them."),
)


def load(text: str, report: Report) -> dict[str, Any] | None:
    """The document; None after a report."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _explain(str(error), text, report)
    except RecursionError:
        _report(
            report,
            report.index.unfinished,
            "lists and tables are nested too deep here",
            "Nest less.",
        )
    except ValueError:
        _report(
            report,
            report.index.unfinished,
            "this number has too many digits",
            "Write a smaller one.",
        )
    return None


def _explain(error: str, text: str, report: Report) -> None:
    match = _PLACE.match(error)
    reason = match["reason"] if match else error
    if reason.startswith(("Cannot", "Duplicate")) and report.index.duplicates:
        _name_duplicates(report)
        return
    line = int(match["line"] or 0) if match else 0
    column = match["column"] if match else None
    if reason.startswith("Unclosed"):
        line, column = report.index.unfinished, None
    elif not line:
        inside_value = reason.startswith(("Invalid value", "Unterminated", "Illegal", "Unescaped"))
        line = report.index.unfinished if inside_value else text.rstrip().count("\n") + 1
    message, hint = _plain(reason, report.index.source(line), int(column) if column else None)
    _report(report, line, f"column {column}: {message}" if column else message, hint)


def _name_duplicates(report: Report) -> None:
    for keys, first, again in report.index.duplicates:
        name = dotted(keys)
        table = report.index.written(keys) is None
        what = f"the table [{name}]" if table else quoted(str(keys[-1]))
        hint = "Put the keys of both below one header." if table else "Remove one of them."
        _report(report, again, f"{what} is written twice, on line {first} and here", hint, name)


def _plain(reason: str, source: str, column: int | None) -> tuple[str, str]:
    rest = source[column - 1 :].partition("#")[0].strip() if column else ""
    if reason.startswith("Invalid value"):
        return _bad_value(source, rest)
    if reason.startswith(("Expected '='", "Invalid statement")) and (
        yaml := re.match(r"\s*-?\s*([\w-]+)\s*:\s*(.*)", source)
    ):
        return (
            "there is no = after the key",
            f"Write {yaml[1]} = {shorten(yaml[2]) or '…'}: TOML has = where YAML has a colon.",
        )
    if reason.startswith("Expected newline") and re.match(
        r"\s*[\w.-]+\s*=\s*[\d.:]+\s*(#.*)?\Z", source
    ):
        return "this is no number and a text needs quotes", f"Write {_in_quotes(source)}."
    words = ((message, hint) for start, message, hint in _WORDS if reason.startswith(start))
    return next(words, (reason[:1].lower() + reason[1:], ""))


def _bad_value(source: str, rest: str) -> tuple[str, str]:
    if not rest:
        return "there is no value after =", "Write one, or remove the key."
    if rest.lower() in ("true", "yes", "on", "false", "no", "off"):
        return (
            f"{rest} is no value",
            f"Write {'true' if rest.lower() in ('true', 'yes', 'on') else 'false'}.",
        )
    if re.match(r"\s*[\w.-]+\s*=\s*[^\s\"'\[{]", source):
        return "a text is not in quotes", f"Write {_in_quotes(source)}."
    return (
        f"{quoted(rest)} is no value",
        "Write a text in quotes, a number, true, false, a list or a table.",
    )


def _in_quotes(source: str) -> str:
    key, _, value = source.partition("#")[0].partition("=")
    number = value.strip().lstrip("0")
    return f"{key.strip()} = {number if number.isdecimal() else quoted(value.strip())}"


def _report(report: Report, line: int, message: str, hint: str, key: str = "") -> None:
    report.add(Problem(file=report.file, line=max(line, 1), key=key, message=message, hint=hint))
