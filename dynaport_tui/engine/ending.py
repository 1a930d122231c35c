"""How a run ends: because of what became of its services, of a signal, or of somebody's word."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..model import outcome, wording
from ..model.outcome import Verdict
from ..model.view import Notice
from .files import outside_env
from .signals import Signals

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from .errand import Errand
    from .supervisor import Supervisor

_GOING = 2.0
"""Seconds that killed processes have to go."""
_SILENCE = 1.0
"""Seconds of an orderly stop after which those that are waited for are named."""
_ECHO = 0.2
"""Seconds in which another signal is no second one: who runs us forwards a Ctrl-C that the terminal
sent to us as well (timeout, npm, poetry)."""


class Ending:
    """Decides when a run is over, and sees to it that it comes to that."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self.verdict: Verdict | None = None
        """Why and with which code the run ends, from the moment it does."""
        self.over: asyncio.Future[Verdict]
        """Set when nothing is left to wait for."""
        self.ready: asyncio.Future[bool]
        """Whether everything was ready once, or the run ended before that."""
        self._interrupted_at: float | None = None
        self._interruption: Verdict | None = None
        self._errand: Errand | None = None
        self._was_ready = False

    def begin(self) -> None:
        """Listen to signals; called inside the running loop."""
        loop, timeout = self._supervisor.loop, self._supervisor.options.timeout
        self._signals = Signals(self._interrupted)
        self.over, self.ready = loop.create_future(), loop.create_future()
        if timeout is not None:
            loop.call_later(timeout, self._deadline, timeout)

    def close(self) -> None:
        """Let signals do again what they did before."""
        self._signals.close()

    def judge(self) -> None:
        """Look whether the services have come to an end, or to what they were started for."""
        fleet = self._supervisor.fleet
        if self.verdict is not None:
            if fleet.settled and not self.over.done():
                self.over.set_result(self.verdict)
            return
        self._was_ready = self._was_ready or outcome.all_ready(fleet)
        if self._was_ready and not self.ready.done():
            self.ready.set_result(True)
        aim = self._supervisor.options.aim
        found = outcome.verdict(fleet, aim, was_ready=self._was_ready)
        if found is not None:
            self.end(found)

    def end(self, verdict: Verdict) -> None:
        """Begin the orderly stop, unless one goes on."""
        if self.verdict is None:
            self.verdict = verdict
            if not self.ready.done():
                self.ready.set_result(False)
            supervisor = self._supervisor
            supervisor.fleet.shut_down(verdict.short or verdict.why, supervisor.now)
            supervisor.reloads.close()
            supervisor.loop.call_later(_SILENCE, self._name_who_is_left)
            supervisor.turn_soon()

    def kill(self) -> None:
        """Wait for nobody any more."""
        supervisor = self._supervisor
        supervisor.publish(Notice(at=time.time(), text="killing what is left"))
        for action in supervisor.fleet.kill():
            supervisor.perform(action)
        supervisor.loop.call_later(_GOING, self._abandon)

    async def execute(self, argv: Sequence[str]) -> int:
        """Run a program with our own standard streams and everybody's addresses.

        Returns its exit code, 128 + n for signal n, also where it was we who got the signal and
        passed it on; raises OSError when it cannot be started.
        """
        planner = self._supervisor.planner
        env = outside_env(planner.project, planner.ports)
        self._errand = self._supervisor.hands.errand("test")
        streams = {"stdin": 0, "stdout": 1, "stderr": 2}
        code = await self._errand.run(argv, str(Path.cwd()), env, None, streams)
        if self._interruption is not None:
            self.end(self._interruption)
            return self._interruption.code
        return code if code >= 0 else 128 - code

    def _name_who_is_left(self) -> None:
        """A stop that takes its time must not look like one that hangs."""
        left = [r for r in self._supervisor.fleet.records.values() if r.active]
        if left and not self.over.done():
            self._supervisor.publish(Notice(at=time.time(), text=wording.still_ending(left)))

    def _deadline(self, seconds: float) -> None:
        if not self._was_ready:
            self.end(outcome.overdue(self._supervisor.fleet, seconds))

    def _interrupted(self, number: int, word: str) -> None:
        """The first signal stops in order, the second kills."""
        now = self._supervisor.now
        if self._interrupted_at is None:
            self._interrupted_at = now
            self._interruption = Verdict(code=128 + number, why=word)
            if self._errand is None:
                self.end(self._interruption)
            else:  # the services stay for what it has to tidy up
                self._errand.signal(number)
        elif now - self._interrupted_at >= _ECHO:
            self.end(Verdict(code=128 + number, why=word))
            self.kill()

    def _abandon(self) -> None:
        """What did not even go when it was killed is left to the nurseries, which end now."""
        if self.verdict is not None and not self.over.done():
            self.over.set_result(self.verdict)
