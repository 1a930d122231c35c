"""What can go wrong in the ledger; every message names the place and says what to do now."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

STATE_VARIABLE = "DYNAPORT_STATE_DIR"


class LedgerError(Exception):
    """The ledger, or a folder that dynaport keeps things in, cannot be used."""


class FolderError(LedgerError):
    """A folder is missing, unsafe, or its path is too long."""


class NoFreePort(LedgerError):
    """No port of the range can be given away."""


class PortWarning(UserWarning):
    """An app has another port than the one that it asked for."""


def busy(path: Path, patience: float) -> LedgerError:
    """Somebody else writes for too long."""
    return LedgerError(
        f"the ledger {path} was kept busy by another process for {patience:g} s. "
        f"Try again; `lsof {path}` names who has it open."
    )


def newer(path: Path, found: int, known: int) -> LedgerError:
    """Another version of dynaport has written the file."""
    return LedgerError(
        f"the ledger {path} was written by a newer dynaport "
        f"(schema {found}, this one knows {known}). "
        f"Update dynaport, or set {STATE_VARIABLE} to another folder."
    )


def unusable(path: Path, error: Exception) -> LedgerError:
    """The file cannot be read or written, with a remedy for what is known."""
    code = getattr(error, "sqlite_errorname", "") or ""
    number = getattr(error, "errno", None)
    why = getattr(error, "strerror", None) or str(error)
    move = "Mend that, or move the file away (ports are then chosen anew)"
    full = code == "SQLITE_FULL" or number in (errno.ENOSPC, errno.EDQUOT)
    if full or (code.startswith("SQLITE_IOERR") and _is_full(path)):
        why, remedy = "the disk is full", "Free some space (nothing that it remembers is lost)"
    elif code.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")) or number in (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
    ):
        why = why if number else f"it, or its folder, cannot be written ({why})"
        remedy = f"Make both yours: `chmod u+rwX {path.parent} {path}`"
    else:
        remedy = move
    return LedgerError(
        f"the ledger {path} cannot be used: {why}. {remedy}, "
        f"or set {STATE_VARIABLE} to another folder."
    )


def _is_full(path: Path) -> bool:
    try:
        return os.statvfs(path.parent).f_bavail == 0
    except OSError:
        return False
