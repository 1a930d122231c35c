"""Reads the log files of a service: what an engine does not have in memory, oldest line first."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import deque
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from ..model.text import clean
from ..model.view import LogLine, Stream
from .cutter import PIECE, bounded
from .logfile import Marks, log_path

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_BLOCK = 256 * 1024
_PAST = 1_000_000
"""Bytes that are read of an earlier run."""


class _Line(NamedTuple):
    at: float
    stream: Stream
    data: bytes


class _Start(NamedTuple):
    file: int
    """0 is the newest."""
    offset: int


def paths(folder: Path, service: str) -> list[Path]:
    """The log files of a service that exist, newest first."""
    current = log_path(folder, service)
    rotated = []
    for path in folder.glob("*.log.*"):
        number = path.name.removeprefix(current.name + ".")
        if number.isdecimal():
            rotated.append((int(number), path))
    found = [path for _, path in sorted(rotated)]
    return [current, *found] if current.exists() else found


def read_files(
    folder: Path, service: str, *, lines: int | None = None, since: float | None = None
) -> Iterator[LogLine]:
    """The lines in the files: the newest `lines` of them, those that came at `since` (seconds since
    1970) or later.

    They are numbered from 1. Times are exact to a tenth of a second. Raises OSError for a file that
    cannot be read.
    """
    files = paths(folder, service)
    start = _Start(len(files) - 1, 0)
    if since is not None:
        start = min(start, _since(files, since), key=_age)
    if lines is not None:
        start = min(start, _tail(files, lines), key=_age)
    found: Iterator[_Line] = _read(files, start)
    if lines is not None:
        found = iter(deque(found, maxlen=max(lines, 0)))
    for number, line in enumerate(found, 1):
        yield LogLine(
            service=service, number=number, at=line.at, stream=line.stream, text=clean(line.data)
        )


def read_past(folder: Path, service: str, before: float, limit: int) -> list[LogLine]:
    """The newest `limit` lines of the last run in which the service printed anything, of those that
    began before `before`, in seconds since 1970; at most 1 MB is looked at.

    They are numbered up to -1, so that none is taken for a line of a later run. Raises OSError for
    a file that cannot be read.
    """
    found: deque[_Line] = deque(maxlen=max(limit, 0))
    rest = b""
    for part in reversed(_last_run(folder, service, int(before * 1000) / 1000, limit)):
        place = part.first - len(rest)
        *whole, rest = (rest + part.data).split(b"\n")
        for line in whole:
            found.extend(_pieces(_Line(*_mark(part.marks, place, part.fallback), line)))
            place += len(line) + 1
        if rest and part.newest:
            found.append(_Line(*_mark(part.marks, place, part.fallback), rest))
    return [
        LogLine(
            service=service, number=number, at=line.at, stream=line.stream, text=clean(line.data)
        )
        for number, line in enumerate(found, -len(found))
    ]


class _Part(NamedTuple):
    """What of a run lies in one file."""

    data: bytes
    first: int
    """Its offset."""
    whole: bool
    """Whether the run began here."""
    marks: Marks
    fallback: float
    newest: bool = False


def _last_run(folder: Path, service: str, before: float, lines: int) -> list[_Part]:
    """The end of a run, newest first."""
    parts: list[_Part] = []
    room, left = _PAST, max(lines, 0)
    for path in paths(folder, service):
        part = _part(path, before, room)
        room -= len(part.data)
        if part.data.count(b"\n") > left:
            part = _without(part, _nth_last(part.data, left + 1))
        elif room <= 0 and not part.whole:
            part = _without(part, part.data.find(b"\n") + 1)
        left -= part.data.count(b"\n")
        if part.data:
            parts.append(part._replace(newest=not parts))
        if part.whole or room <= 0 or left <= 0:
            break
    return parts


def _part(path: Path, before: float, room: int) -> _Part:
    """At most `room` bytes; perhaps none."""
    marks = Marks(path)
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        count = bisect_left(range(len(marks.offsets)), before, key=marks.at)
        end = status.st_size if marks.offsets or status.st_mtime < before else 0
        if count < len(marks.offsets):
            end = marks.offsets[count]
        begin = _begin(marks, count, end - room)
        first = max(end - room, 0) if begin is None else begin
        file.seek(first)
        return _Part(file.read(end - first), first, begin is not None, marks, status.st_mtime)


def _without(part: _Part, start: int) -> _Part:
    return part._replace(data=part.data[start:], first=part.first + start)


def _begin(marks: Marks, count: int, lowest: int) -> int | None:
    """The offset from which on the last run before a mark has printed, not below `lowest`."""
    for index in range(count - 1, 0, -1):
        if marks.offsets[index] < lowest:
            break
        if marks.begins_run(index):
            return marks.offsets[index]
    return None


def _age(start: _Start) -> tuple[int, int]:
    return start.file, -start.offset


def _since(files: list[Path], since: float) -> _Start:
    start = _Start(-1, 0)
    for index, path in enumerate(files):
        marks = Marks(path)
        count = len(marks.offsets)
        first = bisect_left(range(count), since, key=marks.at)
        if count == 0 and path.stat().st_mtime >= since:
            start = _Start(index, 0)
        elif first < count:
            start = _Start(index, marks.offsets[first])
        if first > 0:
            break
    return start


def _tail(files: list[Path], lines: int) -> _Start:
    """Where the newest `lines` lines begin."""
    left = lines
    for index, path in enumerate(files):
        with path.open("rb") as file:
            position = file.seek(0, os.SEEK_END)
            ends = index == 0 and position > 0 and _ends_line(file, position)
            left += ends
            while position > 0:
                size = min(_BLOCK, position)
                position -= size
                file.seek(position)
                block = file.read(size)
                count = block.count(b"\n")
                if count >= left:
                    return _Start(index, position + _nth_last(block, left))
                left -= count
    return _Start(len(files) - 1, 0)


def _ends_line(file: BinaryIO, size: int) -> bool:
    file.seek(size - 1)
    return file.read(1) == b"\n"


def _nth_last(block: bytes, number: int) -> int:
    """The offset behind the `number`th newline from the end; the whole block for 0."""
    end = len(block)
    for _ in range(number):
        end = block.rfind(b"\n", 0, end)
    return end + 1 if number else len(block)


def _read(files: list[Path], start: _Start) -> Iterator[_Line]:
    """All lines from `start` on. A line may reach from one file into the next."""
    rest = b""
    for index in range(start.file, -1, -1):
        offset = start.offset if index == start.file else 0
        rest = yield from _read_file(files[index], offset, rest)


def _read_file(path: Path, offset: int, rest: bytes) -> Generator[_Line, None, bytes]:
    """`rest` is the unfinished line before `offset`; returns the one at the end, in the newest file
    an empty one.
    """
    marks = Marks(path)
    is_newest = path.suffix == ".log"
    with path.open("rb") as file:
        file.seek(offset)
        fallback = os.fstat(file.fileno()).st_mtime
        while block := file.read(_BLOCK):
            place = offset - len(rest)
            offset += len(block)
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                yield from _pieces(_Line(*_mark(marks, place, fallback), line))
                place += len(line) + 1
            if len(rest) > PIECE:
                yield from _pieces(_Line(*_mark(marks, place, fallback), rest))
                rest = b""
        if rest and is_newest:
            yield _Line(*_mark(marks, offset - len(rest), fallback), rest)
            rest = b""
    return rest


def _pieces(line: _Line) -> Iterator[_Line]:
    if len(line.data) <= PIECE:
        yield line
        return
    for data in bounded(line.data + b"\n").split(b"\n")[:-1]:
        yield line._replace(data=data)


def _mark(marks: Marks, offset: int, fallback: float) -> tuple[float, Stream]:
    if not marks.offsets:
        return fallback, "stdout"
    index = max(bisect_right(marks.offsets, offset) - 1, 0)
    return marks.at(index), marks.stream(index)
