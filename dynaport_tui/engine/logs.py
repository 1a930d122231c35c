"""The log of one service: read from its pipes, numbered, kept in memory for the views and in files
for ever.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from ..model.text import clean
from ..model.view import LogLine, Stream
from .attachment import Attachment
from .logfile import Entry, LogFile
from .logread import paths, read_files
from .logwriter import LogWriter
from .ring import RawLine, Ring
from .tails import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ..model.spec import LogSpec
    from .cutter import Cut
    from .errorcount import ErrorCount

__all__ = ["Attachment", "ServiceLog", "paths", "read_files"]


FLOOD = 64 * 1024
"""Bytes that come at once when a service prints more than anybody reads."""
PACE = 0.002
"""Seconds from one word on a flood to the next."""


class ServiceLog:
    """Takes every byte that the processes of one service print, one after the other.

    `advanced(service, last)` is called at most once a loop turn. `notice(text)` says what a person
    should know: that the file cannot be written, and that it can be again. Lines are numbered from
    1 for the life of this object; a file of an earlier run is continued. All methods belong to the
    loop's thread, and none blocks it.
    """

    def __init__(
        self,
        service: str,
        folder: Path,
        spec: LogSpec,
        advanced: Callable[[str, int], None],
        *,
        notice: Callable[[str], None] = lambda _text: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.service = service
        self.folder = folder
        self.born = clock()
        """Seconds since 1970; what is older in the files is of an earlier run."""
        self._advanced = advanced
        self._clock = clock
        self.ring = Ring(spec.lines)
        """The newest lines; to be read only."""
        self._at = 0.0
        """Of the newest line."""
        self._errors: ErrorCount | None = None
        """Made when there is a first line to look at: no start waits for what it imports."""
        self._file = LogFile(folder, service, max_size=spec.max_size, keep=spec.keep)
        self._writer = LogWriter(self._file, name=service, notice=notice, room=self._resume)
        self._attachments: set[Attachment] = set()
        self._unfinished: Attachment | None = None
        """Who wrote the last bytes, when they were no whole line."""
        self._followers: dict[int, Callable[[bytes], None]] = {}
        self._next_follower = 0
        self._places: list[Place] = []
        self._announcing = False
        self._paused = False

    @property
    def last(self) -> int:
        """Number of the newest line, 0 when there is none."""
        return self.ring.last

    @property
    def first(self) -> int:
        """Number of the oldest line that is still kept, 1 more than `last` when there is none."""
        return self.ring.first

    @property
    def errors(self) -> int:
        """Errors and tracebacks so far; in a flood an estimate."""
        return 0 if self._errors is None else self._errors.total

    def attach(self, stream: Stream, fd: int) -> Attachment:
        """Read `fd`, which is ours from now on, until its end."""
        attachment = Attachment(stream, fd, self._take, self._attachments.discard)
        self._attachments.add(attachment)
        if self._paused:
            attachment.pause()
        return attachment

    def lines(self, after: int = 0, limit: int = 1000) -> list[LogLine]:
        """At most `limit` kept lines numbered above `after`, oldest first."""
        return [self.shown(raw) for raw in self.ring.lines(after, limit)]

    def shown(self, raw: RawLine) -> LogLine:
        """A line of the ring as views take it."""
        return LogLine(
            service=self.service,
            number=raw.number,
            at=raw.at,
            stream=raw.stream,
            text=clean(raw.data),
        )

    def follow(self, seen: Callable[[bytes], None]) -> Callable[[], None]:
        """Call `seen` with each block of whole new lines, uncleaned, as it comes; returns what ends
        that.
        """
        key = self._next_follower
        self._next_follower += 1
        self._followers[key] = seen
        return lambda: _forget(self._followers, key)

    def enter(self) -> Place:
        """A view's place at the oldest kept line, until `leave`."""
        self._places.append(Place(self.ring, self._moved))
        self._moved()
        return self._places[-1]

    def leave(self, place: Place) -> None:
        """Wait no longer for that view."""
        self._places.remove(place)
        self._moved()

    async def drain(self, seconds: float) -> None:
        """Wait at most `seconds` for the end of all that is attached."""
        await asyncio.gather(*(attachment.drain(seconds) for attachment in self._attachments))

    def close(self) -> None:
        """Close every attachment and begin to write what waits; safe to repeat."""
        for attachment in tuple(self._attachments):
            attachment.close()
        self._writer.close()

    async def closed(self, seconds: float) -> None:
        """After `close`: wait at most `seconds` until all is written, and give notice of what is
        not.
        """
        await self._writer.closed(seconds)

    def respec(self, spec: LogSpec) -> None:
        """Keep so much from now on."""
        self.ring.resize(spec.lines)
        self._file.resize(max_size=spec.max_size, keep=spec.keep)

    def _take(self, attachment: Attachment, cut: Cut) -> None:
        # A wall clock that is set back must not bring lines out of order.
        at = self._at = max(self._clock(), self._at)
        raw = cut.raw
        if self._unfinished not in (None, attachment):
            raw = b"\n" + raw
        self._unfinished = None if raw.endswith(b"\n") else attachment
        self._writer.put(Entry(raw, at, attachment.stream))
        if cut.lines:
            self.ring.append(cut.lines, at, attachment.stream, look=bool(self._places))
            self._count(cut.lines, at)
            for seen in tuple(self._followers.values()):
                seen(cut.lines)
            for place in self._places:
                place.came(len(cut.lines))
            self._announce(len(cut.lines))
        if self._must_wait():
            self._pause()

    def _count(self, lines: bytes, at: float) -> None:
        if self._errors is None:
            from .errorcount import ErrorCount

            self._errors = ErrorCount()
        self._errors.feed(lines, at)

    def _announce(self, size: int) -> None:
        if not self._announcing:
            self._announcing = True
            loop = asyncio.get_running_loop()
            if size < FLOOD:
                loop.call_soon(self._tell)
            else:
                loop.call_later(PACE, self._tell)

    def _tell(self) -> None:
        self._announcing = False
        self._advanced(self.service, self.last)

    def _must_wait(self) -> bool:
        """For the disk or for a view."""
        return self._writer.full or any(place.awaited for place in self._places)

    def _moved(self) -> None:
        kept = [place.kept for place in self._places]
        self.ring.pin(min((number for number in kept if number is not None), default=None))
        self._resume()

    def _pause(self) -> None:
        self._paused = True
        _each(self._attachments, Attachment.pause)

    def _resume(self) -> None:
        if self._paused and not self._must_wait():
            self._paused = False
            _each(self._attachments, Attachment.resume)


def _each(attachments: Iterable[Attachment], do: Callable[[Attachment], None]) -> None:
    for attachment in tuple(attachments):
        do(attachment)


def _forget(followers: dict[int, Callable[[bytes], None]], key: int) -> None:
    followers.pop(key, None)
