"""What the user has decided for all projects: a TOML file, and variables that go before it.

>>> from dynaport_tui import settings
>>> settings.read().get("port_allocator.port_range")
(20000, 29999)
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .ledger.errors import FolderError
from .ledger.folders import config_path
from .model.setting import KEYS, variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FILE_NAME = "config.toml"

DEFAULT = "default"
"""The source of a value that nobody decided."""

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)")

_MOST = 1 << 20
"""Bytes that are read at most."""

_told: dict[Any, Any] = {}


class SettingsError(Exception):
    """The settings, or a key or value that was given, make no sense; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "", *, line: int | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.line = line


class SettingsWarning(UserWarning):
    """A setting that makes no sense, so that its default is used."""


class Value(NamedTuple):
    """What a setting is, and who says so."""

    value: Any
    source: str = DEFAULT
    """`default`, the path of the file, or the name of the environment variable."""
    line: int | None = None
    """Where in the file, from 1."""


class Problem(NamedTuple):
    """A mistake in the file, or in a variable."""

    place: str
    """The path of the file, or the name of the variable."""
    line: int | None
    key: str
    """Empty for the file as a whole."""
    message: str

    def __str__(self) -> str:
        place = self.place if self.line is None else f"{self.place}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class Settings:
    """All settings at one moment."""

    def __init__(self, values: Mapping[str, Value], problems: Sequence[Problem] = ()) -> None:
        self._values = values
        self.problems = tuple(problems)
        """What is wrong; the defaults stand in for it."""

    def get(self, key: str) -> Any:
        """The value, a default where nobody decided; raises SettingsError for an unknown key.

        >>> settings.read().get("service_registry.health_timeout")
        1.0
        """
        return self.entry(key).value

    def source(self, key: str) -> str:
        """`default`, the file's path or the variable's name; raises SettingsError likewise."""
        return self.entry(key).source

    def entry(self, key: str) -> Value:
        """Value, source and line; raises SettingsError for an unknown key."""
        expect_known(key)
        return self._values[key]


def file() -> Path:
    """Where the settings are kept; it need not exist. Raises FolderError without a home."""
    return config_path() / FILE_NAME


def read() -> Settings:
    """The settings now. What is wrong is a SettingsWarning, once, and its default is used."""
    found = look()
    for problem in found.problems:
        _warn(problem)
    return found


def look() -> Settings:
    """The settings now, and what is wrong with them, without a word about it."""
    values, problems = dict[str, Value](), list[Problem]()
    try:
        path = file()
        if text := text_of(path):
            _read_text(text, str(path), values, problems)
    except FolderError:
        pass  # nobody decided anything where nothing can be kept
    except SettingsError as error:
        problems.append(Problem(str(path), None, "", f"{error}. {error.hint}"))
    _read_variables(values, problems)
    return Settings({key: Value(known.default) for key, known in KEYS.items()} | values, problems)


def text_of(path: Path) -> str:
    """The file's text, empty where there is none; raises SettingsError."""
    try:
        with path.open("rb") as opened:
            data = opened.read(_MOST + 1)
        if len(data) > _MOST:
            raise SettingsError("the file is too large", f"Keep it below {_MOST} bytes.")
        return data.decode()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise SettingsError(f"byte {error.start + 1} is no UTF-8", "Save it as UTF-8.") from None
    except OSError as error:
        why = error.strerror or str(error)
        raise SettingsError(f"cannot be read: {why}", "Mend that, or move it away.") from None


def expect_known(key: str) -> None:
    """Raises SettingsError for a key that there is not."""
    if key not in KEYS:
        raise SettingsError(f"there is no setting {key!r}", _meant(key))


def _meant(key: str) -> str:
    from .model.problems import did_you_mean

    named = [known for known in KEYS if known.rpartition(".")[2] == key]
    if len(named) == 1:
        return f'Did you mean "{named[0]}"?'
    return did_you_mean(key, KEYS, f"Known settings: {', '.join(KEYS)}.")


def document_of(text: str) -> dict[str, Any]:
    """The text as TOML; raises SettingsError, whose `line` is that of the mistake."""
    import tomllib

    from .model.lines import LineIndex

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else LineIndex(text).unfinished
        why = _AT_LINE.sub("", str(error))
        remedy = "Mend that line, or move the file away."
        raise SettingsError(f"this is no valid TOML: {why}", remedy, line=line) from None


def _read_text(text: str, path: str, values: dict[str, Value], problems: list[Problem]) -> None:
    from .model.lines import LineIndex

    try:
        document = document_of(text)
    except SettingsError as error:
        problems.append(Problem(path, error.line, "", f"{error}. {error.hint}"))
        return
    index = LineIndex(text)
    for key, value in _pairs(document):
        keys = tuple(key.split("."))
        if key not in KEYS:
            message = f"there is no such setting. {_meant(key)}"
            problems.append(Problem(path, index.line(keys), key, message))
            continue
        try:
            values[key] = Value(KEYS[key].check(value), path, index.line(keys))
        except ValueError as error:
            message = refused(index.written(keys) or repr(value), error)
            problems.append(Problem(path, index.line(keys), key, message))


def _read_variables(values: dict[str, Value], problems: list[Problem]) -> None:
    for key, known in KEYS.items():
        if text := os.environ.get(variable(key)):
            try:
                values[key] = Value(known.check(known.typed(text)), variable(key))
            except ValueError as error:
                problems.append(Problem(variable(key), None, key, refused(text, error)))


def _pairs(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Dotted key and value of everything; a table that is none stays one pair."""
    for table, content in document.items():
        if isinstance(content, dict) and content:
            yield from ((f"{table}.{key}", value) for key, value in content.items())
        elif content != {}:
            yield table, content


def refused(written: str, error: ValueError) -> str:
    """Why a value will not do, and what to write instead."""
    from .model.problems import shorten

    return f"{shorten(written)} will not do: {error}"


def _warn(problem: Problem) -> None:
    import warnings

    # As if the line of the file itself had warned: that is where it is to be mended.
    warnings.warn_explicit(
        f"{problem.key + ': ' if problem.key else ''}{problem.message}; the default is used",
        SettingsWarning,
        problem.place,
        problem.line or 1,
        registry=_told,
    )
