"""What is remembered of the libraries of each interpreter, in the project's state folder."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import msgspec

from ..model.learned import Memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST_INTERPRETERS = 8
"""Interpreters that are remembered; those that were asked for last stay."""
_FORMAT = 1
_GATHERED = 1.0
"""Seconds in which what is learned is gathered before it is written."""


class _Kept(msgspec.Struct, kw_only=True):
    """The file."""

    format: int
    interpreters: dict[str, Memory]


class Learning:
    """Read when it is first needed, written whole whenever it has changed.

    A disk that refuses costs the memory and nothing else: `said` is told once.
    """

    def __init__(self, file: Path, said: Callable[[str], None]) -> None:
        self._file, self._said = file, said
        self._memories: dict[str, Memory] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._dirty = False
        self._refused = False

    def of(self, python: str) -> Memory:
        """What is known of an interpreter; `changed` is to be called after a change of it."""
        if self._memories is None:
            self._memories = self._read()
        memory = self._memories.pop(python, None) or Memory()
        self._memories[python] = memory
        for other in list(self._memories)[:-MOST_INTERPRETERS]:
            del self._memories[other]
        return memory

    def _read(self) -> dict[str, Memory]:
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            self._refuse("read", error)
            return {}
        try:
            kept = msgspec.json.decode(data, type=_Kept)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._set_aside(str(error))
            return {}
        return kept.interpreters if kept.format == _FORMAT else {}

    def _set_aside(self, why: str) -> None:
        aside = self._file.with_suffix(".broken")
        try:
            self._file.replace(aside)
        except OSError as error:
            self._refuse("moved aside", error)
        else:
            self._said(f"{self._file} is damaged ({why}): it is now {aside.name}, and learned anew")

    def changed(self) -> None:
        """Write it soon; called inside the running loop."""
        self._dirty = True
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._written())

    async def _written(self) -> None:
        await asyncio.sleep(_GATHERED)
        if self._dirty:
            data = self._encoded()
            await asyncio.to_thread(self._write, data)

    def close(self) -> None:
        """Write what was not written yet."""
        if self._writing is not None:
            self._writing.cancel()
        if self._dirty:
            self._write(self._encoded())

    def _encoded(self) -> bytes:
        self._dirty = False
        kept = _Kept(format=_FORMAT, interpreters=self._memories or {})
        return msgspec.json.format(msgspec.json.encode(kept), indent=1)

    def _write(self, data: bytes) -> None:
        new = self._file.with_suffix(f".{os.getpid()}")
        try:
            new.write_bytes(data)
            new.replace(self._file)
        except OSError as error:
            self._refuse("written", error)

    def _refuse(self, what: str, error: OSError) -> None:
        if not self._refused:
            self._refused = True
            why = error.strerror or str(error)
            self._said(f"{self._file} cannot be {what} ({why}): starts are slower than they may be")
