"""The dashboard's connection to whatever engine listens."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from dynaport_tui.control.async_client import AsyncClient
from dynaport_tui.control.protocol import Logs
from dynaport_tui.model.machine import State
from dynaport_tui.model.view import Ended, Event, LogLine, Notice, Reloaded, Snapshot, StateChanged
from dynaport_tui.tui.link import Link, Pace
from tests.fakes import NOON, FakeEngine, ServedEngine, status
from tests.real.asking import wait_until

QUICK = Pace(
    poll=0.05,
    rest=0.01,
    marks=0.02,
    knock=0.01,
    patience=0.2,
    retry=0.02,
    most=0.1,
    answer=0.3,
    last_words=0.2,
)


class Counted(AsyncClient):
    """A client that counts how often it was asked for the stream."""

    asked = 0

    def events(self, logs: Logs = "marks") -> AsyncIterator[Snapshot | Event | LogLine]:
        """As it does."""
        self.asked += 1
        return super().events(logs)


class Told:
    """All that a link has said, in order."""

    def __init__(self, path: Path, pace: Pace = QUICK) -> None:
        self.said: list[str] = []
        self.snapshots: list[Snapshot] = []
        self.marks: list[dict[str, int]] = []
        self.marked_at: list[float] = []
        self.events: list[Event] = []
        self.whys: list[str] = []
        self.source = Counted(path, timeout=2)
        self.link = Link(
            self.source,
            changed=self._changed,
            advanced=self._advanced,
            event=self._event,
            gone=self._gone,
            back=lambda: self.said.append("back"),
            pace=pace,
        )

    def _changed(self, snapshot: Snapshot) -> None:
        if not self.said or self.said[-1] != "changed":
            self.said.append("changed")
        self.snapshots.append(snapshot)

    def _advanced(self, marks: Mapping[str, int]) -> None:
        self.marks.append(dict(marks))
        self.marked_at.append(asyncio.get_running_loop().time())

    def _event(self, event: Event) -> None:
        self.events.append(event)

    def _gone(self, why: str) -> None:
        self.said.append("gone")
        self.whys.append(why)

    async def until(self, what: Callable[[], object]) -> None:
        """Wait for it, with a deadline."""
        await asyncio.to_thread(wait_until, what, deadline=5)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Told]:
        """The link at work."""
        task = asyncio.create_task(self.link.run())
        yield self
        assert not task.done(), "the link has given up"
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()


def engine(pid: int = 1) -> FakeEngine:
    """An engine with two services."""
    made = FakeEngine(status("users"), status("orders"))
    made.project = msgspec.structs.replace(made.project, engine_pid=pid)
    return made


async def test_it_has_the_snapshot_of_an_engine_that_runs(private: Path) -> None:
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock").running() as told:
            await told.until(lambda: told.snapshots)
            assert told.link.snapshot == served.engine.snapshot()
            assert told.said == ["changed"]
            assert not told.link.away


async def test_it_sees_what_changes_without_an_event(private: Path) -> None:
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock").running() as told:
            await told.until(lambda: told.snapshots)
            served.do(lambda: served.engine.change("users", cpu_percent=99.0))
            await told.until(lambda: told.snapshots[-1].services[0].cpu_percent == 99.0)


async def test_an_event_brings_a_snapshot_at_once(private: Path) -> None:
    pace = QUICK._replace(poll=60.0)
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock", pace).running() as told:
            await told.until(lambda: told.snapshots)
            served.do(lambda: served.engine.move("users", State.FAILED, "exit 1", at=NOON))
            await told.until(lambda: told.snapshots[-1].services[0].state == "FAILED")
            assert [type(event) for event in told.events] == [StateChanged]


async def test_a_poke_brings_a_snapshot_at_once(private: Path) -> None:
    pace = QUICK._replace(poll=60.0)
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock", pace).running() as told:
            await told.until(lambda: told.snapshots)
            served.do(lambda: served.engine.change("users", restarts=7))
            told.link.poke()
            await told.until(lambda: told.snapshots[-1].services[0].restarts == 7)


async def test_many_events_cost_few_snapshots(private: Path) -> None:
    pace = QUICK._replace(poll=60.0, rest=0.2)
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock", pace).running() as told:
            await told.until(lambda: told.snapshots)
            event = Reloaded(at=NOON, service="users", files=[], ok=True, why="", seconds=0.1)
            for number in range(200):
                served.do(lambda n=number: served.engine.change("users", reloads=n))  # type: ignore[misc]
                served.do(lambda: served.engine.publish(event))
            await told.until(lambda: told.snapshots[-1].services[0].reloads == 199)
            assert len(told.events) == 200
            assert len(told.snapshots) <= 10


async def test_marks_of_a_flood_are_few_and_newest(private: Path) -> None:
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock").running() as told:
            await told.until(lambda: told.snapshots)
            for _ in range(500):
                served.do(lambda: served.engine.say("users", "x"))
                served.do(lambda: served.engine.say("orders", "x"))
            await told.until(lambda: told.marks and told.marks[-1].get("orders", 0) == 500)
    for service in ("users", "orders"):
        numbers = [marks[service] for marks in told.marks if service in marks]
        assert numbers == sorted(set(numbers))
        assert numbers[-1] == 500
    gaps = [b - a for a, b in zip(told.marked_at, told.marked_at[1:], strict=False)]
    assert all(gap >= QUICK.marks * 0.9 for gap in gaps)


async def test_an_engine_that_is_coming_up_is_waited_for_quietly(private: Path) -> None:
    pace = QUICK._replace(patience=60.0)
    async with Told(private / "sock", pace).running() as told:
        await told.until(lambda: told.source.asked > 3)
        with ServedEngine(engine(), private / "sock"):
            await told.until(lambda: told.snapshots)
            assert told.said == ["changed"]


async def test_one_that_never_listens_is_missed_at_last(private: Path) -> None:
    async with Told(private / "sock").running() as told:
        await told.until(lambda: told.said == ["gone"])
        with ServedEngine(engine(), private / "sock"):
            await told.until(lambda: told.said == ["gone", "back", "changed"])


async def test_an_engine_that_ends_says_why_and_the_next_one_is_taken(private: Path) -> None:
    async with Told(private / "sock").running() as told:
        with ServedEngine(engine(1), private / "sock") as served:
            await told.until(lambda: told.snapshots)
            served.do(lambda: served.engine.end(1, "users failed: exit 1"))
            await told.until(lambda: told.whys)
        assert told.whys == ["the engine has ended: users failed: exit 1"]
        assert [type(event) for event in told.events] == [Ended]
        assert told.link.away
        with ServedEngine(engine(2), private / "sock"):
            await told.until(lambda: told.said == ["changed", "gone", "back", "changed"])
            assert told.snapshots[-1].project.engine_pid == 2
        await told.until(lambda: len(told.whys) == 2)


async def test_an_engine_that_answers_after_its_end_is_not_taken_for_another(
    private: Path,
) -> None:
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock").running() as told:
            await told.until(lambda: told.snapshots)
            served.do(lambda: served.engine.end(0, "asked to stop"))
            await told.until(lambda: told.whys)
            await told.until(lambda: told.source.asked > 4)
            assert told.said == ["changed", "gone"]


async def test_one_that_is_gone_without_a_word_was_killed(private: Path) -> None:
    async with Told(private / "sock").running() as told:
        with ServedEngine(engine(), private / "sock") as served:
            await told.until(lambda: told.snapshots)
            served.do(served.engine.cut)
        await told.until(lambda: told.whys)
        assert told.whys == ["the engine is gone without a word: it was killed"]


async def test_a_stream_that_broke_while_the_engine_lives_is_just_taken_up_again(
    private: Path,
) -> None:
    pace = QUICK._replace(most=0.0)
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock", pace).running() as told:
            await told.until(lambda: told.snapshots)
            served.do(served.engine.cut)
            served.do(lambda: served.engine.change("users", restarts=1))
            await told.until(lambda: told.snapshots[-1].services[0].restarts == 1)
            await told.until(lambda: served.engine.watched)
            served.do(lambda: served.engine.publish(Notice(at=NOON, text="hello")))
            await told.until(lambda: told.events)
            assert told.said == ["changed"]


async def test_another_engine_at_the_same_place_is_told_from_the_first(private: Path) -> None:
    pace = QUICK._replace(most=0.0)
    with ServedEngine(engine(1), private / "sock") as first:
        async with Told(private / "sock", pace).running() as told:
            await told.until(lambda: told.snapshots)
            with ServedEngine(engine(2), private / "sock"):
                first.do(first.engine.cut)
                await told.until(lambda: told.said == ["changed", "back", "changed"])
                assert told.snapshots[-1].project.engine_pid == 2


async def test_an_engine_that_hangs_is_missed_soon_and_taken_up_again(private: Path) -> None:
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock").running() as told:
            await told.until(lambda: told.snapshots)
            hangs = threading.Event()
            hung = asyncio.create_task(asyncio.to_thread(served.do, lambda: hangs.wait(4)))
            await told.until(lambda: told.link.away)
            assert told.whys == ["the engine does not answer"]
            hangs.set()
            await hung
            await told.until(lambda: not told.link.away)
            assert told.said == ["changed", "gone", "back", "changed"]


async def test_one_that_hangs_for_a_moment_is_not_missed(private: Path) -> None:
    with ServedEngine(engine(), private / "sock") as served:
        async with Told(private / "sock").running() as told:
            await told.until(lambda: told.snapshots)
            steady = time.monotonic() + 2 * QUICK.most
            await told.until(lambda: time.monotonic() > steady)
            await asyncio.to_thread(served.do, lambda: time.sleep(1.4 * QUICK.answer))
            served.do(lambda: served.engine.move("users", State.FAILED, "exit code 1"))
            await told.until(lambda: told.snapshots[-1] == served.engine.snapshot())
            assert told.said == ["changed"]
