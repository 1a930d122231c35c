"""Whether a project folder is an old one under a new path: a decision over values alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .lease import Key, Lease


class Vanished(NamedTuple):
    """A folder that has leases and exists no longer."""

    root: str
    inode: int | None
    """Which it had; None when an earlier version of dynaport gave the leases."""
    leases: Mapping[Key, Lease]
    reachable: bool
    """Whether the folder that it was in exists."""


def moved_from(
    root: str, inode: int, project: str, keys: Collection[Key], vanished: Sequence[Vanished]
) -> str | None:
    """The path that `root`, a folder without leases, had before; None for a new project.

    A folder that is renamed keeps its inode; since those are used again, at least one service has
    to be the same too. One that came another way (over to another disk, or as a new checkout in the
    place of a removed one) is known by its project's name and exactly the same services, as long as
    a single vanished folder has them. A folder whose parent is gone as well does not count there:
    its disk may just not be mounted.
    """
    wanted = set(keys)
    for old in vanished:
        if old.inode == inode and wanted & set(old.leases):
            return old.root
    alike = [
        old.root
        for old in vanished
        if old.reachable
        and set(old.leases) == wanted
        and all(lease.project == project for lease in old.leases.values())
    ]
    return alike[0] if len(alike) == 1 else None
