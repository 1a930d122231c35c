"""Applications whose requests are counted; our own probes are none, and neither are websockets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .health import PATH, PROBE
from .tally import Began

if TYPE_CHECKING:
    from .tally import Tally

FAILED = 500
LEFT = 499
"""Of a client that left before there was a status; web servers log it so."""

_PROBE = PROBE.encode()


def wsgi(app: Any, tally: Tally) -> Any:
    """The WSGI application, each of its requests counted at its last byte."""

    def counted(environ: Any, start_response: Any) -> Any:
        if _is_probe(environ):
            tally.flush()
            return app(environ, start_response)
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            return app(environ, start_response)
        answer = _Answer(tally, Began(environ["REQUEST_METHOD"], _path(environ)))

        def started(status: str, headers: Any, *error: Any) -> Any:
            answer.status = int(status[:3]) if status[:3].isdigit() else FAILED
            return start_response(status, headers, *error)

        try:
            return answer.of(app(environ, started))
        except BaseException:
            answer.end(FAILED)
            raise

    return counted


def _is_probe(environ: Any) -> bool:
    agent = environ.get("HTTP_USER_AGENT") or ""
    return environ.get("PATH_INFO") == PATH or agent.startswith(PROBE)


def _path(environ: Any) -> str:
    """As the client wrote it, where the server tells that."""
    path: str = environ.get("REQUEST_URI") or ""
    if path:
        return path
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING")
    return f"{path}?{query}" if query else path


class _Answer:
    """The body of a WSGI answer, told when the server has taken all of it, or closes it."""

    __slots__ = ("_began", "_body", "_chunks", "_tally", "status")

    def __init__(self, tally: Tally, began: Began) -> None:
        self._tally: Tally | None = tally
        self._began = began
        self.status = FAILED
        """What it has said so far; one that never says anything has failed."""

    def of(self, body: Any) -> _Answer:
        self._body = body
        self._chunks = iter(body)
        return self

    def __iter__(self) -> _Answer:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._chunks)
        except StopIteration:
            self.end(self.status)  # Werkzeug waits 10 ms for more of the request before it closes
            raise
        except BaseException:
            self.end(FAILED)
            raise

    def close(self) -> None:
        """Let go of the application's own body."""
        self.end(self.status)
        close = getattr(self._body, "close", None)
        if close is not None:
            close()

    def end(self, status: int) -> None:
        """Tell it, once."""
        if self._tally is not None:
            tally, self._tally = self._tally, None
            tally.add(self._began, status, time.perf_counter())


class Exchange:
    """One HTTP request to an ASGI application, told when its last byte was handed over."""

    def __init__(self, tally: Tally, scope: Any, receive: Any, send: Any) -> None:
        self._tally, self._receive, self._send = tally, receive, send
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        self._began = Began(scope["method"], f"{path}?{query}" if query else path)
        self._status = 0
        self._left = self._told = False

    async def answered_by(self, app: Any, scope: Any) -> None:
        """Let the application answer it."""
        failed = False
        try:
            await app(scope, self._received, self._sent)
        except Exception:
            failed = not self._left
            raise
        finally:
            self._end(FAILED if failed else self._status or (LEFT if self._left else FAILED))

    async def _received(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._left = True
        return message

    async def _sent(self, message: Any) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self._status = message["status"]
        try:
            await self._send(message)
        except OSError:
            self._left = True
            raise
        if kind == "http.response.body" and not message.get("more_body"):
            self._end(self._status)

    def _end(self, status: int) -> None:
        if not self._told:
            self._told = True
            self._tally.add(self._began, status, time.perf_counter())


def is_probe(scope: Any) -> bool:
    """Whether it is a question of ours, to us or to the application."""
    if scope["path"] == PATH:
        return True
    return any(n == b"user-agent" and v.startswith(_PROBE) for n, v in scope["headers"])
