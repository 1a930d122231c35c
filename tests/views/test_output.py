"""Who writes the stream, and how far its reader has come."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynaport_tui.headless.output import PIECE, RELIEF, SLUGGISH, Output, OutputGone
from tests.fakes import FakeTime

DEADLINE = 8


def helped() -> bool:
    """Whether a thread writes, or has written."""
    return any(thread.name == "output" for thread in threading.enumerate())


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "out", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    yield fd
    os.close(fd)


async def test_a_file_is_written_at_once(file: int) -> None:
    out = Output(file)
    written = out.write([b"one\n", memoryview(b"two\n")])
    assert os.pread(file, 100, 0) == b"one\ntwo\n"
    assert not helped()
    await written
    assert out.taken == 8
    out.close()


async def test_a_file_whose_disk_is_slow_is_left_to_a_thread_for_a_while(file: int) -> None:
    clock = FakeTime(step=SLUGGISH + 0.01)
    out = Output(file, clock=clock)
    await out.write([b"slow\n"])
    assert not helped()

    clock.step = 0.0
    async with asyncio.timeout(DEADLINE):
        await out.write([b"left\n"])
    assert helped()

    clock.now += RELIEF
    written = out.write([b"back\n"])
    assert os.pread(file, 100, 0) == b"slow\nleft\nback\n"
    await written
    out.close()
    assert not helped()


async def test_a_file_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.touch()
    fd = os.open(path, os.O_RDONLY)
    try:
        out = Output(fd)
        with pytest.raises(OutputGone, match=os.strerror(errno.EBADF)):
            await out.write([b"lost\n"])
        out.close()
    finally:
        os.close(fd)


async def test_of_a_long_write_it_is_known_how_much_a_reader_has_taken() -> None:
    ours, theirs = os.pipe()
    data = bytes(range(256)) * (PIECE // 64)
    try:
        out = Output(theirs)
        written = out.write([data[:1000], data[1000:]])
        read, seen = b"", set()
        async with asyncio.timeout(DEADLINE):
            while len(read) < len(data):
                read += await asyncio.to_thread(os.read, ours, 1 << 16)
                seen.add(out.taken)
            await written
        assert read == data
        assert out.taken == len(data)
        assert len(seen) > 2
        out.close()
    finally:
        os.close(ours)
        os.close(theirs)
