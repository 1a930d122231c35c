"""A program that binds its port itself meets the held socket instead of "address already in use".

`bind` to the service's port puts the held socket in the place of the program's own; it listens
already. O_NONBLOCK and the backlog are shared with every other process that has the socket, so a
program may not change them: whoever wants a blocking `accept` gets one that waits in poll(2).
"""

from __future__ import annotations

import _socket
import os
import select
import socket
import sys
from typing import TYPE_CHECKING, Any

from . import hooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from .held import Descriptor
    from .place import Place

BACKLOG = 1024
"""For servers that call listen(2) themselves, out of our reach: the same as the engine's."""


class Takeover:
    """Puts the held socket in the place of whatever is bound to its port."""

    def __init__(self, place: Place, held: Descriptor) -> None:
        self._place = place
        self._held = held

    def install(self) -> None:
        """Change what sockets do in this process."""
        self._change(socket.socket, _socket.socket)
        self._notice_inheritance()
        for library in ("gevent", "eventlet"):
            hooks.before_import(library, self._change_plain_sockets)
        hooks.after_import("uvloop", self._change_uvloop)

    def _notice_inheritance(self) -> None:
        """A server of several processes (gunicorn, uvicorn) may let its children listen."""
        takeover = self
        original = socket.socket.set_inheritable

        def set_inheritable(sock: Any, inheritable: bool) -> None:
            original(sock, inheritable)
            if inheritable and takeover.is_held(sock):
                takeover.listening()

        setattr(socket.socket, "set_inheritable", set_inheritable)  # noqa: B010

    def _change_plain_sockets(self) -> None:
        """gevent and eventlet derive their sockets from the C class, which nobody can change."""
        if "_dynaport" not in vars(_socket.socket):
            plain = _socket.socket
            ours = type("socket", (plain,), {"_dynaport": True, "__slots__": ()})
            self._change(ours, plain)
            setattr(_socket, "socket", ours)  # noqa: B010 -- no class to the type checker

    def _change(self, kind: Any, plain: Any) -> None:
        for method in (*_bound(self, plain), *_timed(self, plain)):
            setattr(kind, method.__name__, method)

    def wants(self, sock: Any, address: Any) -> bool:
        """Whether this is a TCP socket about to be bound to our port, on whichever address."""
        internet = sock.family in (socket.AF_INET, socket.AF_INET6)
        return (
            internet
            and sock.type & 0xF == socket.SOCK_STREAM
            and isinstance(address, tuple)
            and len(address) >= 2
            and address[1] == self._place.port
            and self._held.intact()
        )

    def is_held(self, sock: Any) -> bool:
        """Whether the socket is the held one, under whichever number."""
        return self._held.is_same(sock.fileno())

    def take(self, sock: Any, plain: Any) -> None:
        """Put the held socket in the place of `sock`, which keeps its number."""
        fd, timeout = sock.fileno(), plain.gettimeout(sock)
        os.dup2(self._held.fd, fd, inheritable=os.get_inheritable(fd))
        _begin_anew(sock, fd, plain)
        if timeout is not None:
            plain.settimeout(sock, timeout)

    def listening(self) -> None:
        """A server is about to listen on our socket; one of our own says so itself."""
        if not self._place.taken:
            self._place.orders.wait(lambda: self._place.report.ready("bind", app=False))

    def elsewhere(self, sock: Any) -> None:
        """A server listens on a port of its own choice."""
        internet = sock.family in (socket.AF_INET, socket.AF_INET6)
        if internet and not self._place.taken and not self._place.report.listening:
            self._place.report.elsewhere(sock.getsockname()[1])

    def _change_uvloop(self, uvloop: Any) -> None:
        """libuv binds and listens out of Python's sight: give it the held socket instead."""
        takeover = self
        original = uvloop.Loop.create_server

        async def create_server(
            loop: Any, factory: Any, host: Any = None, port: Any = None, **options: Any
        ) -> Any:
            if port is not None and port == takeover._place.port and takeover._held.intact():
                options.update(sock=takeover.duplicate(), backlog=BACKLOG)
                for name in ("reuse_address", "reuse_port", "family", "flags"):
                    options.pop(name, None)
                takeover.listening()
                return await original(loop, factory, **options)
            return await original(loop, factory, host, port, **options)

        uvloop.Loop.create_server = create_server

    def duplicate(self) -> socket.socket:
        """A socket object on the held socket."""
        return socket.socket(fileno=os.dup(self._held.fd))


def _bound(takeover: Takeover, plain: Any) -> tuple[Callable[..., Any], ...]:
    """`bind` and `listen` for a class of sockets derived from `plain`."""

    def bind(sock: Any, address: Any) -> None:
        if takeover.wants(sock, address):
            takeover.take(sock, plain)
        else:
            plain.bind(sock, address)

    def listen(sock: Any, *backlog: int) -> None:
        if takeover.is_held(sock):
            takeover.listening()
        else:
            plain.listen(sock, *backlog)
            takeover.elsewhere(sock)

    return bind, listen


def _timed(takeover: Takeover, plain: Any) -> tuple[Callable[..., Any], ...]:
    """What waits, and how long: a held socket only looks blocking."""
    accept_once = plain._accept  # noqa: SLF001 -- what socket.accept and every override of it call

    def settimeout(sock: Any, timeout: float | None) -> None:
        if timeout is None and takeover.is_held(sock):
            _begin_anew(sock, sock.fileno(), plain)
        else:
            plain.settimeout(sock, timeout)

    def setblocking(sock: Any, blocking: bool) -> None:
        settimeout(sock, None if blocking else 0.0)

    def _accept(sock: Any) -> Any:
        while True:
            try:
                return accept_once(sock)
            except BlockingIOError:
                if plain.gettimeout(sock) is not None:
                    raise
                _wait(sock)

    return settimeout, setblocking, _accept


def _wait(sock: Any) -> None:
    """Wait until a connection may be there; another process may be quicker."""
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    poll.poll()


def _begin_anew(sock: Any, fd: int, plain: Any) -> None:
    """Make the object one just opened on `fd`: without a timeout, of the held socket's family."""
    default = socket.getdefaulttimeout()
    socket.setdefaulttimeout(None)
    try:
        plain.__init__(sock, -1, -1, -1, fd)
    finally:
        socket.setdefaulttimeout(default)


def install(place: Place) -> None:
    """Change what sockets do in this process, where there is a held one."""
    if place.held is not None and sys.implementation.name == "cpython":
        Takeover(place, place.held).install()
