"""The newest lines of a service in memory, as the chunks of bytes in which they came."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.view import Stream

RING_BYTES = 32 * 1024 * 1024
_OVERHEAD = 250
"""Bytes that Python spends on a chunk besides its data."""
_CUT = 4


class Chunk(NamedTuple):
    """Whole lines that were read together: `data` ends with a newline."""

    first: int
    """Number of its first line."""
    length: int
    at: float
    """Seconds since 1970."""
    stream: Stream
    data: bytes


class RawLine(NamedTuple):
    """One line as it came, without its newline."""

    number: int
    at: float
    stream: Stream
    data: bytes


class Ring:
    """Numbers lines from 1 without gaps and keeps the newest; bounded in lines and in bytes.

    Appending costs the same for a chunk of any size: lines are cut only when they are asked for.
    """

    def __init__(self, lines: int, size: int = RING_BYTES) -> None:
        self._lines = max(lines, 1)
        self._size = size
        self._chunks: list[Chunk] = []
        self._head = 0
        """Chunks before this one are dropped already and wait for the list to be compacted."""
        self._bytes = 0
        self._cut: dict[int, list[bytes]] = {}
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

    def append(self, data: bytes, at: float, stream: Stream) -> int:
        """Keep the whole lines of `data`, which ends with a newline; returns how many they are."""
        count = data.count(b"\n")
        self._chunks.append(Chunk(self.last + 1, count, at, stream, data))
        self.last += count
        self._bytes += len(data) + _OVERHEAD
        self._trim()
        return count

    def lines(self, after: int, limit: int) -> Iterator[RawLine]:
        """At most `limit` kept lines numbered above `after`, oldest first."""
        number = max(after + 1, self.first)
        end = min(number + limit, self.last + 1)
        index = bisect_right(self._chunks, number, lo=self._head, key=_first) - 1
        while number < end:
            chunk = self._chunks[index]
            cut = self._lines_of(chunk)
            for data in cut[number - chunk.first : end - chunk.first]:
                yield RawLine(number, chunk.at, chunk.stream, data)
                number += 1
            index += 1

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
            self._bytes -= len(oldest.data) + _OVERHEAD
            chunks[self._head] = _GONE
            self._head += 1
        if self._head > 64 and self._head * 2 > len(chunks):
            del chunks[: self._head]
            self._head = 0


_GONE = Chunk(0, 0, 0.0, "stdout", b"")


def _first(chunk: Chunk) -> int:
    return chunk.first
