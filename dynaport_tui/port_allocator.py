"""Ports that stay with an app for ever, for programs that no supervisor runs.

from dynaport_tui import PortAllocator

port = PortAllocator().allocate_port("my-app")
"""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .ledger.supervised import supervised

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from .ledger.lease import Lease
    from .ledger.ledger import Ledger

__all__ = ["Allocation", "PortAllocator"]


@dataclass(frozen=True, slots=True)
class Allocation:
    """A port of this machine that somebody has."""

    port: int
    app_id: str | None
    """The app's id, or the name of a project's service; None for a reserved port."""
    instance_id: str | None
    """`default` for an app and `1` for a service with one instance; None for a reserved port."""
    project: str | None
    """The name of the project; None for an app of the whole user."""
    root: str | None
    """The folder of the project; None for an app of the whole user."""
    since: float
    """When it was given: seconds since 1970."""
    slot: str = ""
    """The name of a service's further port; empty for the main one."""


class PortAllocator:
    """Gives each app a port of its own, the same one at every later call.

    What is given is remembered for the whole user, in the file in which `dynaport up` has the ports
    of its services, so none is given twice. Any number of processes and threads may ask at once,
    and so may the child of a fork. Every method raises dynaport_tui.ledger.errors.LedgerError when
    that file cannot be used, and waits for it at most 5 seconds.

    Inside a supervised service, the app that is named as the service has the port that the
    supervisor gave it, and nothing is written.

        >>> ports = PortAllocator()
        >>> ports.allocate_port("my-app") == ports.allocate_port("my-app")
        True
    """

    def __init__(self, path: Path | None = None) -> None:
        """`path`: another file than the user's ledger.

        Which file that is, and the range of ports, is looked up when it is first needed.
        """
        self._path = path
        self._file: str | None = None
        self._ports: tuple[int, int] | None = None

    def allocate_port(
        self, app_id: str, instance_id: str = "default", preferred_port: int | None = None
    ) -> int:
        """The port of an app: the one that it has, or a new one that is free and nobody else's.

        A new one is computed from the names, the same on every machine, from 20000-29999 or the
        range that `dynaport config set port_allocator.port_range` names; where that one is taken,
        it is the next free one. `preferred_port`, 1 to 65535 and in or outside that range, is
        given instead while it is free and nobody else's, also to an app that has another port so
        far; otherwise a PortWarning says why not. Raises NoFreePort when all of the range are
        taken, ValueError for an empty name or a number that is no port.

            >>> PortAllocator().allocate_port("my-app", preferred_port=8080)
            8080
        """
        _expect_names(app_id, instance_id)
        if preferred_port is not None:
            _expect_port(preferred_port, "preferred_port")
        if (given := _given(app_id, instance_id)) is not None:
            return given
        with self._ledger() as ledger:
            port = self._leased(ledger, app_id, instance_id, preferred_port)
            why = _why_not(ledger, preferred_port) if preferred_port not in (None, port) else None
        if why:
            _warn(f"{preferred_port}, which app {app_id} prefers, {why}: it has {port}")
        return port

    def get_port(self, app_id: str, instance_id: str = "default") -> int | None:
        """The port that an app has; None when it has none, and then it is given none either.

        Raises ValueError for an empty name.

            >>> PortAllocator().get_port("nobody") is None
            True
        """
        _expect_names(app_id, instance_id)
        if (given := _given(app_id, instance_id)) is not None:
            return given
        with self._ledger() as ledger:
            lease = ledger.app(app_id, instance_id)
        return lease.port if lease else None

    def release_port(self, app_id: str, instance_id: str = "default") -> bool:
        """Give the port of an app up, for anybody else; whether it had one.

        The app itself is given another one next time, as long as there is any. Raises ValueError
        for an empty name.

            >>> ports = PortAllocator()
            >>> port = ports.allocate_port("my-app")
            >>> ports.release_port("my-app"), ports.release_port("my-app")
            (True, False)
        """
        _expect_names(app_id, instance_id)
        with self._ledger() as ledger:
            return bool(ledger.release("", app_id, instance_id))

    def reserve_port(self, port: int) -> bool:
        """Let nobody be given a port, 1 to 65535, from now on, nor any project's service.

        False when somebody has it already: it is leased, reserved, or in use. A pin in
        services.toml takes it nevertheless. `release_reservation` undoes it. Raises ValueError for
        a number that is no port.

            >>> PortAllocator().reserve_port(8080)
            True
        """
        _expect_port(port, "port")
        with self._ledger() as ledger:
            return ledger.reserve(port)

    def release_reservation(self, port: int) -> bool:
        """Let a reserved port be given again; whether it was reserved.

        Raises ValueError for a number that is no port.

            >>> ports = PortAllocator()
            >>> ports.reserve_port(8080), ports.release_reservation(8080)
            (True, True)
        """
        _expect_port(port, "port")
        with self._ledger() as ledger:
            return ledger.release_reservation(port)

    def list_allocations(self) -> list[Allocation]:
        """All ports of this user that apps and services have, and the reserved ones, by port.

        >>> port = PortAllocator().allocate_port("my-app")
        >>> [one.app_id for one in PortAllocator().list_allocations() if one.port == port]
        ['my-app']
        """
        with self._ledger() as ledger:
            leases = ledger.leases()
        return sorted((_allocation(lease) for lease in leases), key=lambda one: one.port)

    def is_port_available(self, port: int) -> bool:
        """Whether nobody has a port, 1 to 65535: it binds on IPv4 and IPv6, and is not leased.

        Raises ValueError for a number that is no port.

            >>> PortAllocator().is_port_available(8080)
            True
        """
        from .ledger.ports import is_free

        _expect_port(port, "port")
        with self._ledger() as ledger:
            return ledger.claim(port) is None and is_free(port)

    def find_available_port(self, start: int | None = None) -> int:
        """The first port from `start` on that nobody has; the next call may find the same one.

        Without `start` the first one of the range from which ports are given. Nothing is
        remembered: use `allocate_port` for a port that has to stay. Raises NoFreePort when there is
        none up to the end of the range, or up to 65535 from a `start` outside it, and ValueError
        for a number that is no port.

            >>> PortAllocator().find_available_port(8080)
            8080
        """
        if start is not None:
            _expect_port(start, "start")
        with self._ledger() as ledger:
            low, high = self._range
            if start is not None:
                low, high = start, high if low <= start <= high else 65535
            return ledger.find((low, high))

    @contextmanager
    def hold_port(
        self, app_id: str, instance_id: str = "default", preferred_port: int | None = None
    ) -> Iterator[socket.socket]:
        """The port of an app as a socket on 127.0.0.1, bound and listening, closed at the end.

        Nobody else can take it in between, and connections wait until they are accepted: hand
        `socket.fileno()` to a server, or the socket itself. Where another process has the port at
        that moment, most likely the same app, the next free one is held, for this time alone, and a
        PortWarning says so. Raises what `allocate_port` raises.

            >>> with PortAllocator().hold_port("my-app") as held:
            ...     held.getsockname()[1] == PortAllocator().get_port("my-app")
            True
        """
        own = self.allocate_port(app_id, instance_id, preferred_port)
        held = _held(self, own)
        if (port := held.getsockname()[1]) != own:
            _warn(
                f"{own}, the port of app {app_id}, is in use: {port} is held instead; "
                f"`dynaport port check {own}` names who has it, and another instance_id gives "
                "each of two programs a port of its own",
                level=4,
            )
        with held:
            yield held

    def _ledger(self) -> AbstractContextManager[Ledger]:
        from .ledger.file import default_path
        from .ledger.opened import opened

        if self._file is None:
            self._file = str((self._path or default_path()).absolute())
        return opened(self._file)

    def _leased(self, ledger: Ledger, app_id: str, instance: str, preferred: int | None) -> int:
        from .ledger.lease import Want

        want = Want(service=app_id, instance=instance, preferred=preferred)
        return ledger.lease("", "", [want], self._range)[want.key].port

    @property
    def _range(self) -> tuple[int, int]:
        from . import settings

        if self._ports is None:
            low, high = settings.read().get("port_allocator.port_range")
            self._ports = low, high
        return self._ports


def _held(ports: PortAllocator, own: int) -> socket.socket:
    """An app's own port, or the next one that nobody has; another process may be faster."""
    from .ledger.holding import hold

    held = hold(own)
    while held is None:
        held = hold(ports.find_available_port(min(own + 1, 65535)))
    return held


def _given(app_id: str, instance: str) -> int | None:
    """The port from the supervisor of this process, if it is that app's."""
    service = supervised(os.environ)
    return service.port if service and service.owns(app_id, instance) else None


def _why_not(ledger: Ledger, port: int) -> str:
    claim = ledger.claim(port)
    return claim or f"is in use (`dynaport port check {port}` says by whom)"


def _allocation(lease: Lease) -> Allocation:
    return Allocation(
        port=lease.port,
        app_id=lease.service or None,
        instance_id=None if lease.reserved else lease.instance,
        project=lease.project or None,
        root=lease.root or None,
        since=lease.since,
        slot=lease.slot,
    )


def _expect_names(app_id: object, instance_id: object) -> None:
    for what, name in (("app_id", app_id), ("instance_id", instance_id)):
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"{what} is {name!r}: write a name, such as {what}='my-app'")


def _expect_port(port: object, what: str) -> None:
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
        raise ValueError(f"{what} is {port!r}: write a number from 1 to 65535, such as 8080")


def _warn(text: str, level: int = 3) -> None:
    from .ledger.errors import PortWarning

    warnings.warn(text, PortWarning, stacklevel=level)
