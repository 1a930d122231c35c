"""Cuts what a pipe delivers at line ends, without looking at every line."""

from __future__ import annotations

from typing import NamedTuple

PIECE = 65536
"""Bytes of the longest line that is shown in one; a longer one is shown in pieces."""


class Cut(NamedTuple):
    """What may be passed on."""

    raw: bytes
    """Every byte as it came, for the file."""
    lines: bytes
    """For the views: whole lines of at most PIECE bytes, each with its newline."""


class Cutter:
    """Holds back the unfinished line of one stream until its end comes or `flush` is called.

    What is held back never exceeds PIECE bytes. A line that was passed on unfinished goes on as a
    further line for the views, while the raw bytes stay what they were.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._open = False
        """Whether the start of the line now coming was already passed on."""

    @property
    def waiting(self) -> bool:
        """Whether an unfinished line is held back."""
        return bool(self._tail)

    def feed(self, data: bytes | bytearray, size: int | None = None) -> Cut | None:
        """Take the first `size` bytes, which were read; returns the lines that they completed."""
        size = len(data) if size is None else size
        end = data.rfind(b"\n", 0, size) + 1
        raw = b""
        if end:
            # Copied once: it may be the whole of what a pipe holds.
            with memoryview(data) as view:
                raw = b"".join((self._tail, view[:end]))
            self._tail = bytes(data[end:size])
        else:
            self._tail += data[:size]
        if len(self._tail) > PIECE:
            cut = 0
            while len(self._tail) - cut > PIECE:
                cut = _character(self._tail, cut + PIECE)
            raw += self._tail[:cut]
            self._tail = self._tail[cut:]
        return self._pass_on(raw) if raw else None

    def flush(self) -> Cut | None:
        """Pass on the unfinished line as it is."""
        raw, self._tail = self._tail, b""
        return self._pass_on(raw) if raw else None

    def _pass_on(self, raw: bytes) -> Cut:
        # The end of a line that was shown before it ended is no line of its own.
        lines = raw[1:] if self._open and raw.startswith(b"\n") else raw
        self._open = not raw.endswith(b"\n")
        if self._open:
            lines += b"\n"
        return Cut(raw, bounded(lines))


def bounded(lines: bytes) -> bytes:
    """Whole lines, every one longer than PIECE bytes cut, but not inside a character of UTF-8."""
    if not _any_long(lines):
        return lines
    out = []
    for line in lines.split(b"\n")[:-1]:
        start = 0
        while len(line) - start > PIECE:
            end = _character(line, start + PIECE)
            out.append(line[start:end])
            start = end
        out.append(line[start:])
    out.append(b"")
    return b"\n".join(out)


def _any_long(lines: bytes) -> bool:
    start = 0
    while len(lines) - start > PIECE + 1:
        end = lines.rfind(b"\n", start, start + PIECE + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _character(data: bytes, index: int) -> int:
    """`index`, or up to three bytes before it where a character of UTF-8 starts."""
    for start in range(index, index - 4, -1):
        if data[start] & 0xC0 != 0x80:
            return start
    return index
