"""Stand-ins by name for what a test does not want to be about."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import socket
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from dynaport_tui.control.protocol import Logs
from dynaport_tui.control.server import ControlServer, serve
from dynaport_tui.engine.bus import Bus, BusSubscription
from dynaport_tui.engine.nursery import Nursery
from dynaport_tui.engine.packages import Installed, Since
from dynaport_tui.headless.output import PIECE
from dynaport_tui.model.callers import Caller
from dynaport_tui.model.httphead import Head
from dynaport_tui.model.launch import Launch
from dynaport_tui.model.machine import State
from dynaport_tui.model.reports import Report
from dynaport_tui.model.text import mask
from dynaport_tui.model.view import (
    ActionError,
    Details,
    Ended,
    Event,
    Hits,
    LogAdvanced,
    LogBlock,
    LogLine,
    LogPage,
    LogQuery,
    Place,
    ProjectChanged,
    ProjectStatus,
    Requests,
    ServiceStatus,
    Snapshot,
    StateChanged,
    Traceback,
    Verb,
)

T = TypeVar("T")

NOON = 1767268800.0
"""2026-01-01T12:00:00Z."""


def status(service: str, state: State = State.READY, **more: object) -> ServiceStatus:
    """A row as an engine would give it."""
    fields = {
        "id": service,
        "name": service.partition(".")[0],
        "instance": 1,
        "state": state,
        "why": "answered GET /healthz in 3 ms",
        "port": 20417,
        "url": "http://127.0.0.1:20417",
        "pid": 4242,
        **more,
    }
    return ServiceStatus(**fields)  # type: ignore[arg-type]


class FakeEngine:
    """An EngineView that does what it is told; nothing runs behind it."""

    def __init__(self, *services: ServiceStatus, file: str = "/shop/services.toml") -> None:
        self.services = {status.id: status for status in services}
        self.project = ProjectStatus(
            name="shop",
            root=str(Path(file).parent),
            file=file,
            state="ready",
            engine_pid=99999999,
        )
        self.variables: dict[str, str] = {"PORT": "20417", "API_KEY": "abc"}
        self.acts: list[tuple[Verb, list[str]]] = []
        self.downs = 0
        self.watched = False
        """Whether somebody has subscribed."""
        self.downed = asyncio.Event()
        self.refusal: ActionError | None = None
        self.last_traceback: Traceback | None = None
        self.before: dict[str, list[LogLine]] = {}
        """What was printed in the run before."""
        self.tracebacks: dict[str, Traceback] = {}
        """Those of single services, where they have any of their own."""
        self.more: dict[str, Details] = {}
        self.answered: dict[str, Requests] = {}
        self.kept = 50_000
        """Lines of a service that are not forgotten."""
        self.tails: list[FakeTail] = []
        self._lines: dict[str, list[LogLine]] = {service: [] for service in self.services}
        self._bus = Bus(self.snapshot)
        self._streams: list[BusSubscription] = []
        self._over: asyncio.Future[int] | None = None

    # ---- EngineView

    def snapshot(self) -> Snapshot:
        """What the test has set."""
        return Snapshot(project=self.project, services=list(self.services.values()))

    def subscribe(self) -> BusSubscription:
        """A real subscription."""
        self.watched = True
        self._streams.append(self._bus.subscribe())
        return self._streams[-1]

    def logs(self, service: str, after: int = 0, limit: int = 1000) -> Sequence[LogLine]:
        """What the test had the service say."""
        if service not in self._lines:
            raise ActionError("unknown-service", f"no service {service!r}", "There is users.")
        lines = self._lines[service]
        first = max(after, len(lines) - self.kept)
        return lines[first : first + limit]

    def tail(self) -> FakeTail:
        """Waits for nobody, but remembers whether it should."""
        self.tails.append(FakeTail(self))
        return self.tails[-1]

    async def past(self, service: str, limit: int = 200) -> Sequence[LogLine]:
        """What the test has set."""
        self.logs(service, limit=0)
        return self.before.get(service, [])[-limit:]

    async def page(self, query: LogQuery) -> LogPage:
        """Lines whose text contains the filter."""
        services = query.services or list(self._lines)
        lines = sorted(
            (
                line
                for service in services
                for line in self.logs(service, limit=10**9)
                if query.filter in line.text
            ),
            key=_place,
        )
        if query.after is not None:
            found = [line for line in lines if _place(line) > query.after]
            return _page(found, found[: query.limit], -1)
        if query.before is not None:
            lines = [line for line in lines if _place(line) < query.before]
        return _page(lines, lines[-query.limit :] if query.limit else [], 0)

    async def hits(self, query: LogQuery) -> Hits:
        """The places of the same."""
        page = await self.page(query)
        return Hits(places=[_place(line) for line in page.lines], reached=page.reached)

    async def traceback(self, service: str | None = None) -> Traceback | None:
        """What the test has set."""
        return self.tracebacks.get(service or "", self.last_traceback)

    def details(self, service: str) -> Details:
        """What the test has set, else nothing much."""
        self.logs(service, limit=0)
        return self.more.get(service, Details(service=service))

    def requests(self, service: str, after: int = 0) -> Requests:
        """What the test has set."""
        self.logs(service, limit=0)
        found = self.answered.get(service, Requests(service=service))
        new = [request for request in found.requests if request.number > after]
        return msgspec.structs.replace(found, requests=new)

    def env(self, service: str) -> Mapping[str, str]:
        """The same for every service."""
        self.logs(service, limit=0)
        return self.variables

    async def act(self, verb: Verb, services: Sequence[str]) -> Snapshot:
        """Remember the wish, or refuse as the test said."""
        if self.refusal is not None:
            raise self.refusal
        self.acts.append((verb, list(services)))
        return self.snapshot()

    async def down(self) -> None:
        """Count, and end."""
        self.downs += 1
        self.downed.set()
        self.end(0, "asked to stop")

    # ---- what a run needs beside

    socket_path = Path("/nowhere")

    async def drawn(self) -> None:
        """At once."""

    async def open(self) -> None:
        """Be ready to run."""
        self._over = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """Until `end`."""
        assert self._over is not None
        return await self._over

    async def wait_ready(self) -> bool:
        """At once."""
        return True

    async def execute(self, argv: Sequence[str]) -> int:
        """Remember the command; its code is 7."""
        self.acts.append(("start", list(argv)))
        return 7

    # ---- what a test does

    def say(self, service: str, *texts: str, at: float | None = None) -> None:
        """Lines of the service's log."""
        lines = self._lines[service]
        for text in texts:
            lines.append(
                LogLine(
                    service=service,
                    number=len(lines) + 1,
                    at=time.time() if at is None else at,
                    stream="stdout",
                    text=text,
                )
            )
        self.change(service, log_lines=len(lines))
        self.publish(LogAdvanced(service=service, last=len(lines)))

    def said_before(self, service: str, *texts: str, at: float = NOON - 3600) -> None:
        """Lines that it printed in the run before."""
        self.before[service] = [
            LogLine(service=service, number=number, at=at, stream="stdout", text=text)
            for number, text in enumerate(texts, -len(texts))
        ]

    def move(self, service: str, new: State, why: str, at: float | None = None) -> None:
        """Another state."""
        old = self.services[service].state
        self.change(service, state=new, why=why)
        now = time.time() if at is None else at
        self.publish(StateChanged(at=now, service=service, old=old, new=new, why=why))

    def change(self, service: str, **fields: object) -> None:
        """Another row, without an event."""
        self.services[service] = msgspec.structs.replace(self.services[service], **fields)

    def add(self, row: ServiceStatus) -> None:
        """As if services.toml had it now."""
        self.services[row.id], self._lines[row.id] = row, []
        self.publish(ProjectChanged(at=time.time(), added=[row.id]))

    def forget(self, service: str) -> None:
        """As if services.toml had it no more."""
        for tail in self.tails:
            tail.drop(service)
        del self.services[service], self._lines[service]
        self.publish(ProjectChanged(at=time.time(), removed=[service]))

    def publish(self, event: Event) -> None:
        """Any event."""
        self._bus.publish(event)

    def cut(self) -> None:
        """End every stream that is open without a word."""
        self.watched = False
        for stream in self._streams:
            stream.close()

    def end(self, code: int, why: str) -> None:
        """The last event, once."""
        if self._over is not None and not self._over.done():
            self._over.set_result(code)
        self.publish(Ended(at=time.time(), code=code, why=why))
        self._bus.close()


def _place(line: LogLine) -> Place:
    return Place(line.at, line.service, line.number)


def _page(all_of_them: list[LogLine], lines: list[LogLine], end: int) -> LogPage:
    """A page, and where to go on at its `end` when that is not all."""
    more = len(lines) < len(all_of_them)
    return LogPage(lines=lines, reached=_place(lines[end]) if more and lines else None)


class FakeTail:
    """What a FakeEngine's services have said, for one view."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self._taken: dict[str, int] = {}
        self.held = True
        """Whether a service would wait."""
        self.closed = False
        self._changed = asyncio.Event()

    def blocks(self, service: str) -> Sequence[LogBlock]:
        """A line each."""
        try:
            lines = self._engine.logs(service, self._taken.get(service, 0), 500)
        except ActionError:
            return []
        if lines:
            self._taken[service] = lines[-1].number
        return [
            LogBlock(service, line.number, 1, line.at, line.stream, f"{line.text}\n".encode())
            for line in lines
        ]

    def drop(self, service: str) -> None:
        """The service is no more."""
        self._taken.pop(service, None)

    def let_go(self) -> None:
        """Remember it."""
        self.held = False
        self._changed.set()

    def hold(self) -> None:
        """Remember it."""
        self.held = True
        self._changed.set()

    def close(self) -> None:
        """Remember it."""
        self.closed = True

    async def is_held(self, held: bool) -> None:
        """Wait until it is."""
        while self.held is not held:
            self._changed.clear()
            await self._changed.wait()


class ServedEngine:
    """A FakeEngine behind a real control socket, on a loop in a thread of its own."""

    def __init__(self, engine: FakeEngine, path: Path) -> None:
        self.engine = engine
        self._path = path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="engine")
        self._server: ControlServer | None = None

    def __enter__(self) -> ServedEngine:
        self._thread.start()
        future = asyncio.run_coroutine_threadsafe(serve(self.engine, self._path), self._loop)
        self._server = future.result(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def do(self, change: Callable[[], T]) -> T:
        """Call something in the engine's thread."""
        done: Future[T] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(change()))
        return done.result(5)

    def downed(self) -> None:
        """Return as soon as somebody asked it to stop."""
        asyncio.run_coroutine_threadsafe(_wait(self.engine.downed), self._loop).result(5)

    def watched(self) -> None:
        """Return as soon as somebody is subscribed."""
        deadline = time.monotonic() + 5
        while not self.engine.watched:
            assert time.monotonic() < deadline, "nobody subscribed"
            time.sleep(0.005)

    def close(self) -> None:
        """End the engine and its socket; safe to repeat."""
        if self._server is not None:
            self.do(lambda: self.engine.end(0, "asked to stop"))
            asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result(5)
            asyncio.run_coroutine_threadsafe(_close_what_is_left(), self._loop).result(5)
            self._server = None
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop.close()


async def _close_what_is_left() -> None:
    """A connection accepted in the last moment stays open on Python 3.11: a real process ends."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class FakeTime:
    """A clock that moves only when somebody sleeps on it, and then at once, and by `step` with each
    look at it.
    """

    def __init__(self, now: float = 0.0, *, step: float = 0.0) -> None:
        self.now, self.step = now, step
        self.slept: list[float] = []

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Remember the pause and be done with it."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class NoWatchesLeft:
    """Opens no watch: the system's limit is reached."""

    def __call__(self, folders: list[str]) -> NoWatchesLeft:
        raise OSError(errno.ENOSPC, "OS file watch limit reached. about ", folders[0])

    def watch(
        self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: object
    ) -> set[tuple[int, str]]:
        """Never called: nothing was opened."""
        raise NotImplementedError

    def close(self) -> None:
        """Never called: nothing was opened."""
        raise NotImplementedError


class FakeNursery:
    """A fork server that starts nothing and remembers what it was asked for."""

    python = "/usr/bin/python3"
    pid = 99999998
    alive = True

    def __init__(self) -> None:
        self.env: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.hears = asyncio.Event()
        """Set whenever it was asked for something."""
        self.keeps_ears = False
        self.ears: dict[int, socket.socket] = {}
        """Spawn number -> the service's end of its report channel, where those are kept."""

    def send(self, message: Mapping[str, Any], fds: Sequence[int] = ()) -> None:
        """Needs a descriptor to spare, as a real one does."""
        for name, fd in zip(message.get("fds", ()), fds, strict=True):
            kept = os.dup(fd)
            if name == "report" and self.keeps_ears:
                self.ears[message["id"]] = socket.socket(fileno=kept)
            else:
                os.close(kept)
        self.asked.append(dict(message))
        self.hears.set()

    def close(self) -> None:
        """Let the services be gone."""
        for ear in self.ears.values():
            ear.close()


class FakeClerk:
    """Gives the same answer to all, as soon as it is let."""

    ANSWER = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown"

    def __init__(self) -> None:
        self.asked: list[tuple[Head, Caller]] = []
        self.came = asyncio.Event()
        self.may = asyncio.Event()
        self.may.set()
        self.stirred = 0

    async def answer(self, head: Head, caller: Caller) -> bytes:
        """After `may` is set."""
        self.asked.append((head, caller))
        self.came.set()
        await self.may.wait()
        return self.ANSWER

    def stir(self) -> None:
        """Count."""
        self.stirred += 1

    def close(self) -> None:
        """Nobody waits."""


class FakeDesk:
    """What a runner needs of the engine, and no engine: a test plays the nursery."""

    def __init__(self, folder: Path) -> None:
        self.root, self.runtime, self.engine_id = str(folder), folder, "1-0"
        self.nursery = FakeNursery()
        self.reports: list[Report] = []
        self.sayings: list[str] = []
        self.the_clerk = FakeClerk()
        self.came = asyncio.Event()
        """Set whenever something was reported or said."""
        self.routes: dict[int, Callable[[Mapping[str, Any]], None]] = {}

    def post(self, report: Report) -> None:
        """Remember it."""
        self.reports.append(report)
        self.came.set()

    def nursery_for(self, _launch: Launch) -> Nursery:
        """Always the same."""
        return cast("Nursery", self.nursery)

    def starts_cold(self, _launch: Launch) -> bool:
        """Nothing is known."""
        return False

    def since_now(self, launch: Launch) -> Since:
        """Nobody knows where packages are installed."""
        return Since(Installed(launch.python))

    def route(self, _nursery: Nursery, heard: Callable[[Mapping[str, Any]], None]) -> int:
        """Numbers from 1."""
        number = len(self.routes) + 1
        self.routes[number] = heard
        return number

    def unroute(self, spawn: int) -> None:
        """No more events of that spawn."""
        self.routes.pop(spawn, None)

    def epoch(self, _service: str) -> int:
        """Always the same."""
        return 1

    def files_loaded(self, _service: str, _run: int, _files: Mapping[str, object]) -> None:
        """Of no interest."""

    def imported(
        self, _nursery: Nursery, _service: str, _modules: Sequence[str], _sets: Sequence[str]
    ) -> None:
        """Of no interest."""

    def said(self, _service: str, text: str) -> None:
        """Remember it."""
        self.sayings.append(text)
        self.came.set()

    def clerk(self, _service: str) -> FakeClerk:
        """Always the same."""
        return self.the_clerk

    async def next(self, kind: type[T]) -> T:
        """The newest report of a kind, as soon as there is one."""
        async with asyncio.timeout(5):
            while not (found := [report for report in self.reports if isinstance(report, kind)]):
                self.came.clear()
                await self.came.wait()
        return found[-1]

    def hear(self, event: str, spawn: int | None = None, **fields: object) -> None:
        """What the nursery says of a start, the newest unless it is named."""
        number = spawn or self.nursery.asked[-1]["id"]
        self.routes[number]({"event": event, "id": number, **fields})


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


class FakeSource:
    """A `tui.source.Source` on a FakeEngine in the same loop, without a socket between them."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine
        self.failure: Exception | None = None
        """What every call raises while it is set: NotRunning, NoAnswer, ActionError."""
        self.followers: set[BusSubscription] = set()
        """Who listens to the events."""

    async def snapshot(self) -> Snapshot:
        """As the engine gives it, as are all the others."""
        self._may_fail()
        return self.engine.snapshot()

    async def past(self, service: str, limit: int = 200) -> Sequence[LogLine]:
        self._may_fail()
        return await self.engine.past(service, limit)

    async def page(self, query: LogQuery) -> LogPage:
        self._may_fail()
        return await self.engine.page(query)

    async def hits(self, query: LogQuery) -> Hits:
        self._may_fail()
        return await self.engine.hits(query)

    async def traceback(self, service: str | None = None) -> Traceback | None:
        self._may_fail()
        return await self.engine.traceback(service)

    async def details(self, service: str) -> Details:
        self._may_fail()
        return self.engine.details(service)

    async def requests(self, service: str, after: int = 0) -> Requests:
        self._may_fail()
        return self.engine.requests(service, after)

    async def env(self, service: str, *, reveal: bool = False) -> dict[str, str]:
        self._may_fail()
        found = self.engine.env(service)
        return dict(found) if reveal else mask(found)

    async def act(self, verb: Verb, services: Sequence[str] = ()) -> Snapshot:
        self._may_fail()
        return await self.engine.act(verb, services)

    async def down(self) -> None:
        self._may_fail()
        await self.engine.down()

    async def events(self, logs: Logs = "marks") -> AsyncIterator[Snapshot | Event | LogLine]:
        """The engine's own events; lines themselves are never among them."""
        self._may_fail()
        subscription = self.engine.subscribe()
        self.followers.add(subscription)
        try:
            yield subscription.snapshot
            async for batch in subscription:
                for event in batch:
                    if logs != "none" or not isinstance(event, LogAdvanced):
                        yield event
        finally:
            self.followers.discard(subscription)
            subscription.close()

    def cut(self) -> None:
        """Break the stream of events without a last word."""
        for subscription in list(self.followers):
            subscription.close()

    def _may_fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class FakeService:
    """A web server on a port of its own that gives every request the same answer, or none."""

    def __init__(self, status: int = 200, body: str = "", *, silent: bool = False) -> None:
        """`silent`: it accepts and says nothing."""
        self.status, self.body, self.silent = status, body, silent
        self.asked: list[str] = []
        """The first line of each request."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, name="service", daemon=True)
        self._thread.start()

    def __enter__(self) -> FakeService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more."""
        self._over = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self._thread.join(5)
        self._listener.close()
        for connection in self._open:
            connection.close()

    _over = False

    def _serve(self) -> None:
        while not self._over:
            connection, _ = self._listener.accept()
            self._open.append(connection)
            if self.silent or self._over:
                continue
            if request := connection.recv(65536):
                self.asked.append(request.partition(b"\r\n")[0].decode())
                head = f"HTTP/1.1 {self.status} So\r\nContent-Length: {len(self.body)}\r\n\r\n"
                connection.sendall(f"{head}{self.body}".encode())
            connection.close()


class FakeRun:
    """Stands in the place of a Flask app's `run`: notes what it is told, and what is then known."""

    def __init__(self, meanwhile: Callable[[], Any] = lambda: None) -> None:
        self._meanwhile = meanwhile
        self.host: str | None = None
        self.port: int | None = None
        self.options: dict[str, Any] = {}
        self.seen: Any = None
        """What `meanwhile` returned."""

    def __call__(
        self, host: str | None, port: int, debug: bool | None, load_dotenv: bool, **options: Any
    ) -> None:
        self.host, self.port, self.options = host, port, {"debug": debug, **options}
        self.seen = self._meanwhile()


class FakeOutput:
    """A reader that takes a piece whenever one looks, until it stalls; no write ends before it may
    go on.
    """

    def __init__(self) -> None:
        self.is_file = False
        self._pieces = self._looks = 0
        self._looked, self._may_end = asyncio.Event(), asyncio.Event()
        self._stalls = False

    @property
    def taken(self) -> int:
        """More with each look."""
        self._looks += 1
        self._looked.set()
        if not self._stalls:
            self._pieces += 1
        return self._pieces * PIECE

    def write(self, parts: Sequence[bytes | memoryview]) -> asyncio.Future[None]:
        """Done when `go_on` was called."""
        return asyncio.ensure_future(self._written())

    async def _written(self) -> None:
        await self._may_end.wait()

    async def asked(self, times: int) -> None:
        """Until somebody has looked so often."""
        while self._looks < times:
            self._looked.clear()
            await self._looked.wait()

    def stall(self) -> None:
        """Take nothing more."""
        self._stalls = True

    def go_on(self) -> None:
        """Take everything from now on."""
        self._may_end.set()

    def close(self) -> None:
        """Nothing to do."""
