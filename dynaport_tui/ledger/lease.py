"""A wish for a port, and the port that was given."""

from __future__ import annotations

import msgspec

Key = tuple[str, str, str]
"""Service, instance and slot: who a lease belongs to within one project folder."""


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """A wish for one port of one instance of a service, or of an app of the whole user."""

    service: str
    """The service's name, or the app's id."""
    instance: str
    slot: str = ""
    """The name of a further port; empty for the main one."""
    pinned: int | None = None
    """The only port that will do, 1 to 65535."""
    preferred: int | None = None
    """The port to have if nobody else leases it and it is free, also outside the range."""

    @property
    def key(self) -> Key:
        """Who asks."""
        return self.service, self.instance, self.slot


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A port that stays with its service until it is released."""

    root: str
    """The project's folder, symbolic links resolved; empty for an app of the whole user, and for a
    reserved port.
    """
    project: str
    service: str
    instance: str
    slot: str
    port: int
    computed: int
    """The port that every machine of a team arrives at when nothing is in the way."""
    why: str | None
    """Why it is not the computed one; None when it is, or is pinned."""
    since: float
    """When it was given: seconds since 1970."""
    pinned: bool = False

    @property
    def key(self) -> Key:
        """Who holds it, within its root."""
        return self.service, self.instance, self.slot

    @property
    def service_id(self) -> str:
        """`users`, or `users.2` where it is not the only instance."""
        only = self.instance in ("1", "default")
        return self.service if only else f"{self.service}.{self.instance}"

    @property
    def reserved(self) -> bool:
        """Whether nobody is to have the port."""
        return not self.root and not self.service

    def claim(self, root: str = "") -> str:
        """Why somebody else cannot have the port; `root`: the folder of the one who asks."""
        if self.reserved:
            return "is reserved"
        where = "" if self.root in ("", root) else f" in {self.root}"
        return f"is leased to {self.owner}{where}"

    @property
    def owner(self) -> str:
        """Who holds it, for a person: `shop/users`, `shop/users.2`, `shop/users (debug)`."""
        name = f"{self.project}/{self.service_id}" if self.root else f"app {self.service_id}"
        return f"{name} ({self.slot})" if self.slot else name
