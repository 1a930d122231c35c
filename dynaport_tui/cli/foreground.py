"""The engine in this process, with its control socket and, where wanted, the plain stream."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from . import say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..control.server import ControlServer
    from ..engine.engine import Engine
    from ..headless import Format, Stream

    View = Callable[[Engine], Stream]
    Work = Callable[[Engine], Awaitable[int | None]]

_LAST_BREATH = 5.0
"""Seconds that the work beside an engine has to end after it."""


def plain_stream(log_format: Format) -> View:
    """What attaches the plain stream to an engine."""

    def attach(engine: Engine) -> Stream:
        from ..headless import Output, Stream, renderer

        colour = say.colour() and log_format != "json"
        return Stream(engine, Output(sys.stdout.fileno()), renderer(log_format, colour=colour))

    return attach


def run(
    engine: Engine,
    view: View | None = None,
    *,
    opened: Callable[[Engine], None] | None = None,
    listening: Callable[[Engine], None] | None = None,
    work: Work | None = None,
) -> int:
    """Open the engine and run it to its end; the exit code.

    `opened` is called as soon as nothing can go wrong that is to be told before anything runs,
    `listening` when the control socket answers; without one nothing goes on. `work` runs
    beside the engine, which is stopped when it is done; its result, unless None, is the exit code.
    Raises what Engine.open() raises.
    """
    return asyncio.run(_Run(engine, view, opened, listening, work).run())


class _Run:
    def __init__(
        self,
        engine: Engine,
        view: View | None,
        opened: Callable[[Engine], None] | None,
        listening: Callable[[Engine], None] | None,
        work: Work | None,
    ) -> None:
        self._engine = engine
        self._view = view
        self._opened = opened
        self._listening = listening
        self._work = work
        self._stream: Stream | None = None

    async def run(self) -> int:
        engine = self._engine
        await engine.open()
        if self._opened is not None:
            self._opened(engine)
        serving = asyncio.create_task(self._serve())
        beside = [self._beside(self._show())] if self._view else []
        working = self._beside(self._do()) if self._work else None
        try:
            code = await engine.run()
        finally:
            if (server := await serving) is not None:
                await server.close()
        if self._stream is not None:
            self._stream.end_soon()
        await asyncio.gather(*beside)
        done = await self._result(working) if working is not None else None
        return code if done is None else done

    async def _result(self, working: asyncio.Task[int | None]) -> int | None:
        """What the work came to; it is given up when the engine was killed under it."""
        await asyncio.wait({working}, timeout=_LAST_BREATH)
        if not working.done():
            working.cancel()
            return None
        return working.result()

    def _beside(self, coroutine: Any) -> asyncio.Task[Any]:
        """A task without which the engine is not to run on."""
        task: asyncio.Task[Any] = asyncio.create_task(coroutine)
        task.add_done_callback(self._broken)
        return task

    def _broken(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._stopping = asyncio.ensure_future(self._engine.down())

    async def _show(self) -> None:
        assert self._view is not None
        self._stream = self._view(self._engine)
        await self._stream.run()
        if self._stream.gone is not None:
            say.note(f"nobody reads standard output any more ({self._stream.gone}): stopped")

    async def _do(self) -> int | None:
        assert self._work is not None
        try:
            return await self._work(self._engine)
        finally:
            await self._engine.down()

    async def _serve(self) -> ControlServer | None:
        """The control server, imported when the first services are on their way."""
        await self._engine.drawn()
        from ..control.server import serve

        try:
            server = await serve(self._engine, self._engine.socket_path)
        except OSError as error:
            say.error(f"no control socket at {self._engine.socket_path}: {error.strerror or error}")
            if self._listening is not None:
                await self._engine.down()
            else:
                say.hint("The services run, but no other dynaport command will find them.")
            return None
        if self._listening is not None:
            self._listening(self._engine)
        return server
