"""Serves WSGI applications by Werkzeug's own server, on the held socket."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from . import counted, rehearsal
from .accept import Loop
from .door import Door
from .health import PATH, PROBE, with_health
from .tally import Tally

if TYPE_CHECKING:
    from .place import Place


def serve(place: Place, app: Any, **options: Any) -> None:
    """Serve until TERM or another process takes over, which end the program, or INT, which returns;
    what was asked is answered.

    `options` are those of werkzeug.serving.make_server.
    """
    from werkzeug import serving

    door, loop = Door(), Loop(place.orders)
    tally = Tally(place.report, loop.stir)
    loop.quiet = tally.flush
    handler = options.pop("request_handler", None) or serving.WSGIRequestHandler
    assert place.held is not None
    with rehearsal.remembered():
        server: Any = serving.make_server(
            place.host,
            place.port or 0,
            counted.wsgi(with_health(app, place.epoch), tally),
            request_handler=_counting(handler, door),
            fd=place.held.fd,
            **options,
        )
    _watch(server, door)
    scheme = "http" if options.get("ssl_context") is None else "https"
    loop.take_term()
    try:
        place.orders.wait(
            lambda: place.report.ready("werkzeug", scheme=scheme, app=True), lambda: loop.stopped
        )
        loop.run(server)
        if loop.retired:
            place.report.retired()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        door.close()
        tally.close()
        loop.close()
    if loop.retired and not loop.ours:
        os.kill(os.getpid(), signal.SIGTERM)  # the program has its own way to end
    elif loop.stopped or loop.retired:
        place.told = True
        sys.exit(0)


def _counting(base: Any, door: Door) -> type:
    """The handler that the program chose, telling the door what it does, silent about probes."""

    def handle_one_request(self: Any) -> None:
        try:
            base.handle_one_request(self)
        finally:
            door.answered(self.request)
        if door.closing:
            self.close_connection = True

    def parse_request(self: Any) -> bool:
        door.asked(self.request)
        return bool(base.parse_request(self))

    def log_request(self: Any, *arguments: Any, **named: Any) -> None:
        if not _is_ours(self):
            base.log_request(self, *arguments, **named)

    body: dict[str, Any] = {f.__name__: f for f in (handle_one_request, parse_request, log_request)}
    if "protocol_version" in vars(base):
        body["protocol_version"] = base.protocol_version  # or Werkzeug would choose its own
    return type(base.__name__, (base,), body)


def _is_ours(handler: Any) -> bool:
    agent = getattr(handler, "headers", {}).get("User-Agent") or ""
    return agent.startswith(PROBE) or getattr(handler, "path", "").partition("?")[0] == PATH


def _watch(server: Any, door: Door) -> None:
    """Tell the door who comes and goes, in the accepting thread: so nobody slips through."""
    server.timeout = 0
    server.socket.setblocking(False)  # another process may take the connection first
    if hasattr(server.socket, "do_handshake_on_connect"):
        server.socket.do_handshake_on_connect = False  # not in the loop, but in the client's thread
    if server.multiprocess:
        return  # its children have the connections, and server_close waits for them
    begin, end = server.process_request, server.shutdown_request

    def process_request(request: Any, address: Any) -> None:
        if request.gettimeout() is None:
            request.setblocking(True)  # macOS hands O_NONBLOCK on
        door.accepted(request)
        begin(request, address)

    def shutdown_request(request: Any) -> None:
        try:
            end(request)
        finally:
            door.left(request)

    server.process_request, server.shutdown_request = process_request, shutdown_request
