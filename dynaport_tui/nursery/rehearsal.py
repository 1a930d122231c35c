"""Serves one request of an application that nobody has, before services are forked.

What a web framework does once in a process (compile patterns, look up its own version, fill its
caches) is then done for all of them: a service starts in half the time.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import socket
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUESTION = (
    b"GET /%s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: rehearsal\r\nAccept: */*\r\n"
    b"Connection: close\r\n\r\n"
)
_TEMPLATE = "{% for x in names if x %}{{ loop.index }} {{ x|upper }}{% else %}{% endfor %}"

_releases: dict[str, str] = {}
"""Of the libraries that were asked for their release in a rehearsal."""


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

    _releases["werkzeug"] = importlib.metadata.version("werkzeug")
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


@contextlib.contextmanager
def remembered() -> Iterator[None]:
    """Within it the releases of libraries are those that the rehearsal found.

    A server of Werkzeug's names its own in each answer, and reads all that is said about the
    package to learn it: a tenth of what a service needs to start.
    """
    asked = importlib.metadata.version

    def version(distribution_name: str) -> str:
        return _releases.get(distribution_name) or asked(distribution_name)

    importlib.metadata.version = version
    try:
        yield
    finally:
        importlib.metadata.version = asked
