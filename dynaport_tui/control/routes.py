"""What can be asked for at the control socket, and the answers to it."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, TypeVar, get_args

import msgspec

from ..model.text import mask
from ..model.view import ActionError, EngineView, LogLine, LogQuery, Verb
from ..model.wire import line_fields
from .feed import Feed
from .http1 import REASONS, Answer, Flow, Request
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

MAX_STREAMS = 64
"""Event streams at a time."""

_STATUS = {"unknown-service": 404, "not-found": 404, "usage": 400}

T = TypeVar("T")

Route = Callable[[Request], Awaitable[Answer | Flow]]


class Routes:
    """Answers each path of the control socket."""

    def __init__(self, view: EngineView) -> None:
        self._view = view
        self._streams = 0
        self._get: dict[str, Route] = {
            "project": self.project,
            "logs/*": self.logs,
            "past/*": self.past,
            "env/*": self.env,
            "services/*": self.details,
            "services/*/requests": self.requests,
            "traceback": self.traceback,
            "events": self.events,
        }
        self._post: dict[str, Route] = {
            "lines": self.lines,
            "hits": self.hits,
            "services/*/*": self.act_on,
            "actions": self.act,
            "down": self.down,
        }

    async def answer(self, request: Request) -> Answer | Flow:
        """Keep browser pages out, and answer every error in the same form."""
        host = request.headers.get("host", "").partition(":")[0].lower()
        if host not in HOSTS or "origin" in request.headers:
            hint = "Ask as http://localhost/v1/… over the Unix socket."
            return _error(403, "forbidden", "no browser and no other host is answered here", hint)
        try:
            return await self._routed(request)
        except ActionError as error:
            return _error(_STATUS.get(error.code, 409), error.code, error.message, error.hint)
        except Exception:
            logging.getLogger("dynaport.control").exception("%s", request.shown)
            return _error(500, "bug", f"{request.shown} failed inside the engine")

    async def _routed(self, request: Request) -> Answer | Flow:
        table = {"GET": self._get, "POST": self._post}
        for method, routes in table.items():
            if (route := _found(routes, request)) is not None and method == request.method:
                return await route(request)
        there = any(_found(routes, request) for routes in table.values())
        return refuse(405 if there else 404, request.shown)

    async def project(self, request: Request) -> Answer:
        return _answer(self._view.snapshot())

    async def logs(self, request: Request) -> Answer:
        service = request.path[2]
        after = _number(request, "after", 0)
        limit = min(_number(request, "limit", 1000), MAX_LINES)
        return _lines(service, self._view.logs(service, after, limit), after)

    async def past(self, request: Request) -> Answer:
        service = request.path[2]
        limit = min(_number(request, "limit", 200), MAX_LINES)
        return _lines(service, await self._view.past(service, limit), 0)

    async def env(self, request: Request) -> Answer:
        service = request.path[2]
        env = dict(self._view.env(service))
        masked = _word(request, "reveal", "") != "1"
        answer = EnvAnswer(service=service, env=mask(env) if masked else env, masked=masked)
        return _answer(answer)

    async def lines(self, request: Request) -> Answer:
        return _answer(await self._view.page(_body(request, LogQuery)))

    async def hits(self, request: Request) -> Answer:
        return _answer(await self._view.hits(_body(request, LogQuery)))

    async def traceback(self, request: Request) -> Answer:
        found = await self._view.traceback(_word(request, "service", "") or None)
        return _answer(TracebackAnswer(traceback=found))

    async def details(self, request: Request) -> Answer:
        return _answer(self._view.details(request.path[2]))

    async def requests(self, request: Request) -> Answer:
        after = _number(request, "after", 0)
        return _answer(self._view.requests(request.path[2], after))

    async def act_on(self, request: Request) -> Answer:
        _, _, service, word = request.path
        verb: Any = word
        if verb not in get_args(Verb):
            known = ", ".join(get_args(Verb))
            raise ActionError("not-found", f'there is no action "{verb}"', f"One of {known}.")
        return _answer(await self._view.act(verb, [service]))

    async def act(self, request: Request) -> Answer:
        wish = _body(request, Wish)
        return _answer(await self._view.act(wish.verb, wish.services))

    async def down(self, request: Request) -> Answer:
        await self._view.down()
        return _answer({"stopping": True})

    async def events(self, request: Request) -> Flow:
        if self._streams >= MAX_STREAMS:
            raise ActionError("too-many", f"{MAX_STREAMS} event streams are open already")
        return Flow(self._stream(request))

    async def _stream(self, request: Request) -> AsyncGenerator[bytes, None]:
        self._streams += 1
        subscription = self._view.subscribe()
        try:
            services = frozenset(request.query.get("service", []))
            logs = _word(request, "logs", "lines")
            async for chunk in Feed(self._view, subscription, services, logs).chunks():
                yield chunk
        finally:
            subscription.close()
            self._streams -= 1


def _found(routes: dict[str, Route], request: Request) -> Route | None:
    """The route of a path, in which `*` stands for one part."""
    start, *parts = request.path
    if f"/{start}" != PREFIX:
        return None
    for pattern, route in routes.items():
        wanted = pattern.split("/")
        if len(wanted) == len(parts) and all(
            w in ("*", p) for w, p in zip(wanted, parts, strict=True)
        ):
            return route
    return None


def _body(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.DecodeError as error:
        raise ActionError("usage", f"the body is not understood: {error}") from error


def _lines(service: str, lines: Sequence[LogLine], none: int) -> Answer:
    return _answer(
        LogsAnswer(
            service=service,
            lines=[line_fields(line) for line in lines],
            last=lines[-1].number if lines else none,
        )
    )


def _answer(value: object, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(value) + b"\n")


def _error(status: int, code: str, message: str, hint: str = "") -> Answer:
    return _answer(ErrorAnswer(error=Refusal(code=code, message=message, hint=hint)), status)


def refuse(status: int, what: str) -> Answer:
    """The answer to what is not understood, or not there."""
    reason = REASONS[status]
    return _error(status, reason.lower().replace(" ", "-"), f"{what}: {reason}")


def _word(request: Request, name: str, default: str) -> str:
    return request.query.get(name, [default])[0]


def _number(request: Request, name: str, default: int) -> int:
    text = _word(request, name, str(default))
    if not text.isdecimal():
        raise ActionError("usage", f"{name} is a number of lines, not {text!r}")
    return int(text)
