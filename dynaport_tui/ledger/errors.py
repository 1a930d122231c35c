"""What can go wrong in the ledger; every message names the place and says what to do now."""

from __future__ import annotations


class LedgerError(Exception):
    """The ledger, or a folder that dynaport keeps things in, cannot be used."""


class FolderError(LedgerError):
    """A folder is missing, unsafe, or its path is too long."""


class NoFreePort(LedgerError):
    """No port of the range can be given away."""
