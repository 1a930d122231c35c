"""What is remembered of a project between two dashboards."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

NAME = "dashboard.json"
_MOST = 65536
"""Bytes that are read at most."""


class Prefs(msgspec.Struct, kw_only=True):
    """How a person left the dashboard."""

    layout: Literal["stacked", "side"] = "stacked"
    sort: Literal["state", "name", "port", "cpu", "memory", "uptime", "restarts"] = "state"
    reverse: bool = False
    theme: str = ""
    """Empty: ours."""
    tab: Literal["logs", "why", "requests", "environment", "config", "ports"] = "logs"
    log: dict[str, Any] = {}
    """What the log pane wants to know again."""


def load(folder: Path) -> Prefs:
    """What was saved there; as at first where nothing was, or where it makes no sense now."""
    try:
        with (folder / NAME).open("rb") as file:
            return msgspec.json.decode(file.read(_MOST), type=Prefs)
    except (OSError, msgspec.DecodeError):
        return Prefs()


def save(folder: Path, prefs: Prefs) -> str | None:
    """Write it whole; blocks. Returns why that was not possible, None where it was."""
    draft = folder / f".{NAME}.{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(prefs))
        draft.replace(folder / NAME)
    except (OSError, TypeError) as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        return f"how the dashboard looks cannot be remembered: {error}"
    return None
