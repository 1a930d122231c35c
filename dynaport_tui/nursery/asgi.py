"""Serves ASGI applications by the service's own uvicorn, on the held socket."""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from .counted import Exchange, is_probe
from .failure import Unusable
from .health import EPOCH, PATH
from .load import missing
from .tally import PAUSE, Tally
from .turnover import Turnover

if TYPE_CHECKING:
    from collections.abc import Callable

    from .place import Place

BACKLOG = 1024
_probed: contextvars.ContextVar[bool] = contextvars.ContextVar("dynaport_probed", default=False)


def serve(place: Place, app: Any) -> None:
    """Serve until TERM, INT or another process takes over, finishing the requests in flight."""
    uvicorn = _uvicorn()
    if place.request.debug and isinstance(getattr(app, "debug", None), bool):
        app.debug = True
    tally = Tally(place.report, lambda: _soon(tally.flush))
    front = _Front(app, place.epoch, tally)
    server = uvicorn.Server(_config(uvicorn, front, place))
    turnover = Turnover(
        server, place.orders, lambda scheme: _say_ready(place, scheme), place.report.retired
    )
    stopped = _stop_on_signals(server)
    assert place.held is not None
    try:
        server.run(sockets=[socket.socket(fileno=os.dup(place.held.fd))])
    except SystemExit:
        if server.started:
            raise
    finally:
        tally.close()
    if not (server.started or turnover.signalled or stopped):
        raise Unusable(f"the application's startup failed: {front.why}") from front.failure
    place.told = True


def _say_ready(place: Place, scheme: str) -> None:
    place.report.ready("uvicorn", scheme=scheme, app=True)


def _soon(call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(PAUSE, call)


def _uvicorn() -> Any:
    try:
        return importlib.import_module("uvicorn")
    except ModuleNotFoundError as error:
        if error.name != "uvicorn":
            raise
        raise Unusable(missing("uvicorn", "an ASGI application is served by uvicorn")) from None


def _config(uvicorn: Any, front: _Front, place: Place) -> Any:
    """uvicorn's settings: no banner, and no access lines of probes."""
    config = uvicorn.Config(
        front,
        host=place.host,
        port=place.port or 0,
        interface="asgi3",
        backlog=BACKLOG,
        use_colors=_colours(),
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").addFilter(lambda _record: not _probed.get())
    return config


def _stop_on_signals(server: Any) -> list[int]:
    """Let the exit be a normal one: uvicorn, once stopped, sends itself the signal again.

    Returns a list in which the signals appear.
    """
    told: list[int] = []

    def stop(number: int, _frame: object) -> None:
        told.append(number)
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return told


def _colours() -> bool | None:
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else sys.stdout.isatty()


class _Front:
    """Stands before the application: answers our probe, counts all other requests, and keeps what
    made its startup fail.
    """

    def __init__(self, app: Any, epoch: int, tally: Tally) -> None:
        self._app, self._tally = app, tally
        self._epoch = str(epoch).encode()
        self.failure: BaseException | None = None

    @property
    def why(self) -> str:
        """What made its startup fail, in a line."""
        if self.failure is None:
            return "see its log"
        return f"{type(self.failure).__name__}: {self.failure}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._requested(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except BaseException as error:
            if scope["type"] == "lifespan":
                self.failure = error
            raise

    async def _requested(self, scope: Any, receive: Any, send: Any) -> None:
        probed = is_probe(scope)
        _probed.set(probed)
        if not probed:
            await Exchange(self._tally, scope, receive, send).answered_by(self._app, scope)
            return
        self._tally.flush()
        if scope["path"] == PATH:
            await self._answer(send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, send: Any) -> None:
        headers = [
            (b"content-type", b"text/plain"),
            (b"content-length", b"2"),
            (EPOCH.lower().encode(), self._epoch),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})
