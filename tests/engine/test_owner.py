"""What the owner of a run can say on its line."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

from dynaport_tui.engine.options import DETACH, DRAWN, KILL, STOP
from dynaport_tui.engine.owner import OwnerLine
from dynaport_tui.model.outcome import Verdict


class Run:
    """A run with an owner; what it was told."""

    def __init__(self) -> None:
        self.owner, self._ours = socket.socketpair()
        self.verdicts: list[Verdict] = []
        self.kills = 0
        self.drawn = asyncio.Event()
        self.line: OwnerLine

    def listen(self) -> int:
        """Take the line over; its descriptor."""
        fd = self._ours.detach()
        os.set_inheritable(fd, True)
        self.line = OwnerLine(fd, end=self.verdicts.append, kill=self._kill, drawn=self.drawn.set)
        return fd

    def _kill(self) -> None:
        self.kills += 1

    async def hear(self, word: bytes) -> None:
        """Say it, and let the loop look."""
        self.owner.send(word)
        await self.turn()

    async def turn(self) -> None:
        """Long enough for everything that was sent."""
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.fixture
def run() -> Iterator[Run]:
    made = Run()
    yield made
    made.owner.close()


async def test_it_can_say_that_its_first_picture_is_there(run: Run) -> None:
    run.listen()
    await run.hear(DRAWN)
    assert run.drawn.is_set()
    assert run.verdicts == []


async def test_it_can_ask_for_an_orderly_stop_and_then_for_less(run: Run) -> None:
    run.listen()
    await run.hear(STOP)
    assert ([(v.code, v.why) for v in run.verdicts], run.kills) == ([(0, "asked to stop")], 0)
    await run.hear(KILL)
    assert (run.verdicts[-1].code, run.verdicts[-1].why) == (130, "interrupted")
    assert run.kills == 1
    run.line.close()


async def test_when_it_is_gone_without_a_word_the_run_ends(run: Run) -> None:
    run.listen()
    run.owner.close()
    await run.turn()
    assert [(v.code, v.why) for v in run.verdicts] == [(129, "the dashboard is gone")]
    assert run.kills == 0


@pytest.mark.parametrize("words", [DETACH, DETACH + DETACH])
async def test_when_it_let_the_run_go_its_end_means_nothing(run: Run, words: bytes) -> None:
    run.listen()
    await run.hear(words)
    run.owner.close()
    await run.turn()
    assert run.verdicts == []


async def test_one_that_was_gone_before_anybody_listened_is_missed(run: Run) -> None:
    run.owner.close()
    run.listen()
    await run.turn()
    assert [v.code for v in run.verdicts] == [129]


async def test_no_child_has_the_line(run: Run) -> None:
    fd = run.listen()
    assert not os.get_inheritable(fd)
    run.line.close()
