"""Serves WSGI applications by Werkzeug's own server, on the held socket."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from .door import Door
from .health import PATH, PROBE, with_health

if TYPE_CHECKING:
    from collections.abc import Callable

    from .place import Place


def serve(place: Place, app: Any, **options: Any) -> None:
    """Serve until TERM, which ends the program, or INT, which returns; what was asked is answered.

    `options` are those of werkzeug.serving.make_server.
    """
    from werkzeug import serving

    door = Door()
    handler = options.pop("request_handler", None) or serving.WSGIRequestHandler
    assert place.held is not None
    server: Any = serving.make_server(
        place.host,
        place.port or 0,
        with_health(app, place.epoch),
        request_handler=_counting(handler, door),
        fd=place.held.fd,
        **options,
    )
    _watch(server, door)
    scheme = "http" if options.get("ssl_context") is None else "https"
    _until_stopped(server, door, lambda: place.report.ready("werkzeug", scheme=scheme, app=True))


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


def _until_stopped(server: Any, door: Door, ready: Callable[[], None]) -> None:
    """Serve until a signal; it may come as soon as `ready` was said."""
    wake, stop = os.pipe()
    told: list[int] = []

    def asked_to_stop(number: int, _frame: object) -> None:
        told.append(number)
        os.write(stop, b".")

    ours = _on_term(asked_to_stop)
    try:
        ready()
        _accept_until(server, wake)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        door.close()
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(wake)
        os.close(stop)
    if told:
        sys.exit(0)


def _on_term(handler: Any) -> bool:
    """Take SIGTERM unless the program has; Python allows it in the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        return False
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return False
    signal.signal(signal.SIGTERM, handler)
    return True


def _accept_until(server: Any, wake: int) -> None:
    poll = select.poll()
    poll.register(server.fileno(), select.POLLIN)
    poll.register(wake, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poll.poll()]
        if wake in ready:
            return
        server.handle_request()
        server.service_actions()
