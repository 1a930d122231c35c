"""Where each table, key and list item of a TOML text is written."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress

Keys = tuple[str | int, ...]
"""A path into a document: keys of tables and numbers of list items."""

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_SCALAR = re.compile(
    r'''"""(?:[^\\]|\\.)*?""""{0,2}|\'\'\'.*?\'\'\''{0,2}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,\]}\#"'][^,\]}\#\n]*''',
    re.DOTALL,
)


class LineIndex:
    """Lines, texts and repetitions of everything in a TOML text.

    Of a text that is no valid TOML it knows what stands before the mistake; it never raises.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        scan = _Scan(text)
        with suppress(_Lost, RecursionError):
            scan.document()
        self._first = scan.first
        self._spans = scan.spans
        self.duplicates: list[tuple[Keys, int, int]] = [
            (keys, self._line_at(first), self._line_at(again))
            for keys, first, again in scan.duplicates
        ]
        """What is defined twice: its path, the line of the first time, the line of the second."""
        self.unfinished = self._line_at(scan.started)
        """Where the last value begins; in a broken text the one that is not closed."""

    def line(self, keys: Keys) -> int:
        """The line, from 1, of a path, or of the nearest thing around it."""
        return self._line_at(self.offset(keys))

    def offset(self, keys: Keys) -> int:
        """Where in the text a path, or the nearest thing around it, begins."""
        around = (keys[:end] for end in range(len(keys), 0, -1))
        return next((self._first[part] for part in around if part in self._first), 0)

    def written(self, keys: Keys) -> str | None:
        """The source text of a value; None for a table with a header of its own."""
        span = self.span(keys)
        return None if span is None else self._text[slice(*span)]

    def span(self, keys: Keys) -> tuple[int, int] | None:
        """Where a value begins and ends; None for a table with a header of its own."""
        return self._spans.get(keys)

    def source(self, line: int) -> str:
        """The text of a line, without its end; empty where there is none."""
        if not 1 <= line <= len(self._starts):
            return ""
        return self._text[self._starts[line - 1] :].partition("\n")[0]

    def _line_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset)


class _Lost(Exception):
    """The text is no TOML from here on."""


class _Scan:
    """One pass over the text; offsets, not lines."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._table: Keys = ()
        self._arrays: dict[Keys, int] = {}
        self._defined: dict[Keys, int] = {}
        self.first: dict[Keys, int] = {}
        self.spans: dict[Keys, tuple[int, int]] = {}
        self.duplicates: list[tuple[Keys, int, int]] = []
        self.started = 0

    def document(self) -> None:
        """Read statements to the end; raises _Lost."""
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                self._header("[[", "]]")
            elif self._text.startswith("[", self._at):
                self._header("[", "]")
            else:
                self._pair(self._table)
            self._skip(_SPACE)
            if self._at < len(self._text) and self._text[self._at] not in "\n#":
                raise _Lost
            self._skip(_BLANK)

    def _header(self, opening: str, closing: str) -> None:
        start = self._at
        self._take(opening)
        parts = self._key_path()
        self._take(closing)
        keys = (*self._resolve(parts[:-1]), parts[-1])
        if opening == "[[":
            self._mention(keys, start)
            self._arrays[keys] = self._arrays.get(keys, 0) + 1
            keys += (self._arrays[keys] - 1,)
        self._define(keys, start)
        self._table = keys

    def _pair(self, table: Keys) -> None:
        start = self._at
        keys = table + tuple(self._key_path())
        self._take("=")
        self._skip(_SPACE)
        self._define(keys, start)
        self._value(keys)

    def _value(self, keys: Keys) -> None:
        start = self.started = self._at
        if self._text.startswith("[", start):
            self._array(keys)
        elif self._text.startswith("{", start):
            self._inline_table(keys)
        else:
            self._match(_SCALAR)
        self.spans.setdefault(keys, (start, start + len(self._text[start : self._at].rstrip())))

    def _array(self, keys: Keys) -> None:
        start = self._at
        self._take("[")
        self._skip(_BLANK)
        number = 0
        while not self._text.startswith("]", self._at):
            self._mention((*keys, number), self._at)
            self._value((*keys, number))
            number += 1
            self._comma("]", start)
        self._take("]")

    def _inline_table(self, keys: Keys) -> None:
        start = self._at
        self._take("{")
        self._skip(_BLANK)
        while not self._text.startswith("}", self._at):
            self._pair(keys)
            self._comma("}", start)
        self._take("}")

    def _comma(self, closing: str, start: int) -> None:
        self.started = start
        self._skip(_BLANK)
        if not self._text.startswith(closing, self._at):
            self._take(",")
            self._skip(_BLANK)

    def _key_path(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            parts.append(_plain(self._match(_KEY)))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return parts
            self._take(".")

    def _resolve(self, parts: list[str]) -> Keys:
        keys: Keys = ()
        for part in parts:
            keys += (part,)
            if keys in self._arrays:
                keys += (self._arrays[keys] - 1,)
        return keys

    def _mention(self, keys: Keys, offset: int) -> None:
        for end in range(len(keys), 0, -1):
            if keys[:end] in self.first:
                return
            self.first[keys[:end]] = offset

    def _define(self, keys: Keys, offset: int) -> None:
        if keys in self._defined:
            self.duplicates.append((keys, self._defined[keys], offset))
            return
        self._defined[keys] = offset
        self._mention(keys, offset)
        self.first[keys] = offset

    def _take(self, expected: str) -> None:
        if not self._text.startswith(expected, self._at):
            raise _Lost
        self._at += len(expected)

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _Lost
        self._at = match.end()
        return match.group()

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at


def _plain(key: str) -> str:
    if key[0] not in "\"'":
        return key
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise _Lost from error
