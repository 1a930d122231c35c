"""The user's settings, changed: the file is written whole, and its comments are kept."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from .. import settings
from ..ledger.folders import config_folder
from ..model.toml_edit import with_value, without
from ..settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PATIENCE = 5.0
"""Seconds to wait for another process that changes the file."""


def assign(key: str, value: Any) -> Path:
    """Write one value, which has been checked; returns the file.

    Raises SettingsError where the file is no TOML or cannot be written, FolderError for its folder.
    """
    table, _, name = key.rpartition(".")
    written = json.dumps(value, ensure_ascii=False)  # which is TOML, too

    def change(text: str, document: dict[str, Any]) -> str:
        content = document.setdefault(table, {})
        if not isinstance(content, dict):
            remedy = f"Write it as a table, [{table}], or take it away."
            raise SettingsError(f"{settings.file()}: {table} is no table", remedy)
        content[name] = json.loads(written)
        return with_value(text, table, name, written)

    return _changed(change)


def forget(key: str) -> bool:
    """Take one value away, so that its default holds; whether there was one. Raises likewise."""
    table, _, name = key.rpartition(".")
    found = False

    def change(text: str, document: dict[str, Any]) -> str:
        nonlocal found
        content = document.get(table)
        found = isinstance(content, dict) and name in content
        if not found:
            return text
        del document[table][name]
        return without(text, table, name)

    _changed(change)
    return found


def _changed(change: Callable[[str, dict[str, Any]], str]) -> Path:
    """`change` alters the document, and makes a text that should say the same."""
    with _alone():
        path = settings.file().resolve()  # a link to a file kept elsewhere stays one
        text = settings.text_of(path)
        try:
            document = settings.document_of(text)
        except SettingsError as error:
            place = f"{path}:{error.line}"
            raise SettingsError(f"{place}: {error}; nothing was changed", error.hint) from None
        edited = change(text, document)
        if edited != text:
            _write(path, edited if _means(edited, document) else _anew(document))
    return path


def _means(text: str, document: dict[str, Any]) -> bool:
    import tomllib

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return {k: v for k, v in found.items() if v != {}} == {
        k: v for k, v in document.items() if v != {}
    }


def _anew(document: dict[str, Any]) -> str:
    """Without comments: the file is written in a way that cannot be edited in one place."""
    import tomli_w

    return tomli_w.dumps(document)


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        why = error.strerror or str(error)
        remedy = "Nothing was changed. Mend that, or set DYNAPORT_CONFIG_DIR to another folder."
        raise SettingsError(f"{path} cannot be written: {why}", remedy) from None


@contextmanager
def _alone() -> Iterator[None]:
    """Two commands at once must not undo each other's change."""
    import fcntl

    folder = os.open(config_folder(), os.O_RDONLY | os.O_CLOEXEC)
    deadline = time.monotonic() + _PATIENCE
    try:
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SettingsError(
                        f"another process has been changing {settings.file()} for {_PATIENCE:g} s",
                        "Try again.",
                    ) from None
            time.sleep(0.01)
        yield
    finally:
        os.close(folder)
