"""What a service prints: numbered for the views, whole on disk, and never in the engine's way."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from dynaport_tui.engine import attachment, logwriter
from dynaport_tui.engine.cutter import PIECE
from dynaport_tui.engine.logfile import Entry, LogFile
from dynaport_tui.engine.logs import ServiceLog, paths, read_files
from dynaport_tui.model.spec import LogSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from dynaport_tui.engine.attachment import Attachment
    from dynaport_tui.model.view import Stream


class Printing:
    """A service's log with pipes into it."""

    def __init__(self, folder: Path, spec: LogSpec, clock: Callable[[], float]) -> None:
        self.advances: list[int] = []
        self.notices: list[str] = []
        self._moved = asyncio.Event()
        self.folder = folder
        self.log = ServiceLog(
            "users", folder, spec, self._advanced, notice=self._noticed, clock=clock
        )
        self._ends: list[int] = []

    def _advanced(self, service: str, last: int) -> None:
        assert service == "users"
        self.advances.append(last)
        self._moved.set()

    def _noticed(self, text: str) -> None:
        self.notices.append(text)
        self._moved.set()

    def pipe(self, stream: Stream = "stdout") -> tuple[Attachment, int]:
        """What reads, and the descriptor to write to."""
        ours, theirs = os.pipe()
        self._ends.append(theirs)
        return self.log.attach(stream, ours), theirs

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(8):
            while not true():
                self._moved.clear()
                await self._moved.wait()

    async def prints(self, *data: bytes, stream: Stream = "stdout") -> None:
        """One process that prints this and ends."""
        attachment, theirs = self.pipe(stream)
        thread = threading.Thread(target=_write, args=(theirs, data))
        thread.start()
        async with asyncio.timeout(8):
            await attachment.closed
        thread.join()
        self._ends.remove(theirs)

    def texts(self) -> list[str]:
        return [line.text for line in self.log.lines(limit=10**9)]

    @property
    def paths(self) -> list[Path]:
        return paths(self.folder, "users")

    async def written(self) -> bytes:
        """All files in the order of time, after the log was closed."""
        self.log.close()
        await self.log.closed(8)
        return b"".join(path.read_bytes() for path in reversed(self.paths))

    async def end(self) -> None:
        for end in self._ends:
            os.close(end)
        self.log.close()
        await self.log.closed(8)


def _write(fd: int, data: tuple[bytes, ...]) -> None:
    with open(fd, "wb", buffering=0) as pipe:
        for part in data:
            rest = part
            while rest:
                rest = rest[pipe.write(rest) :]


@asynccontextmanager
async def printing(
    folder: Path, *, clock: Callable[[], float] = time.time, **spec: int
) -> AsyncIterator[Printing]:
    printing = Printing(folder, LogSpec(**spec), clock)
    try:
        yield printing
    finally:
        await printing.end()


async def test_lines_are_numbered_from_one_and_tagged_with_their_stream(tmp_path: Path) -> None:
    async with printing(tmp_path, clock=lambda: 1000.5) as service:
        await service.prints(b"one\ntwo\n")
        await service.prints(b"oops\n", stream="stderr")
        lines = service.log.lines()
    assert [(line.number, line.stream, line.text) for line in lines] == [
        (1, "stdout", "one"),
        (2, "stdout", "two"),
        (3, "stderr", "oops"),
    ]
    assert {line.at for line in lines} == {1000.5}
    assert {line.service for line in lines} == {"users"}


async def test_views_pull_the_lines_that_they_can_show(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        await service.prints(b"".join(b"%d\n" % n for n in range(1, 101)))
        log = service.log
    assert [line.number for line in log.lines(after=10, limit=3)] == [11, 12, 13]
    assert log.lines(after=100) == []
    assert (log.first, log.last) == (1, 100)


async def test_memory_keeps_the_newest_lines_and_the_file_all(tmp_path: Path) -> None:
    printed = b"".join(b"line %d\n" % n for n in range(1, 5001))
    async with printing(tmp_path, lines=100) as service:
        await service.prints(printed)
        log = service.log
        assert (log.first, log.last) == (4901, 5000)
        assert [line.number for line in log.lines(limit=10**6)] == list(range(4901, 5001))
        assert await service.written() == printed


async def test_a_line_without_an_end_is_shown_after_a_moment(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        _, pipe = service.pipe()
        os.write(pipe, b"(Pdb) ")
        await service.until(lambda: service.log.last == 1)
        os.write(pipe, b"\nnext\n")
        await service.until(lambda: service.log.last == 2)
        assert service.texts() == ["(Pdb) ", "next"]
        assert await service.written() == b"(Pdb) \nnext\n"


async def test_the_rest_of_a_line_that_was_shown_early_is_a_line_of_its_own(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        _, pipe = service.pipe()
        os.write(pipe, b"loading ...")
        await service.until(lambda: service.log.last == 1)
        os.write(pipe, b" done\n")
        await service.until(lambda: service.log.last == 2)
        assert service.texts() == ["loading ...", " done"]
        assert await service.written() == b"loading ... done\n"


async def test_a_last_line_without_an_end_is_kept(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        await service.prints(b"one\ntwo")
        assert service.texts() == ["one", "two"]
        assert await service.written() == b"one\ntwo"


async def test_lines_of_two_streams_never_mix(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        _, out = service.pipe("stdout")
        _, err = service.pipe("stderr")
        os.write(out, b"half a li")
        await service.until(lambda: service.log.last == 1)
        os.write(err, b"Traceback\n")
        await service.until(lambda: service.log.last == 2)
        os.write(out, b"ne\n")
        await service.until(lambda: service.log.last == 3)
        assert service.texts() == ["half a li", "Traceback", "ne"]
        assert await service.written() == b"half a li\nTraceback\nne\n"


async def test_a_line_of_ten_megabytes_is_cut_for_the_views_alone(tmp_path: Path) -> None:
    endless = "ä".encode() * 5_000_000
    async with printing(tmp_path) as service:
        await service.prints(b"x", endless, b"\nafter\n")
        texts = service.texts()
        assert max(len(text.encode()) for text in texts) <= PIECE
        assert texts[-1] == "after"
        assert "".join(texts[:-1]) == "x" + endless.decode()
        assert await service.written() == b"x" + endless + b"\nafter\n"


async def test_bytes_that_are_no_text_reach_the_file_untouched(tmp_path: Path) -> None:
    odd = b"\xff\xfe caf\xc3\xa9 \x1b[2J\x1b[31mred\x1b[0m\x00\r\n"
    async with printing(tmp_path) as service:
        await service.prints(odd)
        assert service.texts() == ["�� café \x1b[31mred\x1b[0m"]
        assert await service.written() == odd


async def test_a_flood_is_told_at_most_once_a_loop_turn_and_nothing_is_lost(tmp_path: Path) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    block = b"".join(b"%098d\n" % n for n in range(2000))
    async with printing(tmp_path, max_size=3_000_000, keep=20) as service:
        counting = asyncio.create_task(count())
        await service.prints(*[block] * 100)
        counting.cancel()
        await service.until(lambda: service.advances[-1:] == [200_000])
        assert len(service.advances) <= turns
        assert await service.written() == block * 100
        assert len(service.paths) == 7


async def test_many_small_writes_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    lines = [b"%d\n" % number for number in range(5000)]
    async with printing(tmp_path) as service:
        await service.prints(*lines)
        await service.until(lambda: service.advances[-1:] == [5000])
        assert len(service.advances) < 2500
        assert await service.written() == b"".join(lines)


async def test_output_ends_with_whoever_holds_the_pipe_last(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        attachment, pipe = service.pipe()
        os.write(pipe, b"from a grandchild\n")
        assert not await attachment.drain(0.01)
        attachment.close()
        attachment.close()
        assert await attachment.drain(0.01)
        assert service.texts() == ["from a grandchild"]


async def test_a_closed_terminal_is_an_end(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        ours, theirs = os.openpty()
        attachment = service.log.attach("stdout", ours)
        os.write(theirs, b"hello\n")
        os.close(theirs)
        assert await attachment.drain(5)
        assert service.texts() == ["hello"]


async def test_followers_see_whole_new_lines(tmp_path: Path) -> None:
    seen: list[bytes] = []
    async with printing(tmp_path) as service:
        await service.prints(b"before\n")
        stop = service.log.follow(seen.append)
        await service.prints(b"on", b"e\ntwo\n")
        stop()
        stop()
        await service.prints(b"after\n")
    assert b"".join(seen) == b"one\ntwo\n"


async def test_a_new_run_goes_on_in_the_old_file(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        await service.prints(b"first\nunfinished")
    async with printing(tmp_path) as service:
        await service.prints(b"second\n")
        assert [line.number for line in service.log.lines()] == [1]
        assert await service.written() == b"first\nunfinished\nsecond\n"


async def test_a_silent_service_has_no_file(tmp_path: Path) -> None:
    async with printing(tmp_path / "logs") as service:
        await service.prints()
        service.log.close()
        assert service.paths == []


async def test_a_disk_that_refuses_is_said_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logwriter, "RETRY", 0.01)
    monkeypatch.setattr(logwriter, "LIMIT", 100)
    folder = tmp_path / "logs"
    folder.write_text("a file where the folder should be")
    async with printing(folder) as service:
        await service.prints(b"kept\n")
        await service.until(lambda: bool(service.notices))
        await service.prints(b"x" * 200 + b"\n")
        await service.prints(b"lost as well\n")
        folder.unlink()
        await service.until(lambda: len(service.notices) == 2)
        await service.prints(b"new\n")
        assert len(service.texts()) == 4
        written = (await service.written()).decode()
    assert "cannot be written: " in service.notices[0]
    assert str(folder) in service.notices[0]
    assert service.notices[1:] == ["the log of users is written again"]
    assert written.startswith("kept\n\n[dynaport: 214 bytes of output are missing here: ")
    assert written.endswith("]\nnew\n")


async def test_a_slow_disk_makes_the_service_wait_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logwriter, "LIMIT", 1000)
    may_write = threading.Event()
    really_append = LogFile.append

    def append(self: LogFile, entries: list[Entry]) -> None:
        assert may_write.wait(8)
        really_append(self, entries)

    monkeypatch.setattr(LogFile, "append", append)
    async with printing(tmp_path) as service:
        first, pipe = service.pipe()
        os.write(pipe, b"x" * 2000 + b"\n")
        await service.until(lambda: service.log.last == 1)
        os.write(pipe, b"waits in the pipe\n")
        assert not await first.drain(0.05)
        assert service.log.last == 1
        may_write.set()
        await service.until(lambda: service.log.last == 2)
        assert await service.written() == b"x" * 2000 + b"\nwaits in the pipe\n"


async def test_a_line_is_not_shown_unfinished_because_the_service_was_made_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachment, "QUIET", 0.005)
    async with printing(tmp_path) as service:
        reading, pipe = service.pipe()
        unfollow = service.log.follow(lambda _lines: reading.pause())
        os.write(pipe, b"first\nsec")
        await service.until(lambda: service.log.last == 1)
        unfollow()
        os.write(pipe, b"ond\n")
        assert not await reading.drain(0.05)
        reading.resume()
        await service.until(lambda: service.log.last == 2)
        assert service.texts() == ["first", "second"]


async def test_a_line_that_was_cut_at_the_end_of_a_block_is_shown_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachment, "QUIET", 0.005)
    async with printing(tmp_path) as service:
        reading, pipe = service.pipe()
        os.write(pipe, b"x" * 4092 + b"\nsec")
        await service.until(lambda: service.log.last == 1)
        assert not await reading.drain(0.05)
        os.write(pipe, b"ond\n(Pdb) ")
        await service.until(lambda: service.log.last == 3)
        assert service.texts()[1:] == ["second", "(Pdb) "]


async def test_a_disk_that_hangs_holds_nobody_up_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    monkeypatch.setattr(LogFile, "append", lambda _file, _entries: may_write.wait(8))
    async with printing(tmp_path) as service:
        await service.prints(b"hello\n")
        began = time.monotonic()
        service.log.close()
        assert time.monotonic() - began < 1
        await service.log.closed(0.01)
        await service.log.closed(8)
        assert service.notices == ["the disk is too slow: the log of users lacks its last lines"]
        writing = [thread for thread in threading.enumerate() if thread.name == "log of users"]
        assert [thread.daemon for thread in writing] == [True]
        may_write.set()
        await asyncio.to_thread(writing[0].join, 8)


async def test_a_disk_that_refuses_the_last_lines_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    async with printing(folder) as service:
        await service.prints(b"hello\n")
        await asyncio.to_thread(_wait_for, folder / "users.log", b"hello\n")
        service.log.respec(LogSpec(max_size=1))
        (folder / "users.log.1").mkdir()
        (folder / "users.log.2").mkdir()
        (folder / "users.log.2" / "full").touch()
        await service.prints(b"more\n")
        service.log.close()
        await service.log.closed(8)
        assert "cannot be written" in service.notices[0]


async def test_other_bounds_hold_from_then_on(tmp_path: Path) -> None:
    async with printing(tmp_path, lines=100) as service:
        await service.prints(b"".join(b"%d\n" % n for n in range(1, 101)))
        service.log.respec(LogSpec(lines=3, max_size=10, keep=1))
        assert service.texts() == ["98", "99", "100"]
        await service.prints(b"eight...\n")
        assert service.texts() == ["99", "100", "eight..."]
        await service.prints(b"twelve..\n")
        assert await service.written() == b"eight...\ntwelve..\n"


async def test_a_removed_file_is_made_anew(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        await service.prints(b"old\n")
        await asyncio.to_thread(_wait_for, service.folder / "users.log", b"old\n")
        (service.folder / "users.log").unlink()
        await service.prints(b"new\n")
        assert await service.written() == b"new\n"


def _wait_for(path: Path, content: bytes) -> None:
    until = time.monotonic() + 8
    while not (path.exists() and path.read_bytes() == content):
        assert time.monotonic() < until
        time.sleep(0.005)


async def test_what_was_seen_is_read_again_from_the_files(tmp_path: Path) -> None:
    async with printing(tmp_path, clock=lambda: 1234.5) as service:
        await service.prints(b"one\n")
        await service.prints(b"two\n", stream="stderr")
        await service.prints(b"three\n")
        seen = service.log.lines()
    assert list(read_files(tmp_path, "users")) == seen


async def test_a_pipe_that_was_full_is_made_wider_but_few_are_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachment, "MOST_WIDE", 1)
    async with printing(tmp_path) as service:
        (first, one), (second, other) = service.pipe(), service.pipe("stderr")

        def is_past(line: int) -> bool:
            return service.log.last > line

        async def sizes(*pipes: int) -> list[int]:
            for pipe in pipes:
                last = service.log.last
                os.write(pipe, b"x\n" * (attachment.PIPE // 2))
                await service.until(partial(is_past, last))
            return [fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) for pipe in pipes]

        assert await sizes(one, other) == [attachment.WIDE, attachment.PIPE]
        first.close()
        assert await sizes(other) == [attachment.WIDE]
        assert service.log.last == 3 * attachment.PIPE // 2
        second.close()


async def test_an_unfinished_line_behind_a_full_pipe_is_shown_too(tmp_path: Path) -> None:
    async with printing(tmp_path) as service:
        _, pipe = service.pipe()
        os.write(pipe, b"x\n" * (attachment.PIPE // 2 - 2) + b"Go? ")
        await service.until(lambda: service.log.last == attachment.PIPE // 2 - 1)
        assert service.log.lines(service.log.last - 1)[0].text == "Go? "
