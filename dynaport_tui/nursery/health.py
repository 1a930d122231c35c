"""The answer to the engine's own probe, given inside the server that serves the application."""

from __future__ import annotations

from typing import Any

PATH = "/_dynaport/health"
PROBE = "dynaport-probe"
"""How the User-Agent of every probe begins; probes are not in the access log."""

EPOCH = "X-Dynaport-Epoch"


def with_health(app: Any, epoch: int) -> Any:
    """The WSGI application, answering PATH before it."""
    headers = [("Content-Type", "text/plain"), ("Content-Length", "2"), (EPOCH, str(epoch))]

    def answer(environ: Any, start_response: Any) -> Any:
        if environ.get("PATH_INFO") != PATH:
            return app(environ, start_response)
        start_response("200 OK", list(headers))
        return [b"ok"]

    return answer
