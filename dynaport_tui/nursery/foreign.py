"""Where gunicorn, uvicorn and hypercorn say that a worker serves, or what keeps it from that.

Each hook first looks whether the server is as it expects: where it is not, it says so, and the
engine does without.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from . import failure, hooks, turnover
from .door import FRESH

if TYPE_CHECKING:
    from collections.abc import Callable

    from .report import Report

_FAILED = 3
"""What gunicorn's and uvicorn's masters take for a worker that need not be tried again."""


def hook(report: Report) -> None:
    """Change the servers when they are imported."""
    changes = {
        "gunicorn.workers.base": _gunicorn_worker,
        "gunicorn.arbiter": _gunicorn_arbiter,
        "uvicorn.config": _uvicorn_config,
        "uvicorn.server": _uvicorn_server,
        "hypercorn.asyncio.run": _hypercorn,
    }
    for name, change in changes.items():
        hooks.after_import(name, _cautious(change, report))


def _cautious(change: Callable[[Any, Report], None], report: Report) -> Callable[[Any], None]:
    def changed(module: Any) -> None:
        try:
            change(module, report)
        except AttributeError:
            report.unhooked()

    return changed


class _Booted:
    """`worker.booted`, which gunicorn sets when a worker is about to serve.

    An attribute, and not a method around one of theirs: no frame of ours is in a traceback.
    """

    def __init__(self, report: Report) -> None:
        self._report = report

    def __get__(self, worker: Any, _kind: type | None = None) -> bool:
        return worker is not None and vars(worker).get("booted", False)

    def __set__(self, worker: Any, value: bool) -> None:
        vars(worker)["booted"] = value
        if value:
            self._report.worker("https" if worker.cfg.is_ssl else "http")


def _gunicorn_worker(base: Any, report: Report) -> None:
    if "booted" not in base.Worker.init_process.__code__.co_names:
        raise AttributeError("booted")
    base.Worker.booted = _Booted(report)


def _gunicorn_arbiter(arbiter: Any, report: Report) -> None:
    kind = arbiter.Arbiter
    spawn = kind.spawn_worker
    control: Any = getattr(kind, "_start_control_server", None)

    def spawn_worker(self: Any) -> Any:
        master = os.getpid()
        try:
            return spawn(self)
        except SystemExit as end:
            if os.getpid() != master and end.code in (self.WORKER_BOOT_ERROR, self.APP_LOAD_ERROR):
                failure.say(end.__context__ or end, report)
            raise

    def start_control_server(self: Any) -> None:
        """All of a user's gunicorns have the same socket by default, and remove each other's."""
        if self.cfg.control_socket != self.cfg.settings["control_socket"].default:
            control(self)

    kind.spawn_worker = spawn_worker
    if control is not None:
        kind._start_control_server = start_control_server  # noqa: SLF001


def _uvicorn_config(config: Any, report: Report) -> None:
    original = config.Config.load

    def load(self: Any) -> None:
        if not _spawned():
            original(self)
            return
        try:
            original(self)
        except BaseException as error:
            os.kill(os.getppid(), signal.SIGTERM)  # older masters try for ever
            _give_up(error, report)

    config.Config.load = load


def _uvicorn_server(server: Any, report: Report) -> None:
    turnover.of_every(server, report.worker, lambda: None)


def _hypercorn(run: Any, report: Report) -> None:
    load, shut, wait = run.load_application, run.raise_shutdown, run.Lifespan.wait_for_startup
    end = _End()

    def load_application(*args: Any, **options: Any) -> Any:
        if _spawned():
            # Its master tells it to end in another way, after which it finishes its requests.
            signal.signal(signal.SIGTERM, lambda _number, _frame: None)
        try:
            return end.before(load(*args, **options))
        except Exception as error:
            _give_up(error, report)

    async def wait_for_startup(self: Any) -> None:
        await wait(self)
        scheme = "https" if self.config.ssl_enabled else "http"
        end.note_servers(lambda: report.worker(scheme))

    async def raise_shutdown(trigger: Callable[[], Any]) -> None:
        await shut(lambda: end.after(trigger))

    run.load_application, run.raise_shutdown = load_application, raise_shutdown
    run.Lifespan.wait_for_startup = wait_for_startup


class _End:
    """How a worker of hypercorn's leaves: it would cut those off that have only just come, and
    those that are just asking again.
    """

    def __init__(self) -> None:
        self._servers: list[Any] = []
        self._leaving = False

    def before(self, app: Any) -> Any:
        """The application, its clients told when their connection closes."""

        async def told(scope: Any, receive: Any, send: Any, *more: Any) -> None:
            if scope["type"] == "http":
                send = turnover.closing(scope, send, lambda: self._leaving)
            await app(scope, receive, send, *more)

        return told

    def note_servers(self, made: Callable[[], None]) -> None:
        """Keep what the running loop makes from now on, where that can be seen; `made` is called
        before the first.
        """
        loop = asyncio.get_running_loop()
        create = loop.create_server

        async def create_server(*args: Any, **options: Any) -> Any:
            if not self._servers:
                made()
            self._servers.append(await create(*args, **options))
            return self._servers[-1]

        if isinstance(loop, asyncio.BaseEventLoop):
            loop.create_server = create_server  # type: ignore[method-assign]

    async def after(self, trigger: Callable[[], Any]) -> None:
        """Return when the worker was told to end and its clients had the time to ask."""
        await trigger()
        self._leaving = True
        turnover.stop_accepting(self._servers)
        await asyncio.sleep(FRESH)


def _spawned() -> bool:
    """Whether this is a process of multiprocessing's."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def _give_up(error: BaseException, report: Report) -> NoReturn:
    """Tell what keeps this worker from serving, and let nobody try again."""
    cause = error.__context__ if isinstance(error, SystemExit) else error
    failure.tell(cause or error, report)
    if cause is error:
        sys.excepthook(type(error), error, error.__traceback__)
    sys.exit(_FAILED)
