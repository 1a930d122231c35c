"""What one process of a service is asked, and what is made of its answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..model.reports import Answered, Start, Unanswered
from ..model.spec import INTERVAL
from .errand import Errand
from .probe import ProbeResult, probe
from .prober import Prober

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .desk import Desk
    from .nursery import Nursery
    from .runner import Runner

_PRINTED = 10_000
"""Lines looked through for what a log probe waits for, when it begins to ask."""
_LEAVE = 1.0
"""Seconds, roughly, in which nobody asks a service that has just said that it serves."""
_CALM = 30.0
"""Seconds between two questions to a server that is not ours while it answers: it may log each."""


class Questions:
    """Put to one process as its service's spec says; the answers become reports."""

    def __init__(
        self, runner: Runner, action: Start, nursery: Nursery, desk: Desk, *, mark: str
    ) -> None:
        """`mark` names the process in the variables of a probe that is a command."""
        self._runner, self._action, self._nursery, self._desk = runner, action, nursery, desk
        self._mark = f"{mark}/probe"
        self._first_line = runner.log.last
        self._epoch = action.epoch
        self._any_answer = False
        self._prober: Prober | None = None

    def begin(self, *, ours: bool, served: bool) -> None:
        """Ask from now on; `ours`: our own runner answers inside of it, `served`: it has said that
        it serves.
        """
        self.stop()
        health = self._runner.spec.health
        self._any_answer = health.kind == "runner" and not ours
        calm = self._any_answer and health.interval == INTERVAL
        told = health.kind == "runner" and served
        self._prober = Prober(
            health,
            self.heard,
            ask=self._ask,
            follow=self._follow,
            calm=_CALM if calm else 0.0,
            leave=min(_LEAVE, health.interval) if told else 0.0,
        )
        self._prober.start()

    def stop(self) -> None:
        """Ask no more, and hear no answer any more; safe to repeat."""
        if self._prober is not None:
            self._prober.cancel()
            self._prober = None

    def heard(self, result: ProbeResult) -> None:
        """Report an answer, unless another process of the service gave it."""
        if result.epoch not in (None, str(self._action.run)):
            return  # one that is about to retire took the connection
        service, kind = self._runner.spec.id, self._runner.spec.health.kind
        epoch = self._epoch if kind not in ("log", "alive") else self._desk.epoch(service)
        if result.ok:
            self._desk.post(
                Answered(service=service, epoch=epoch, why=result.why, latency_ms=result.latency_ms)
            )
        else:
            self._desk.post(Unanswered(service=service, epoch=epoch, why=result.why))

    def _follow(self, seen: Callable[[bytes], None]) -> Callable[[], None]:
        """All that it prints, also what came before anybody asked."""
        lines = self._runner.log.lines(after=self._first_line, limit=_PRINTED)
        if lines:
            said = "".join(f"{line.text}\n" for line in lines).encode()
            asyncio.get_running_loop().call_soon(seen, said)
        return self._runner.log.follow(seen)

    async def _ask(self) -> ProbeResult:
        self._epoch = self._desk.epoch(self._runner.spec.id)
        launch = self._action.launch
        return await probe(
            self._runner.spec.health,
            host=launch.host,
            port=launch.port,
            scheme=self._runner.scheme,
            cwd=launch.cwd,
            env={**launch.env, **launch.peers},
            any_answer=self._any_answer,
            run=self._execute,
        )

    async def _execute(
        self, argv: Sequence[str], cwd: str, env: Mapping[str, str], patience: float
    ) -> int:
        errand = Errand(self._nursery, self._desk, mark=self._mark, name="probe")
        return await errand.run(argv, cwd, env, patience)
