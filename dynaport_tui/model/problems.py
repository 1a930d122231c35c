"""What is wrong with a services.toml, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .lines import Keys, LineIndex

SHOWN = 60
"""Characters of a value that a message repeats at most."""

LISTED = 12
"""Names that a message lists at most."""

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake in a services.toml; as text, one line for a person."""

    file: str
    line: int
    """From 1."""
    key: str
    """Dotted, as in `services.users.ports[0]`; empty for the file as a whole."""
    value: str | None = None
    """As written, shortened."""
    message: str
    hint: str = ""
    """What to write instead, a whole sentence."""

    def __str__(self) -> str:
        place = f"{self.file.rpartition('/')[2]}:{self.line}: "
        text = f"{place}{self.key}: " if self.key else place
        text += self.message.rstrip(".") + "."
        return printable(f"{text} {self.hint}" if self.hint else text)


class ConfigError(Exception):
    """All mistakes of a services.toml, by line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class Report:
    """Collects the problems of one file; the same one is kept once."""

    def __init__(self, file: str, index: LineIndex) -> None:
        self.file = file
        self.index = index
        self._found: dict[tuple[Keys, str], Problem] = {}

    def spot(self, *keys: str | int) -> Spot:
        """The place of a key path, starting at the top of the file."""
        return Spot(self, keys)

    def add(self, problem: Problem, keys: Keys = ()) -> None:
        """Keep a problem unless this path already has one with the same message."""
        self._found.setdefault((keys, f"{problem.line} {problem.message}"), problem)

    def finish(self) -> None:
        """Raise ConfigError when anything was reported."""
        if self._found:
            in_order = sorted(
                self._found.items(), key=lambda item: (item[1].line, self.index.offset(item[0][0]))
            )
            raise ConfigError([problem for _, problem in in_order])


class Spot:
    """A key path in the file, to speak about."""

    __slots__ = ("keys", "report")

    def __init__(self, report: Report, keys: Keys) -> None:
        self.report = report
        self.keys = keys

    def __getitem__(self, key: str | int) -> Spot:
        return Spot(self.report, (*self.keys, key))

    @property
    def line(self) -> int:
        """Where it is written, from 1."""
        return self.report.index.line(self.keys)

    @property
    def written(self) -> str | None:
        """The value as written, shortened; None for a table with a header of its own."""
        text = self.report.index.written(self.keys)
        return None if text is None else shorten(text)

    def error(self, message: str, hint: str = "", *, value: str | None = None) -> None:
        """Report a problem here; `value` is what is shown instead of the text in the file."""
        self.report.add(
            Problem(
                file=self.report.file,
                line=self.line,
                key=dotted(self.keys),
                value=self.written if value is None else value,
                message=message,
                hint=hint,
            ),
            self.keys,
        )


def dotted(keys: Keys) -> str:
    """A key path as it would stand in TOML, list items as `[0]`."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += ("." if text else "") + (key if _BARE.match(key) else quoted(key))
    return text


def quoted(text: str) -> str:
    """Text in double quotes on one line, control codes escaped, shortened."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{shorten(escaped)}"'


def shorten(text: str) -> str:
    """One printable line of at most SHOWN characters."""
    line = printable(text[: SHOWN * 4])
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def printable(text: str) -> str:
    """The text on one line, control codes escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    from difflib import get_close_matches

    options = {option.lower(): option for option in known}
    swapped = [option for option in options if sorted(option) == sorted(word.lower())]
    found = swapped or get_close_matches(word.lower(), options, n=1)
    return options[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint that names the closest known word, else `otherwise`."""
    meant = closest(word, known)
    return f"Did you mean {quoted(meant)}?" if meant else otherwise


def listed(words: Iterable[Any], last: str = "or") -> str:
    """`a, b or c`."""
    texts = [str(word) for word in words]
    return (
        f" {last} ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)
    )


def known(noun: str, names: Iterable[str]) -> str:
    """A hint that lists what there is; many names are cut short."""
    shown = [shorten(name) for name in names]
    if len(shown) > LISTED:
        shown = [*shown[: LISTED - 1], f"{len(shown) - LISTED + 1} more"]
    return f"Known {noun}: {listed(shown, 'and')}."
