"""One process of a service, from the fork until nothing of it is left."""

from __future__ import annotations

import asyncio
from signal import SIGTERM
from typing import TYPE_CHECKING, Any

from ..model.lastwords import error_line, last_words
from ..model.reports import (
    Exited,
    Gone,
    Overheard,
    ReadyReport,
    Spawned,
    Start,
    Survivors,
    Unanswered,
    Unheard,
)
from ..model.view import Exit
from .process import (
    Answers,
    Elsewhere,
    Ends,
    Imports,
    Loads,
    ReportChannel,
    Retired,
    Serves,
    Streams,
    Unhooked,
    Works,
    spawn_message,
)
from .questions import Questions
from .sockets import wait_until_free

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .desk import Desk
    from .logs import Attachment
    from .nursery import Nursery
    from .packages import Since
    from .process import Told
    from .runner import Runner

_DRAIN = 0.5
"""Seconds to wait, after an exit, for the last words that are still in the pipe."""
_PORT_PATIENCE = 3.0
"""Seconds to wait, after everything of a service ended, for its port to be free again."""
_WORDS = 200
"""Lines looked through for the cause of an exit."""
_RETIREMENT = 0.5
"""Seconds that a process has to stop accepting when another takes over; then it is asked to end."""


class Run:
    """One process, from the fork until nothing of it is left."""

    def __init__(self, runner: Runner, action: Start, nursery: Nursery, desk: Desk) -> None:
        self.nursery = nursery
        self.packages: Since | None = None
        """What was installed when it was started."""
        self._born = False
        self._early_word: str | None = None
        """What it said when it was ready sooner than the nursery said that it was there."""
        self._runner, self._action, self._desk = runner, action, desk
        self._error: str | None = None
        self._served = self._hopeless = False
        self._workers: set[int] = set()
        """Those of a server that is not ours, as far as they said that they serve."""
        self._first_line = runner.log.last
        self._ending: asyncio.Task[None] | None = None
        self._counted: asyncio.Future[tuple[int, ...]] | None = None
        self._waits = action.candidate
        """Whether another process of the service still has its connections."""
        self._quiet = asyncio.Event()
        """Set when it accepts no connection any more."""
        self._mark = f"{desk.engine_id}/{runner.spec.id}/{action.run}"
        self._questions = Questions(runner, action, nursery, desk, mark=self._mark)
        self._answers = action.launch.kind != "command"
        self._scheme = runner.scheme
        self._attachments: list[Attachment] = []
        self._channel: ReportChannel | None = None
        self._spawn = desk.route(nursery, self._heard)
        try:
            self._begin()
        except OSError:
            self._finish()
            raise

    def _begin(self) -> None:
        launch = self._action.launch
        if launch.kind != "command" or launch.foreign:
            self._channel = ReportChannel(self._told)
        streams = Streams(tty=launch.tty)
        try:
            self._attachments = streams.attach(self._runner.log)
            self._ask_for(streams.theirs)
        finally:
            streams.close()
            if self._channel is not None:
                self._channel.theirs.close()

    def _ask_for(self, streams: Mapping[str, int]) -> None:
        launch, held = self._action.launch, self._runner.held
        fds = dict(streams)
        if held is not None:
            fds["listen"] = held.fileno()
        if self._channel is not None:
            fds["report"] = self._channel.theirs.fileno()
        message = spawn_message(
            self._action,
            self._spawn,
            fds,
            mark=self._mark,
            notify=self._runner.notify_path if launch.server == "werkzeug" else None,
        )
        self.nursery.send(message, list(fds.values()))

    # ---- what the nursery says

    def _heard(self, event: Mapping[str, Any]) -> None:
        service, run = self._runner.spec.id, self._action.run
        match event["event"]:
            case "spawned":
                pid, warm = event["pid"], event.get("warm", "")
                self._desk.post(Spawned(service=service, run=run, pid=pid, warm=warm))
                self._spawned()
            case "failed":
                self._finish()
                again = event.get("again", False)
                exit_ = Exit(error=event["error"])
                self._desk.post(Exited(service=service, run=run, exit=exit_, again=again))
            case "exited":
                self._quiet.set()
                exit_ = Exit(code=event["code"], signal=event["signal"])
                self._ending = asyncio.create_task(self._ended(exit_, event.get("error")))
            case "signalled":
                pids = tuple(event["pids"])
                if self._counted is not None and not self._counted.done():
                    self._counted.set_result(pids)
                self._desk.post(Survivors(service=service, run=run, pids=pids))
            case "gone":
                self._ending = asyncio.create_task(self._gone(self._ending))

    def _spawned(self) -> None:
        self._born = True
        if self._early_word is not None:
            self.ready(self._early_word)
        self.probe_anew()

    async def _ended(self, exit_: Exit, why: str | None) -> None:
        self._questions.stop()
        if self._channel is not None:
            self._channel.read()
        why = why or self._error
        if why is None and exit_.code != 0:
            why = await self._last_words()
        left = await self._left() if exit_.code == 0 else ()
        service, run = self._runner.spec.id, self._action.run
        broken = self._error is not None and not self._served
        self._desk.post(
            Exited(
                service=service,
                run=run,
                exit=exit_,
                why=why,
                again=not self._hopeless,
                broken=broken,
                left=left,
            )
        )

    async def _left(self) -> tuple[int, ...]:
        """Who goes on after a leader that ended as if all was well."""
        self._counted = asyncio.get_running_loop().create_future()
        self.signal(0)
        await asyncio.wait([self._counted], timeout=_DRAIN)
        return self._counted.result() if self._counted.done() else ()

    async def _last_words(self) -> str | None:
        # A grandchild may hold the pipe for ever: what has not come by then is not waited for.
        await asyncio.gather(*(attachment.drain(_DRAIN) for attachment in self._attachments))
        log = self._runner.log
        after = max(self._first_line, log.last - _WORDS)
        lines = log.lines(after=after, limit=_WORDS)
        errors = [line.text for line in lines if line.stream == "stderr"]
        return last_words(errors or [line.text for line in lines], self._desk.root)

    async def _gone(self, exited: asyncio.Task[None] | None) -> None:
        if exited is not None:
            await exited
        launch = self._action.launch
        if launch.port is not None and not launch.held:
            await wait_until_free(launch.port, launch.host, _PORT_PATIENCE)
        self._finish()
        self._desk.post(Gone(service=self._runner.spec.id, run=self._action.run))

    def signal(self, number: int) -> None:
        """Signal the group and all that escaped from it."""
        self.nursery.send({"op": "signal", "id": self._spawn, "signal": int(number)})

    # ---- what the service says

    def _told(self, told: Told) -> None:
        match told:
            case Answers():
                self._runner.requests.take(told.requests, told.dropped)
            case Serves():
                self._scheme, self._answers = told.scheme, told.app
                self._serves()
            case Works() | Unhooked():
                self._overheard(told)
            case Retired():
                self._quiet.set()
            case Loads() | Imports():
                self._loaded(told)
            case Elsewhere():
                self._not_ours(told.port)
            case Ends():
                self._error = error_line(told.why, told.file, told.line, self._desk.root)
                self._hopeless = not (told.again or self._served)

    def _loaded(self, told: Loads | Imports) -> None:
        service = self._runner.spec.id
        if isinstance(told, Loads):
            files = dict(zip(told.files, told.stamps, strict=False))
            self._desk.files_loaded(service, self._action.run, files)
        else:
            self._desk.imported(self.nursery, service, told.modules, told.sets)

    def _not_ours(self, port: int) -> None:
        """Nobody will find it there: that is what its cause line is to say."""
        if self._waits:
            return
        why = f"it listens on port {port}, not on PORT, which is {self._action.launch.port}"
        service = self._runner.spec.id
        self._desk.post(Unanswered(service=service, epoch=self._desk.epoch(service), why=why))

    def _serves(self) -> None:
        """Its own word is enough, unless services.toml says how to ask."""
        self._served = True
        if self._waits or not self._runner.spec.health.explicit:
            self.ready("its server is up")
        if not self._waits:
            self._is_the_server()

    def _overheard(self, told: Works | Unhooked) -> None:
        service, run = self._runner.spec.id, self._action.run
        if isinstance(told, Unhooked):
            self._desk.post(Unheard(service=service, run=run))
            return
        self._workers.add(told.pid)
        self._scheme = told.scheme
        if len(self._workers) >= self._action.launch.workers and not self._served:
            self._desk.post(Overheard(service=service, run=run))
            self._serves()

    def _is_the_server(self) -> None:
        self._runner.scheme, self._runner.counted = self._scheme, self._answers
        self.probe_anew()

    def ready(self, why: str) -> None:
        """The service said that it serves; nobody is told before its pid is known."""
        if not self._born:
            self._early_word = why
            return
        self._desk.post(ReadyReport(service=self._runner.spec.id, run=self._action.run, why=why))

    # ---- one after the other

    async def retire(self) -> None:
        """Let another process have the connections from here on; waits at most `_RETIREMENT`."""
        self._questions.stop()
        told = self._served and self._answers and self._channel is not None
        told = told and self._channel is not None and self._channel.say("retire")
        if not told:
            self.signal(SIGTERM)
        try:
            async with asyncio.timeout(_RETIREMENT):
                await self._quiet.wait()
        except TimeoutError:
            if told:
                self.signal(SIGTERM)

    def open(self) -> None:
        """It may accept connections now."""
        self._waits = False
        if self._channel is not None:
            self._channel.say("go")
        self._is_the_server()

    # ---- probes

    @property
    def _can_be_asked(self) -> bool:
        """Whether it is there; one that reports for itself is first asked for an answer when it
        has done so.
        """
        if not self._born or self._ending is not None or self._runner.spec.task or self._waits:
            return False
        told = self._served or self._channel is None or self._action.launch.foreign
        return told or self._runner.spec.health.kind in ("log", "command", "alive")

    def probe_anew(self) -> None:
        """Ask it as its spec says now, as soon as it can be asked."""
        self._questions.stop()
        if self._can_be_asked:
            self._questions.begin(ours=self._answers, served=self._served)

    # ---- the end

    def _finish(self) -> None:
        self._quiet.set()
        self.close()
        self._desk.unroute(self._spawn)
        self._runner.finished(self._action.run)

    def close(self) -> None:
        """Stop asking and listening; the pipes are read until they end."""
        self._questions.stop()
        if self._channel is not None:
            self._channel.close()
