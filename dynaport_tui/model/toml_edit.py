"""One value of a TOML text changed, and everything else, comments too, left as it was."""

from __future__ import annotations

from .lines import LineIndex


def with_value(text: str, table: str, key: str, value: str) -> str:
    """The text in which `key` of `[table]` has a value, itself written in TOML.

    Where the table has another form than a header, what comes out is no TOML or means something
    else: parse it and compare.
    """
    index = LineIndex(text)
    if span := index.span((table, key)):
        return text[: span[0]] + value + text[span[1] :]
    line = f"{key} = {value}\n"
    start = index.offset((table,))
    if not text.startswith("[", start) or index.span((table,)):
        gap = "\n" if text.strip() else ""
        return f"{_ended(text)}{gap}[{table}]\n{line}"
    head, end, rest = text[start:].partition("\n")
    return f"{text[:start]}{head}{end or chr(10)}{line}{rest}"


def without(text: str, table: str, key: str) -> str:
    """The text without `key` of `[table]`, its line gone with its comment; parse and compare."""
    index = LineIndex(text)
    span = index.span((table, key))
    if span is None:
        return text
    start = text.rfind("\n", 0, index.offset((table, key))) + 1
    end = text.find("\n", span[1])
    return text[:start] + (text[end + 1 :] if end >= 0 else "")


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
