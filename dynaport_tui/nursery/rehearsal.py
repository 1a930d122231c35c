"""Serves one request of an application that nobody has, before services are forked.

What a web framework does once in a process (compile patterns, look up its own version, fill its
caches) is then done for all of them: a service starts in half the time.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

_QUESTION = (
    b"GET /%s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: rehearsal\r\nAccept: */*\r\n"
    b"Connection: close\r\n\r\n"
)
_TEMPLATE = "{% for x in names if x %}{{ loop.index }} {{ x|upper }}{% else %}{% endfor %}"


def perform() -> None:
    """Do it where Flask is imported already; what it cannot do is left for the services to do."""
    if "flask" not in sys.modules or "werkzeug.serving" not in sys.modules:
        return
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as unbound:
            _serve(_application(), unbound)
    except Exception:  # whatever is wrong with these libraries is told by those that need them
        return


def _application() -> Any:
    import flask

    app = flask.Flask("rehearsal")
    app.add_url_rule("/page/<int:number>", "page", _page)
    app.add_url_rule("/data", "data", lambda: {"names": ["a"]})
    return app


def _page(number: int) -> Any:
    import flask

    return flask.render_template_string(_TEMPLATE, names=["a", "b"][:number])


def _serve(app: Any, unbound: socket.socket) -> None:
    from werkzeug import serving

    class Handler(serving.WSGIRequestHandler):
        def log_request(self, *_arguments: Any) -> None:
            """Its first line would set up a logger, which is for the service to do."""

    server: Any = serving.make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=Handler, fd=unbound.fileno()
    )
    server.log = lambda *_arguments: None
    try:
        for path in (b"page/1", b"data"):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                ours.sendall(_QUESTION % path)
                Handler(theirs, ("127.0.0.1", 0), server)
    finally:
        server.server_close()
