"""What a supervisor gave to the process that it started: a decision over its environment alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Supervised(NamedTuple):
    """The service that this process is."""

    service: str
    """Its name; where it is not the only instance without that: `users` of `users.2`."""
    instance: str
    port: int
    """Where it is to listen."""

    def owns(self, app_id: str, instance_id: str = "default") -> bool:
        """Whether an app of that name is this service itself, and not another one.

        An app names itself as its service does; `default` is whichever instance asks.
        """
        return app_id == self.service and instance_id in ("default", self.instance)


def supervised(environ: Mapping[str, str]) -> Supervised | None:
    """The service that a process with these variables is; None without a supervisor.

    None, too, for one that listens to nothing and therefore has no PORT.

        >>> supervised({"DYNAPORT_SERVICE": "users", "DYNAPORT_INSTANCE": "1", "PORT": "20417"})
        Supervised(service='users', instance='1', port=20417)
    """
    service, port = environ.get("DYNAPORT_SERVICE"), environ.get("PORT", "")
    if not service or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return None
    instance = environ.get("DYNAPORT_INSTANCE", "1")
    return Supervised(service.removesuffix(f".{instance}"), instance, int(port))
