"""EngineView over HTTP/1.1 on a Unix socket that only its user can open."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import msgspec
from aiohttp import web

from ..model.text import mask
from ..model.view import ActionError, EngineView, LogLine, LogQuery, Subscription, Verb
from ..model.wire import line_fields
from .feed import Feed
from .protocol import (
    HOSTS,
    MAX_LINES,
    PREFIX,
    EnvAnswer,
    ErrorAnswer,
    LogsAnswer,
    Refusal,
    TracebackAnswer,
    Wish,
)

if TYPE_CHECKING:
    from pathlib import Path

MAX_STREAMS = 64
"""Event streams at a time."""
STALLED = 60.0
"""Seconds after which a reader that takes nothing loses its stream."""

LOOK = 10.0
"""Seconds between looks whether the socket is still there."""

_STATUS = {"unknown-service": 404, "not-found": 404, "usage": 400}

T = TypeVar("T")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlServer:
    """A listening control socket; close() removes it again.

    A system may empty its runtime folder while we run, as when a user logs out: then the socket is
    made anew within `look` seconds, or nobody would find us any more.
    """

    def __init__(self, runner: web.AppRunner, path: Path, look: float) -> None:
        self._runner = runner
        self._path = path
        self._look = look
        self._site: web.SockSite | None = None
        self._born: tuple[int, int] | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Make the socket and answer; raises OSError."""
        listener = _bind(self._path)
        site = web.SockSite(self._runner, listener)
        try:
            await site.start()
        except BaseException:
            listener.close()
            raise
        self._site, self._born = site, _identity(self._path)
        self._keeping = self._keeping or asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._look)
            if _identity(self._path) is not None or self._site is None:
                continue
            with suppress(OSError):  # the disk is full, say: the next look may do better
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                await self._site.stop()
                await self.listen()

    async def close(self) -> None:
        """Remove the socket if it is still ours, and give open streams two seconds to end."""
        if self._keeping is not None:
            self._keeping.cancel()
        if self._born is not None and _identity(self._path) == self._born:
            self._path.unlink(missing_ok=True)
        await self._runner.cleanup()


async def serve(view: EngineView, path: Path, *, look: float = LOOK) -> ControlServer:
    """Listen on `path`, replacing whatever lies there: the caller holds the project's lock.

    The socket appears with mode 0600 and listening already. Raises OSError, also for a path of more
    than 107 bytes.
    """
    application = _application(view)
    runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    server = ControlServer(runner, path, look)
    try:
        await server.listen()
    except BaseException:
        await server.close()
        raise
    return server


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells one socket from the next on the same path."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _bind(path: Path) -> socket.socket:
    born = path.with_name(path.name + "~")
    born.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(born))
        born.chmod(0o600)
        listener.listen(128)
        listener.setblocking(False)
        born.rename(path)
    except OSError:
        listener.close()
        raise
    return listener


def _application(view: EngineView) -> web.Application:
    routes = _Routes(view)
    application = web.Application(middlewares=[_guard], client_max_size=65536)
    application.router.add_get(PREFIX + "/project", routes.project)
    application.router.add_get(PREFIX + "/logs/{service}", routes.logs)
    application.router.add_get(PREFIX + "/past/{service}", routes.past)
    application.router.add_get(PREFIX + "/env/{service}", routes.env)
    application.router.add_get(PREFIX + "/services/{service}", routes.details)
    application.router.add_get(PREFIX + "/services/{service}/requests", routes.requests)
    application.router.add_get(PREFIX + "/traceback", routes.traceback)
    application.router.add_post(PREFIX + "/lines", routes.lines)
    application.router.add_post(PREFIX + "/hits", routes.hits)
    application.router.add_get(PREFIX + "/events", routes.events)
    application.router.add_post(PREFIX + "/services/{service}/{verb}", routes.act_on)
    application.router.add_post(PREFIX + "/actions", routes.act)
    application.router.add_post(PREFIX + "/down", routes.down)
    return application


class _Routes:
    def __init__(self, view: EngineView) -> None:
        self._view = view
        self._streams = 0

    async def project(self, request: web.Request) -> web.Response:
        return _answer(self._view.snapshot())

    async def logs(self, request: web.Request) -> web.Response:
        service = request.match_info["service"]
        after = _number(request, "after", 0)
        limit = min(_number(request, "limit", 1000), MAX_LINES)
        return _lines(service, self._view.logs(service, after, limit), after)

    async def past(self, request: web.Request) -> web.Response:
        service = request.match_info["service"]
        limit = min(_number(request, "limit", 200), MAX_LINES)
        return _lines(service, await self._view.past(service, limit), 0)

    async def env(self, request: web.Request) -> web.Response:
        service = request.match_info["service"]
        env = dict(self._view.env(service))
        masked = request.query.get("reveal") != "1"
        answer = EnvAnswer(service=service, env=mask(env) if masked else env, masked=masked)
        return _answer(answer)

    async def lines(self, request: web.Request) -> web.Response:
        return _answer(await self._view.page(await _body(request, LogQuery)))

    async def hits(self, request: web.Request) -> web.Response:
        return _answer(await self._view.hits(await _body(request, LogQuery)))

    async def traceback(self, request: web.Request) -> web.Response:
        found = await self._view.traceback(request.query.get("service"))
        return _answer(TracebackAnswer(traceback=found))

    async def details(self, request: web.Request) -> web.Response:
        return _answer(self._view.details(request.match_info["service"]))

    async def requests(self, request: web.Request) -> web.Response:
        after = _number(request, "after", 0)
        return _answer(self._view.requests(request.match_info["service"], after))

    async def act_on(self, request: web.Request) -> web.Response:
        verb: Any = request.match_info["verb"]
        if verb not in get_args(Verb):
            known = ", ".join(get_args(Verb))
            raise ActionError("not-found", f'there is no action "{verb}"', f"One of {known}.")
        return _answer(await self._view.act(verb, [request.match_info["service"]]))

    async def act(self, request: web.Request) -> web.Response:
        wish = await _body(request, Wish)
        return _answer(await self._view.act(wish.verb, wish.services))

    async def down(self, request: web.Request) -> web.Response:
        await self._view.down()
        return _answer({"stopping": True})

    async def events(self, request: web.Request) -> web.StreamResponse:
        if self._streams >= MAX_STREAMS:
            raise ActionError("too-many", f"{MAX_STREAMS} event streams are open already")
        self._streams += 1
        subscription = self._view.subscribe()
        try:
            return await self._stream(request, subscription)
        finally:
            subscription.close()
            self._streams -= 1

    async def _stream(self, request: web.Request, events: Subscription) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        services = frozenset(request.query.getall("service", []))
        feed = Feed(self._view, events, services, request.query.get("logs", "lines"))
        async for chunk in feed.chunks():
            try:
                async with asyncio.timeout(STALLED):
                    await response.write(chunk)
            except (TimeoutError, ConnectionError):
                break
        return response


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep browser pages out, and answer every error in the same form."""
    host = request.headers.get("Host", "").partition(":")[0].lower()
    if host not in HOSTS or "Origin" in request.headers:
        hint = "Ask as http://localhost/v1/… over the Unix socket."
        return _error(403, "forbidden", "no browser and no other host is answered here", hint)
    try:
        return await handler(request)
    except ActionError as error:
        return _error(_STATUS.get(error.code, 409), error.code, error.message, error.hint)
    except web.HTTPException as error:
        code = error.reason.lower().replace(" ", "-")
        return _error(error.status, code, f"{request.method} {request.path}: {error.reason}")
    except Exception:
        logging.getLogger("dynaport.control").exception("%s %s", request.method, request.path)
        return _error(500, "bug", f"{request.method} {request.path} failed inside the engine")


async def _body(request: web.Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.DecodeError as error:
        raise ActionError("usage", f"the body is not understood: {error}") from error


def _lines(service: str, lines: Sequence[LogLine], none: int) -> web.Response:
    return _answer(
        LogsAnswer(
            service=service,
            lines=[line_fields(line) for line in lines],
            last=lines[-1].number if lines else none,
        )
    )


def _answer(value: object, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value) + b"\n", status=status, content_type="application/json"
    )


def _error(status: int, code: str, message: str, hint: str = "") -> web.Response:
    return _answer(ErrorAnswer(error=Refusal(code=code, message=message, hint=hint)), status)


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal():
        raise ActionError("usage", f"{name} is a number of lines, not {text!r}")
    return int(text)
