"""A server of uvicorn's that begins when it may, and leaves without cutting anybody off."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from .door import FRESH
from .orders import Orders

if TYPE_CHECKING:
    from collections.abc import Callable

ASK_AGAIN = 0.05
"""Seconds for clients that were answered lately to ask again, and learn that the connection closes.

Closed without a word, a kept connection is one on which they may just be asking.
"""
LATELY = 1.0
_TICK = 0.005


class Turnover:
    """Makes a server of uvicorn's begin when the engine says so, and leave in peace.

    It is to be made before the server runs; `ready` is called with the scheme when the application
    has started, `retired` when it leaves and accepts no more.
    """

    def __init__(
        self,
        server: Any,
        orders: Orders,
        ready: Callable[[str], None],
        retired: Callable[[], None],
    ) -> None:
        self._server, self._orders = server, orders
        self._ready, self._retired = ready, retired
        self._start, self._handle_exit = server.startup, server.handle_exit
        server.startup, server.handle_exit = self._startup, self._handle
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stirred: asyncio.Event | None = None
        self._asked = 0.0
        """When a client last asked."""
        self._leaving = False
        self.signalled = False
        """Whether it was told to end by a signal."""

    async def _startup(self, sockets: Any = None) -> None:
        self._loop, self._stirred = asyncio.get_running_loop(), asyncio.Event()
        fd = self._orders.fd
        if fd is not None:
            self._loop.add_reader(fd, self._readable, self._loop, fd)
        self._stand_before(self._server.config)
        lifespan = self._server.lifespan
        started = lifespan.startup

        async def allowed() -> None:
            await started()
            if not (lifespan.should_exit or self._server.should_exit):
                await self._allowed(self._stirred)
            if self._server.should_exit:
                await lifespan.shutdown()
                lifespan.should_exit = True

        lifespan.startup = allowed
        await self._start(sockets=sockets)
        self._heard()

    def _stand_before(self, config: Any) -> None:
        """Tell each client that asks while the server leaves that its connection closes."""
        app = config.loaded_app

        async def told(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                self._asked = time.monotonic()
                send = closing(scope, send, lambda: self._leaving)
            await app(scope, receive, send)

        config.loaded_app = told

    async def _allowed(self, stirred: Any) -> None:
        """Say that it could serve, and wait for `go` or a signal."""
        self._ready("https" if self._server.config.ssl else "http")
        while self._orders.waits and not self._server.should_exit:
            await stirred.wait()
            stirred.clear()

    def _readable(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        self._orders.read()
        if self._orders.fd is None:
            loop.remove_reader(fd)
        self._heard()

    def _heard(self) -> None:
        if self._stirred is not None:
            self._stirred.set()
        if self._server.started and self._orders.retired:
            self._leave()

    def _handle(self, number: int, frame: Any) -> None:
        """uvicorn itself would close what was only just accepted."""
        self.signalled = True
        first = self._server.started and not self._server.should_exit
        self._handle_exit(number, frame)
        if self._loop is None:
            return
        if first:
            self._server.should_exit = False
            self._loop.call_soon_threadsafe(self._leave)
        else:
            self._loop.call_soon_threadsafe(self._heard)

    def _leave(self) -> None:
        if not self._leaving and self._loop is not None:
            self._leaving = True
            self._farewell = self._loop.create_task(self._left())

    async def _left(self) -> None:
        connections = self._server.server_state.connections
        try:
            stop_accepting(self._server.servers)
            await _send_away(connections, self._asked)
            self._retired()
            await _until_asked(connections)
        finally:
            self._server.should_exit = True


def closing(scope: Any, send: Any, leaving: Callable[[], bool]) -> Any:
    """The `send` of one request that closes its connection with the answer where the server leaves.

    For HTTP/1 alone: in HTTP/2, no header closes a connection.
    """
    if scope["http_version"] not in ("1.0", "1.1"):
        return send

    async def told(message: Any) -> None:
        if leaving() and message["type"] == "http.response.start":
            headers = [h for h in message.get("headers", ()) if h[0].lower() != b"connection"]
            message = {**message, "headers": [*headers, (b"connection", b"close")]}
        await send(message)

    return told


def of_every(server_module: Any, ready: Callable[[str], None], retired: Callable[[], None]) -> None:
    """Let every server of uvicorn's leave in peace, without orders; raises AttributeError where
    uvicorn is none that we know.
    """
    kind = server_module.Server
    original, _needed = kind.serve, (kind.startup, kind.handle_exit, kind.shutdown)

    async def serve(self: Any, *args: Any, **options: Any) -> None:
        # Not earlier: with `--workers`, older versions pickle the server.
        Turnover(self, Orders(None, waits=False), ready, retired)
        await original(self, *args, **options)

    kind.serve = serve


def stop_accepting(servers: Any) -> None:
    """Leave what comes from now on to others.

    A server of asyncio's that is closed at once drops what it has just accepted.
    """
    loop = asyncio.get_running_loop()
    for server in servers:
        if isinstance(loop, asyncio.SelectorEventLoop):
            for sock in server.sockets:
                loop.remove_reader(sock.fileno())
        else:
            server.close()


async def _send_away(connections: Any, asked: float) -> None:
    """Close the connections that wait for a further request, those in use with an answer."""
    lately = time.monotonic() < asked + LATELY
    await _while(lambda: bool(_kept(connections)), ASK_AGAIN if lately else 0.0)
    for connection in _kept(connections):
        connection.shutdown()


def _kept(connections: Any) -> list[Any]:
    """Those that were answered and may be asked again."""
    cycles = [(c, getattr(c, "cycle", None)) for c in connections]
    return [c for c, cycle in cycles if cycle is not None and cycle.response_complete]


async def _until_asked(connections: Any) -> None:
    """Give those that have only just come the time to ask."""
    await asyncio.sleep(_TICK)  # what was accepted becomes a connection in the meantime
    await _while(lambda: any(getattr(c, "cycle", c) is None for c in connections), FRESH)


async def _while(condition: Callable[[], bool], patience: float) -> None:
    """uvicorn tells nobody when a request comes."""
    for _ in range(round(patience / _TICK)):
        if not condition():
            return
        await asyncio.sleep(_TICK)
