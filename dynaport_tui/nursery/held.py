"""A descriptor that was handed down, told from others that later bear its number."""

from __future__ import annotations

import os


class Descriptor:
    """One open file of ours; a program may close what it does not know, and reuse the number."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._identity = identity(fd)

    def intact(self) -> bool:
        """Whether the number still stands for it."""
        return self._identity is not None and identity(self.fd) == self._identity

    def is_same(self, fd: int) -> bool:
        """Whether `fd` is the same open socket, whichever number it bears."""
        return self._identity is not None and identity(fd) == self._identity


def identity(fd: int) -> tuple[int, int] | None:
    """Device and inode; a socket's inode is its own."""
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino
