"""When a service is asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from dynaport_tui.engine.probe import ProbeResult
from dynaport_tui.engine.prober import Prober
from dynaport_tui.model.spec import ProbeSpec
from tests.fakes import FakeTime

if TYPE_CHECKING:
    from collections.abc import Callable

OK = ProbeResult(ok=True, why="answered")
LOST = ProbeResult(ok=False, why="no answer")


class Service:
    """Answers as it is told, and counts how many ask at once."""

    def __init__(self, *answers: ProbeResult) -> None:
        self.answers = list(answers)
        self.reports: list[ProbeResult] = []
        self.done = asyncio.Event()
        self.asking = 0

    async def ask(self) -> ProbeResult:
        self.asking += 1
        assert self.asking == 1
        await asyncio.sleep(0)
        self.asking -= 1
        return self.answers.pop(0)

    def report(self, result: ProbeResult) -> None:
        self.reports.append(result)
        if not self.answers:
            self.done.set()


async def pauses(
    spec: ProbeSpec,
    *answers: ProbeResult,
    jitter: float = 0.0,
    calm: float = 0.0,
    leave: float = 0.0,
    together: float = 0.0,
) -> list[float]:
    """How long it waited between these answers, and with `leave` before the first one."""
    time, service = FakeTime(), Service(*answers)
    prober = Prober(
        spec,
        service.report,
        ask=service.ask,
        calm=calm,
        leave=leave,
        sleep=time.sleep,
        clock=time,
        jitter=lambda low, high: high * jitter,
        together=together,
    )
    prober.start()
    async with asyncio.timeout(5):
        await service.done.wait()
    prober.cancel()
    assert service.reports == list(answers)
    return time.slept[: len(answers) - (0 if leave else 1)]


async def test_a_starting_service_is_asked_quickly_and_then_less_so() -> None:
    slept = await pauses(ProbeSpec(kind="tcp"), *[LOST] * 12)
    assert slept[0] == 0.05
    assert slept == sorted(slept)
    assert slept[-1] == 0.5


async def test_a_ready_service_is_asked_every_interval() -> None:
    slept = await pauses(ProbeSpec(kind="tcp", interval=5), LOST, OK, OK, LOST, LOST, OK)
    assert slept == [0.05, 5, 5, 5, 5]


async def test_one_that_is_to_be_left_in_peace_is_asked_more_often_when_it_does_not_answer() -> (
    None
):
    answers = [LOST, OK, OK, LOST, LOST, OK, OK]
    slept = await pauses(ProbeSpec(kind="tcp", interval=5), *answers, calm=30)
    assert slept == [0.05, 30, 30, 5, 5, 30]


async def test_who_has_just_said_that_it_serves_is_left_alone_for_a_moment() -> None:
    spec = ProbeSpec(kind="runner", interval=5)
    assert await pauses(spec, OK, OK, leave=1) == [1, 5]
    assert await pauses(spec, OK, jitter=1, leave=1) == [1.5]
    assert await pauses(spec, OK, jitter=-1, leave=1) == [0.5]


async def test_services_are_asked_at_the_same_moments() -> None:
    slept = await pauses(ProbeSpec(kind="tcp", interval=5), LOST, OK, OK, OK, together=0.1)
    assert slept == [0.05, pytest.approx(4.95), pytest.approx(5)]
    slept = await pauses(ProbeSpec(kind="tcp", interval=5), OK, OK, jitter=0.4, together=0.1)
    assert slept == [pytest.approx(5)]


async def test_the_interval_is_spread_by_a_tenth() -> None:
    assert await pauses(ProbeSpec(kind="tcp", interval=5), OK, OK, jitter=1) == [5.5]
    assert await pauses(ProbeSpec(kind="tcp", interval=5), OK, OK, jitter=-1) == [4.5]


async def test_after_the_start_deadline_it_is_asked_every_interval() -> None:
    slept = await pauses(ProbeSpec(kind="tcp", interval=5, start_deadline=1), *[LOST] * 12)
    quick = [pause for pause in slept if pause < 5]
    assert sum(quick[:-1]) < 1 <= sum(quick)
    assert slept[len(quick) :] == [5] * (11 - len(quick))


async def test_nothing_is_reported_after_the_cancel() -> None:
    reports: list[ProbeResult] = []
    asked, answer = asyncio.Event(), asyncio.Event()

    async def ask() -> ProbeResult:
        asked.set()
        await answer.wait()
        return OK

    prober = Prober(ProbeSpec(kind="tcp"), reports.append, ask=ask)
    prober.start()
    await asked.wait()
    answer.set()
    prober.cancel()
    prober.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert reports == []


async def test_a_command_that_listens_to_nothing_is_ready_after_a_second() -> None:
    time, service = FakeTime(), Service()
    Prober(ProbeSpec(kind="alive"), service.report, sleep=time.sleep, clock=time).start()
    async with asyncio.timeout(5):
        await service.done.wait()
    assert time.slept == [1.0]
    assert service.reports == [ProbeResult(ok=True, why="alive for one second")]


class Log:
    """Has followers."""

    def __init__(self) -> None:
        self.followers: list[Callable[[bytes], None]] = []

    def follow(self, seen: Callable[[bytes], None]) -> Callable[[], None]:
        self.followers.append(seen)
        return lambda: self.followers.remove(seen)

    def say(self, data: bytes) -> None:
        for seen in tuple(self.followers):
            seen(data)


async def test_a_line_of_the_log_makes_it_ready_once() -> None:
    log, service = Log(), Service()
    spec = ProbeSpec(kind="log", pattern=r"^Listening on \d+$")
    Prober(spec, service.report, follow=log.follow).start()
    log.say(b"loading\nnot Listening on 1\n")
    assert service.reports == []
    log.say(b"more\n\x1b[32mListening on 5001\x1b[0m\nmore\n")
    log.say(b"Listening on 5002\n")
    assert service.reports == [ProbeResult(ok=True, why='its log said "Listening on 5001"')]
    assert log.followers == []


async def test_a_cancelled_log_probe_no_longer_listens() -> None:
    log, service = Log(), Service()
    prober = Prober(ProbeSpec(kind="log", pattern="up"), service.report, follow=log.follow)
    prober.start()
    prober.cancel()
    assert log.followers == []


def test_a_log_probe_needs_a_log() -> None:
    with pytest.raises(ValueError, match="log"):
        Prober(ProbeSpec(kind="log"), lambda _result: None).start()
