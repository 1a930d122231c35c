"""A service's log on disk: every byte, in files of bounded size, with a small index of when it
came.
"""

from __future__ import annotations

import contextlib
import os
import struct
from array import array
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..model.view import Stream

MARK_EVERY_MS = 100
TOGETHER = 64 * 1024
"""Bytes up to which small parts are written in one go."""
_MOST = 512
"""Parts in one call; systems allow 1,024."""
_RECORD = struct.Struct("<QQ")
_STREAMS: tuple[Stream, Stream] = ("stdout", "stderr")


class Entry(NamedTuple):
    """Bytes of one stream that came together."""

    data: bytes
    at: float
    """Seconds since 1970."""
    stream: Stream


class Marks:
    """The index of one file: from which offset on bytes came when, and on which stream."""

    def __init__(self, path: Path) -> None:
        """Of the log file `path`; empty when there is no index."""
        values = array("Q")
        with contextlib.suppress(FileNotFoundError):
            data = times_path(path).read_bytes()
            values.frombytes(data[: len(data) // _RECORD.size * _RECORD.size])
        self.offsets = values[::2]
        self._stamps = values[1::2]

    def at(self, index: int) -> float:
        """Seconds since 1970, to a tenth of a second."""
        return (self._stamps[index] >> 1) / 1000

    def stream(self, index: int) -> Stream:
        """On which stream the bytes came."""
        return _STREAMS[self._stamps[index] & 1]

    def begins_run(self, index: int) -> bool:
        """Whether what came here are the first bytes of a run."""
        return index > 0 and self._record(index) == self._record(index - 1)

    def _record(self, index: int) -> tuple[int, int]:
        return self.offsets[index], self._stamps[index]


def log_path(folder: Path, service: str, number: int = 0) -> Path:
    """The log file of a service; `number` counts the rotated ones from 1, the newest first."""
    return folder / (f"{service}.log.{number}" if number else f"{service}.log")


def times_path(path: Path) -> Path:
    """The index beside a log file: records of two 64-bit numbers, the offset and twice the
    milliseconds since 1970, plus 1 for stderr. The first record of a run stands there twice.
    """
    return path.with_name(path.name + ".times")


class LogFile:
    """Appends to a log file and rotates it at line ends; nothing is lost or cut by the rotation.

    `max_size` bytes hold for whole lines: a longer line may fill a file up to twice that, and is
    cut there. An unfinished last line of an earlier run is ended first. Every method may raise
    OSError; what could not be written is kept and is written first the next time. Not thread-safe.
    """

    def __init__(self, folder: Path, service: str, *, max_size: int, keep: int) -> None:
        self._folder = folder
        self._service = service
        self.resize(max_size=max_size, keep=keep)
        self._fd: int | None = None
        self._times: int | None = None
        self._size = 0
        self._line_start = True
        self._rest: deque[bytes] = deque()
        """What is still to be written."""
        self._taken = self._done = 0
        """Bytes so far, and those of them that are written."""
        self._marks: deque[tuple[int, int, int]] = deque()
        """Offset in all that was taken, milliseconds, number of the stream."""
        self._mark: tuple[int, int] | None = None
        """Milliseconds and stream of the last record of this file."""
        self._entry: tuple[int, int] | None = None
        """The same of the entry that was written last, perhaps not to its end."""
        self._records = bytearray()
        self._ran_before = False
        self._begins = True
        """Whether the run has no record yet."""

    def resize(self, *, max_size: int, keep: int) -> None:
        """Rotate after so many bytes, and keep so many rotated files, from now on; may be called
        from any thread.
        """
        self._max, self._keep = max(max_size, 1), keep

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return log_path(self._folder, self._service)

    @property
    def pending(self) -> int:
        """Bytes that could not be written yet."""
        return self._taken - self._done

    def append(self, entries: Iterable[Entry]) -> None:
        """Write the entries, after what is left of earlier ones."""
        for data, at, stream in entries:
            self._marks.append((self._taken, int(at * 1000), _STREAMS.index(stream)))
            self._taken += len(data)
            if data:
                self._rest.append(data)
        self._write()

    def close(self) -> None:
        """Close the files; `append` opens them again."""
        for fd in (self._fd, self._times):
            if fd is not None:
                os.close(fd)
        self._fd = self._times = None
        self._records.clear()

    def _write(self) -> None:
        self._check()
        while self._rest:
            fd = self._open()
            parts = self._next()
            room = self._room(parts[0])
            if room == 0:
                self._rotate()
            elif len(parts) > 1:
                self._wrote(os.writev(fd, parts))
            else:
                self._wrote(os.write(fd, memoryview(parts[0])[:room]))
        self._write_records()

    def _next(self) -> list[bytes]:
        """The first parts of the rest: one, made of several where they are small, or as many as are
        written into this file at once.
        """
        if len(self._rest) > 1 and len(self._rest[0]) < TOGETHER:
            small, size = [], 0
            while self._rest and size < TOGETHER:
                small.append(self._rest.popleft())
                size += len(small[-1])
            self._rest.appendleft(b"".join(small))
        parts = list(islice(self._rest, _MOST))
        fit = self._size + sum(map(len, parts)) <= self._max
        return parts if fit else parts[:1]

    def _wrote(self, count: int) -> None:
        """So many bytes of the rest are in the file now."""
        self._note(count)
        self._done += count
        self._size += count
        while count:
            part = self._rest.popleft()
            self._line_start = part[min(count, len(part)) - 1] == 0x0A
            if count < len(part):
                self._rest.appendleft(part[count:])
                return
            count -= len(part)

    def _room(self, part: bytes) -> int:
        """How many bytes of a part still belong into this file."""
        if self._size + len(part) <= self._max:
            return len(part)
        fits = part.rfind(b"\n", 0, max(self._max - self._size, 0))
        if fits >= 0:
            return fits + 1
        if self._line_start and self._size:
            return 0
        end = part.find(b"\n")
        line = len(part) if end < 0 else end + 1
        return max(min(line, 2 * self._max - self._size), 0)

    def _note(self, count: int) -> None:
        """Add the records for `count` bytes that were just written at the end of the file."""
        start, marks = self._done, self._marks
        if self._mark is None and self._entry and not (marks and marks[0][0] == start):
            self._record(0, *self._entry)
        while marks and marks[0][0] < start + count:
            offset, ms, stream = marks.popleft()
            self._entry = (ms, stream)
            self._record(offset - start, ms, stream)

    def _record(self, offset: int, ms: int, stream: int) -> None:
        last = self._mark
        if last is None or last[1] != stream or ms - last[0] >= MARK_EVERY_MS or ms < last[0]:
            self._mark = (ms, stream)
            record = _RECORD.pack(self._size + offset, ms << 1 | stream)
            self._records += record * 2 if self._begins else record
            self._begins = False

    def _write_records(self) -> None:
        # What a full disk does not take stays for later: half a record would shift all after it.
        while self._records and self._times is not None:
            written = os.write(self._times, self._records)
            del self._records[:written]

    # Files

    def _check(self) -> None:
        """Notice that somebody removed or emptied the file."""
        if self._fd is None:
            return
        found = os.fstat(self._fd)
        if found.st_nlink == 0 or found.st_size < self._size:
            self.close()

    def _open(self) -> int:
        if self._fd is not None:
            return self._fd
        path = self.path
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._size = os.fstat(fd).st_size
            if not self._ran_before and self._size and os.pread(fd, 1, self._size - 1) != b"\n":
                self._size += os.write(fd, b"\n")
            self._times = self._open_times(times_path(path))
        except OSError:
            os.close(fd)
            raise
        self._ran_before = True
        self._mark = None
        self._fd = fd
        self._line_start = True
        return fd

    def _open_times(self, path: Path) -> int:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        found = os.fstat(fd).st_size
        size = found - found % _RECORD.size
        last = os.pread(fd, _RECORD.size, max(size - _RECORD.size, 0)) if size else b""
        if last and _RECORD.unpack(last)[0] > self._size:
            size = 0  # the file was emptied since: its index says nothing true
        if size != found:
            os.ftruncate(fd, size)
        return fd

    def _rotate(self) -> None:
        self._write_records()
        self.close()
        keep, last = self._keep, self._keep
        while log_path(self._folder, self._service, last + 1).exists():
            last += 1  # from a time when more were kept
        for number in range(last, -1, -1):
            old = log_path(self._folder, self._service, number)
            new = log_path(self._folder, self._service, number + 1)
            _move(old, new, drop=number >= keep)
            _move(times_path(old), times_path(new), drop=number >= keep)
        self._size = 0


def _move(old: Path, new: Path, *, drop: bool) -> None:
    with contextlib.suppress(FileNotFoundError):
        if drop:
            old.unlink()
        else:
            old.replace(new)
