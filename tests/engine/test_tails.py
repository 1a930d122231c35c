"""A view that is to miss nothing is waited for, within bounds and only while it wants that."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaport_tui.engine import attachment as attachment_
from dynaport_tui.engine import tails
from dynaport_tui.engine.ring import Ring
from dynaport_tui.engine.tails import Tail
from tests.engine.test_logs import printing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dynaport_tui.engine.logs import ServiceLog
    from dynaport_tui.model.view import LogBlock


def tail_of(log: ServiceLog) -> Tail:
    """One that nobody else knows of."""
    tail = Tail(lambda _tail: None)
    tail.add(log)
    return tail


def taken(tail: Tail) -> Iterator[LogBlock]:
    """All that is there."""
    while blocks := tail.blocks("users"):
        yield from blocks


def numbers(blocks: list[LogBlock]) -> list[int]:
    """The lines of blocks, which say their own numbers."""
    found = [int(line) for block in blocks for line in block.data.split()]
    assert found == [n for block in blocks for n in range(block.first, block.last + 1)]
    return found


def numbered(first: int, last: int) -> bytes:
    return b"".join(b"%d\n" % number for number in range(first, last + 1))


async def test_it_gives_every_line_once_however_few_are_kept(tmp_path: Path) -> None:
    async with printing(tmp_path, lines=1) as service:
        tail = tail_of(service.log)
        await service.prints(numbered(1, 3), b"4\n")
        found = list(taken(tail))
        await service.prints(numbered(5, 9))
        found += taken(tail)
        assert numbers(found) == list(range(1, 10))
        assert {block.service for block in found} == {"users"}
        assert service.log.first == 9


async def test_a_service_that_is_too_far_ahead_waits_until_the_view_has_come_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "LEAD", 1000)
    async with printing(tmp_path, lines=10) as service:
        tail = tail_of(service.log)
        first, pipe = service.pipe()
        os.write(pipe, numbered(1, 500))
        await service.until(lambda: service.log.last == 500)
        os.write(pipe, numbered(501, 502))
        assert not await first.drain(0.05)
        assert service.log.last == 500
        found = list(taken(tail))
        await service.until(lambda: service.log.last == 502)
        assert numbers([*found, *taken(tail)]) == list(range(1, 503))


async def test_nobody_waits_for_a_view_that_let_go_or_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "LEAD", 1000)
    async with printing(tmp_path, lines=100) as service:
        one, other = tail_of(service.log), tail_of(service.log)
        _, pipe = service.pipe()
        os.write(pipe, numbered(1, 500))
        await service.until(lambda: service.log.last == 500)
        os.write(pipe, numbered(501, 1000))
        one.let_go()
        other.close()
        await service.until(lambda: service.log.last == 1000)
        os.write(pipe, numbered(1001, 1500))
        await service.until(lambda: service.log.last == 1500)
        assert other.blocks("users") == []


async def test_who_was_overtaken_goes_on_well_behind_the_gap_and_can_be_waited_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "LEAD", 1000)
    async with printing(tmp_path, lines=100) as service:
        tail = tail_of(service.log)
        tail.let_go()
        for first in range(1, 1000, 10):
            service.log.ring.append(numbered(first, first + 9), 1.0, "stdout")
        found = numbers(list(taken(tail)))
        assert 910 < found[0] < 990
        assert found[-1] == 1000
        tail.hold()
        first_pipe, pipe = service.pipe()
        os.write(pipe, numbered(1001, 1500))
        await service.until(lambda: service.log.last == 1500)
        os.write(pipe, b"1501\n")
        assert not await first_pipe.drain(0.05)
        assert service.log.last == 1500
        assert numbers(list(taken(tail))) == list(range(1001, 1501))
        await service.until(lambda: service.log.last == 1501)


async def test_a_flood_reaches_a_view_that_takes_its_time_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "LEAD", 100_000)
    async with printing(tmp_path, lines=10) as service:
        tail = tail_of(service.log)
        attachment, pipe = service.pipe()
        writer = threading.Thread(target=_write, args=(pipe, numbered(1, 300_000)))
        writer.start()
        found: list[LogBlock] = []

        def last() -> int:
            return found[-1].last if found else 0

        async with asyncio.timeout(8):
            while last() < 300_000:
                await service.until(lambda: service.log.last > last())
                kept = service.log.ring.after(last(), 1 << 40)
                assert sum(len(chunk.data) for chunk in kept) <= 100_000 + attachment_.CHUNK
                found += taken(tail)
        await asyncio.to_thread(writer.join)
        assert not attachment.closed.done()
        assert numbers(found) == list(range(1, 300_001))


async def test_of_a_service_that_is_not_there_there_is_nothing(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        tail = tail_of(service.log)
        await service.prints(b"1\n")
        assert tail.blocks("orders") == []
        tail.drop("users")
        tail.drop("users")
        assert tail.blocks("users") == []


@settings(deadline=None, max_examples=50)
@given(
    chunks=st.lists(st.integers(1, 9), max_size=40),
    kept=st.integers(1, 30),
    pinned=st.integers(0, 100),
    after=st.integers(0, 400),
)
def test_what_follows_a_pinned_line_stays_until_it_is_let_go(
    chunks: list[int], kept: int, pinned: int, after: int
) -> None:
    ring = Ring(kept)
    ring.pin(pinned)
    for count in chunks:
        ring.append(numbered(ring.last + 1, ring.last + count), 1, "stdout")
    found = [
        int(line)
        for chunk in ring.after(max(after, pinned), 1 << 40)
        for line in chunk.data.split()
    ]
    assert found == list(range(max(after, pinned) + 1, ring.last + 1))
    ring.pin(None)
    assert [int(line.data) for line in ring.lines(0, 10**9)] == list(
        range(max(1, ring.last - kept + 1), ring.last + 1)
    )
    assert len(ring.after(0, 1 << 40)) <= kept + 1


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
