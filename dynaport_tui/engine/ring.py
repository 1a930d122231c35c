"""The newest lines of a service in memory, as the chunks of bytes in which they came."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from ..model.blocks import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.view import Stream

RING_BYTES = 32 * 1024 * 1024
_OVERHEAD = 250
"""Bytes that Python spends on a chunk besides its data."""
_CUT = 4
_SAMPLE = 2048
_LONG = 50
"""Bytes of a line, on average."""


class Chunk(NamedTuple):
    """Whole lines that were read together: `data` ends with a newline."""

    first: int
    """Number of its first line."""
    length: int
    at: float
    """Seconds since 1970."""
    stream: Stream
    data: bytes
    plain: bool = False
    """Whether it is known to hold nothing but printable ASCII and tabs."""


class RawLine(NamedTuple):
    """One line as it came, without its newline."""

    number: int
    at: float
    stream: Stream
    data: bytes


class Ring:
    """Numbers lines from 1 without gaps and keeps the newest; bounded in lines and in bytes.

    Appending costs the same for a chunk of any size: lines are cut only when they are asked for.
    Times must not go back from one chunk to the next: lines are found by them.
    """

    def __init__(self, lines: int, size: int = RING_BYTES) -> None:
        self._lines = max(lines, 1)
        self._size = size
        self._chunks: list[Chunk] = []
        self._head = 0
        """Chunks before this one are dropped already and wait for the list to be compacted."""
        self._bytes = 0
        self._cut: dict[int, list[bytes]] = {}
        self._pin: int | None = None
        self.last = 0
        """Number of the newest line."""

    @property
    def first(self) -> int:
        """Number of the oldest line kept; 1 more than `last` when there is none."""
        if self._head == len(self._chunks):
            return self.last + 1
        return max(self._chunks[self._head].first, self.last - self._lines + 1)

    def resize(self, lines: int) -> None:
        """Keep so many lines from now on."""
        self._lines = max(lines, 1)
        self._trim()

    def pin(self, after: int | None) -> None:
        """Keep everything after this line until another word, however much that is."""
        self._pin = after
        self._trim()

    def append(self, data: bytes, at: float, stream: Stream, *, look: bool = False) -> int:
        """Keep the whole lines of `data`, which ends with a newline; returns how many they are.

        `look`: find out whether they are plain.
        """
        count, plain = counted(data) if look else (line_ends(data), False)
        self._chunks.append(Chunk(self.last + 1, count, at, stream, data, plain))
        self.last += count
        self._bytes += len(data) + _OVERHEAD
        self._trim()
        return count

    def lines(self, after: int, limit: int) -> Iterator[RawLine]:
        """At most `limit` kept lines numbered above `after`, oldest first."""
        number = max(after + 1, self.first)
        end = min(number + limit, self.last + 1)
        index = self._index(number)
        while number < end:
            chunk = self._chunks[index]
            cut = self._lines_of(chunk)
            for data in cut[number - chunk.first : end - chunk.first]:
                yield RawLine(number, chunk.at, chunk.stream, data)
                number += 1
            index += 1

    def lines_before(self, number: int) -> Iterator[RawLine]:
        """The kept lines numbered below `number`, newest first; not to be used across an append."""
        index = self._index(number - 1)
        while index >= self._head and number > self.first:
            chunk = self._chunks[index]
            cut = self._lines_of(chunk)
            for data in reversed(cut[max(self.first - chunk.first, 0) : number - chunk.first]):
                number -= 1
                yield RawLine(number, chunk.at, chunk.stream, data)
            index -= 1

    def line(self, number: int) -> RawLine | None:
        """One line; None when it is not kept."""
        return next(self.lines(number - 1, 1), None) if number >= self.first else None

    def until(self, at: float, *, included: bool) -> int:
        """Number of the last line that came before `at`, or also at it; `first - 1` when there is
        none.
        """
        find = bisect_right if included else bisect_left
        index = find(self._chunks, at, lo=self._head, key=_at) - 1
        if index < self._head:
            return self.first - 1
        return self._chunks[index].first + self._chunks[index].length - 1

    def chunks(self, number: int, size: int, *, backward: bool) -> list[Chunk]:
        """The chunk with this line and those after or before it, in order, until they hold `size`
        bytes; empty when the line is not kept.
        """
        if not self.first <= number <= self.last:
            return []
        index = self._index(number)
        run = []
        stop, step = (self._head - 1, -1) if backward else (len(self._chunks), 1)
        for i in range(index, stop, step):
            run.append(self._chunks[i])
            size -= len(self._chunks[i].data)
            if size <= 0:
                break
        return run[::step]

    def after(self, number: int, size: int) -> list[Chunk]:
        """The lines after this one, as many chunks as hold `size` bytes; at least one where there
        is one. Pinned ones are among them.
        """
        if number >= self.last or self._head == len(self._chunks):
            return []
        index = max(self._index(number + 1), self._head)
        run = []
        for i in range(index, len(self._chunks)):
            run.append(self._chunks[i])
            size -= len(run[-1].data)
            if size <= 0:
                break
        if (passed := number + 1 - run[0].first) > 0:
            run[0] = _without(run[0], passed)
        return run

    def _index(self, number: int) -> int:
        """Of the chunk that holds a line; one before the head's when there is none."""
        return bisect_right(self._chunks, number, lo=self._head, key=_first) - 1

    def _lines_of(self, chunk: Chunk) -> list[bytes]:
        if chunk.length == 1:
            return [chunk.data[:-1]]
        found = self._cut.get(chunk.first)
        if found is None:
            # A view asks again and again for the few chunks on its screen.
            while len(self._cut) >= _CUT:
                del self._cut[next(iter(self._cut))]
            found = self._cut[chunk.first] = chunk.data.split(b"\n")[:-1]
        return found

    def _trim(self) -> None:
        chunks = self._chunks
        while self._head < len(chunks) - 1:
            oldest = chunks[self._head]
            enough = self.last - oldest.first - oldest.length + 1 >= self._lines
            if not enough and self._bytes <= self._size:
                break
            if self._pin is not None and oldest.first + oldest.length - 1 > self._pin:
                break
            self._bytes -= len(oldest.data) + _OVERHEAD
            chunks[self._head] = _GONE
            self._head += 1
        if self._head > 64 and self._head * 2 > len(chunks):
            del chunks[: self._head]
            self._head = 0


def line_ends(data: bytes) -> int:
    """How many there are."""
    # `count` compares byte by byte, `replace` leaps from one to the next: quicker in long lines.
    if len(data) > _SAMPLE and data.count(b"\n", 0, _SAMPLE) < _SAMPLE // _LONG:
        return len(data) - len(data.replace(b"\n", b""))
    return data.count(b"\n")


_GONE = Chunk(0, 0, 0.0, "stdout", b"")


def _without(chunk: Chunk, lines: int) -> Chunk:
    """A chunk without its first lines."""
    data = chunk.data.split(b"\n", lines)[lines]
    return chunk._replace(first=chunk.first + lines, length=chunk.length - lines, data=data)


def _first(chunk: Chunk) -> int:
    return chunk.first


def _at(chunk: Chunk) -> float:
    return chunk.at
