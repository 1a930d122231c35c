"""How an app becomes known while it serves, and with which port."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from .surroundings import handed_down, in_reloader_child, supervised_port
from .wording import Identity, warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .registration import Where

_REFUTED = 100
_PORT = "{port}"
_WATCHED = 60.0
"""Seconds after which a supervised process that still listens to nothing is looked at no more."""
_PAUSES = (0.05, 0.1, 0.2, 0.4)
_SLOWEST = 0.5


class Presence:
    """One app in this process.

    What goes wrong with the ledger is a warning: an app serves all the same.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._scheme, self._host = "http", "127.0.0.1"
        self._port: int | None = None
        self._trouble = ""
        """What is wrong with the port: told when it is served, not when it is looked up."""
        self._registered = 0
        """The process that is registered; a fork of it is not."""
        self._refuted: set[tuple[int, str]] = set()
        """Processes and ports that requests speak of, and that nobody listens to."""

    @property
    def port(self) -> int:
        """Where it serves, or is going to; raises NoFreePort."""
        if self._port is None:
            self._port = supervised_port() or self._parents() or self._leased()
        return self._port

    @property
    def url(self) -> str:
        """Where this machine reaches it; raises NoFreePort."""
        from ..registry.health import reachable

        host = reachable(self._host)
        return f"{self._scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def begin(self, host: str, port: int | None, scheme: str) -> int:
        """Become known, and return the port to listen on; raises NoFreePort.

        `port` is one that the program insists on. Where the app's own is taken it is another one
        for this run, and a warning says why.
        """
        if port == 0 or host.startswith("unix:"):
            return self.port if port is None else port  # known by its first request, if at all
        from . import registration

        self._scheme, self._host = scheme, host
        own, supervised = self.port, supervised_port()
        self._registered = os.getpid()
        if in_reloader_child() or supervised:
            self._port = supervised or handed_down() or own
            registration.put(self._identity, self._where(), quiet=True)
            if not in_reloader_child():
                self._expect_dependencies()
            return self._port
        if self._trouble:
            warn(self._identity, self._trouble.replace(_PORT, str(own)))
        if port is not None and port != own:
            self._port = port
            registration.put(self._identity, self._where())
        else:
            self._port = registration.claim(self._identity, self._where())
        self._expect_dependencies()
        return self._port

    def end(self) -> None:
        """Be known no more."""
        if self._registered == os.getpid():
            from . import registration

            self._registered = 0
            registration.remove(self._identity)

    def notice(self, environ: Mapping[str, object]) -> None:
        """A request has come: the app is there, whoever serves it, unless it is a mere test."""
        pid = os.getpid()
        if self._registered and self._registered in (pid, os.getppid()):
            return  # or a child of a server that forks for each request
        port = str(environ.get("SERVER_PORT", ""))
        if (pid, port) in self._refuted or not port.isdecimal():
            return
        if not self._serves(int(port), str(environ.get("wsgi.url_scheme", "http"))):
            if len(self._refuted) >= _REFUTED:
                self._refuted.clear()
            self._refuted.add((pid, port))

    def watch(self) -> None:
        """Become known as soon as this process listens where its supervisor wants it to."""
        port = supervised_port()
        if port and "DYNAPORT_MARK" in os.environ:
            name = f"dynaport-{self._identity.app_id}"
            threading.Thread(target=self._await, args=(port,), name=name, daemon=True).start()

    def _await(self, port: int) -> None:
        deadline = time.monotonic() + _WATCHED
        pauses = iter(_PAUSES)
        while not self._registered and time.monotonic() < deadline:
            time.sleep(next(pauses, _SLOWEST))
            if not self._registered:
                self._serves(port, "http")

    def _serves(self, port: int, scheme: str) -> bool:
        """Register what this process listens to already; whether it does."""
        from .listeners import listens_on

        host = listens_on(port)
        if host is None:
            return False
        from . import registration

        self._registered = os.getpid()
        self._scheme, self._host, self._port = scheme, host, port
        registration.put(self._identity, self._where())
        self._expect_dependencies()
        return True

    def _expect_dependencies(self) -> None:
        """Warn of those that are not there; a supervisor's are given time without waiting here."""
        if not self._identity.dependencies:
            return
        if supervised_port():
            threading.Thread(target=self._warn_of_missing, daemon=True).start()
        else:
            self._warn_of_missing()

    def _warn_of_missing(self) -> None:
        from .dependencies import missing

        for sentence in missing(self._identity):
            warn(self._identity, sentence)

    def _where(self) -> Where:
        from .registration import Where

        return Where(self._scheme, self._host, self.port)

    def _parents(self) -> int | None:
        """In the child of Werkzeug's reloader: the port that the parent has."""
        if not in_reloader_child():
            return None
        from .registration import parents_port

        return parents_port(self._identity)

    def _leased(self) -> int:
        from .. import settings
        from ..ledger.choice import computed_port
        from ..ledger.errors import LedgerError, NoFreePort
        from ..ledger.lease import Want
        from ..ledger.opened import opened

        app_id, _, instance_id, preferred, *_ = self._identity
        want = Want(service=app_id, instance=instance_id, preferred=preferred)
        low, high = settings.read().get("port_allocator.port_range")
        try:
            with opened() as ledger:
                port = ledger.lease("", "", [want], (low, high))[want.key].port
        except NoFreePort:
            raise
        except LedgerError as error:
            self._trouble = f"port {_PORT} of {self._identity.label} is not kept: {error}"
            return computed_port("", app_id, instance_id, "", (low, high))
        if preferred not in (None, port):
            self._trouble = (
                f"port {preferred}, which {self._identity.label} prefers, is not to be had: it has "
                f"{_PORT} for good. `dynaport port check {preferred}` says who has {preferred}"
            )
        return port
