"""One open ledger for a whole process: for its threads in turns, and never that of its parent."""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .file import default_path
from .ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 4
"""Ledgers that stay open; a program uses one."""

_open: dict[str, Ledger] = {}
_inherited: list[dict[str, Ledger]] = []
"""What a parent has open is neither used nor closed: SQLite forbids both in a forked process."""
_turn = threading.RLock()


@contextmanager
def opened(path: Path | str | None = None) -> Iterator[Ledger]:
    """The ledger at `path`, by default this user's; other threads wait until it is over.

    It stays open for the next one. A text is an absolute path: who asks often saves the time of
    finding that out. Raises LedgerError.
    """
    if not isinstance(path, str):
        path = str((path or default_path()).absolute())
    with _turn:
        ledger = _open.get(path)
        if ledger is None:
            while len(_open) >= MOST:
                _open.pop(next(iter(_open))).close()
            ledger = _open[path] = Ledger(Path(path))
        yield ledger


def close_all() -> None:
    """Let go of the files; the next use opens them again."""
    with _turn:
        while _open:
            _open.popitem()[1].close()


def _start_anew() -> None:
    global _open, _turn
    _inherited.append(_open)
    _open, _turn = {}, threading.RLock()


# No thread is inside a transaction while the process is copied.
os.register_at_fork(
    before=lambda: _turn.acquire(),
    after_in_parent=lambda: _turn.release(),
    after_in_child=_start_anew,
)
atexit.register(close_all)
