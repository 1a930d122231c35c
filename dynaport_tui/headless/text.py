"""The plain stream for people."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..model.blocks import shown_lines
from ..model.machine import State
from ..model.palette import Palette
from ..model.text import plain
from ..model.view import (
    ASKED_TO_RESTART,
    LogBlock,
    LogLine,
    Notice,
    PortMoved,
    ProjectChanged,
    Reloaded,
    StateChanged,
)
from .calm import Calm
from .readiness import Readiness
from .render import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..model.view import Event, Snapshot
    from .render import Failure, Item, Part

OWN = "dynaport"
"""The name in front of our own lines."""

_RED, _BOLD, _DIM = "31", "1", "2"
_NAMES = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
"""Colours of services, by the index that their names give."""
_WORDS = {
    State.STARTING: "is starting",
    State.READY: "is ready",
    State.UNHEALTHY: "is unhealthy",
    State.STOPPING: "is stopping",
    State.STOPPED: "is stopped",
    State.BACKOFF: "ended",
    State.DONE: "is done",
    State.FAILED: "failed",
}
_BAD = (State.UNHEALTHY, State.BACKOFF, State.FAILED)


class Text(Renderer):
    """Lines for people: time, name, text."""

    def __init__(self, *, colour: bool) -> None:
        self.colour = colour
        self._prefixes: dict[str, str] = {}
        self._palette = Palette()
        self._urls: dict[str, str] = {}
        self._said: dict[str, str] = {}
        """Service -> the cause that was shown last."""
        self._width = len(OWN)
        self._calm = Calm()
        self._readiness = Readiness()
        self._second = -1
        self._clock = ""

    def names(self, services: Iterable[str]) -> None:
        """Make room for these names; a colour once given stays."""
        found = list(services)
        self._width = max([self._width, *map(len, found)])
        for name in [*self._prefixes, *found]:
            self._prefixes[name] = self._prefix(name)

    def begin(self, snapshot: Snapshot) -> str:
        """What runs from which file, and every address."""
        self.know(snapshot)
        ready = self._readiness.begin(snapshot)
        now, count = time.time(), len(snapshot.services)
        head = f"{snapshot.project.name}: {count} {'service' if count == 1 else 'services'}, "
        lines = [self.own(now, head + f"from {snapshot.project.file}")]
        lines += [self.own(now, line) for line in self._addresses(snapshot)]
        lines += [self.own(now, f"{s.id} {s.why}") for s in snapshot.services if s.waiting]
        bad = [s for s in snapshot.services if s.state in _BAD and not s.waiting]
        lines += [self.own(now, f"{s.id} {_WORDS[s.state]}: {s.why}", bad=True) for s in bad]
        lines += [self.own(now, note) for note in snapshot.project.notes]
        if snapshot.project.error:
            lines.append(self.own(now, snapshot.project.error, bad=True))
        if ready:
            lines.append(self.own(now, "everything is ready"))
        return "".join(lines)

    def _addresses(self, snapshot: Snapshot) -> Iterator[str]:
        width = max((len(service) for service in self._urls), default=0)
        for status in snapshot.services:
            if url := self._urls.get(status.id):
                why = f"  ({status.port_why})" if status.port_why else ""
                yield f"  {status.id:{width}}  {url}{why}"

    def parts(self, items: Iterable[Item]) -> list[Part]:
        """A line each; an event that a person need not know of gives none."""
        made: list[Part] = []
        for item in self._calm.kept(list(self._readiness.marked(items))):
            if isinstance(item, LogBlock):
                made += self._block(item)
            else:
                text = self.line(item) if isinstance(item, LogLine) else self.event(item)
                made.append(text.encode("utf-8", "replace"))
        return made

    def end(self, why: str, failures: Sequence[Failure]) -> str:
        """Why it ended, and what is known of each service that failed."""
        now = time.time()
        lines = []
        for failure in failures:
            text = f"{failure.service} failed: {failure.why}"
            if text in why:  # which is to come below
                text = f"{failure.service} failed"
            count = len(failure.lines)
            shown = f"; its last {'line' if count == 1 else f'{count} lines'}:" if count else ""
            lines.append(self.own(now, text + shown, bad=True))
            lines += [self.line(line) for line in failure.lines]
        if why:
            lines.append(self.own(now, f"ended: {why}", bad=bool(failures)))
        return "".join(lines)

    def line(self, line: LogLine) -> str:
        """One line of a service's log."""
        text = line.text
        if "\x1b" in text:
            text = f"{text}\x1b[0m" if self.colour else plain(text)
        return f"{self._start(line.service, line.at)}{text}\n"

    def _block(self, block: LogBlock) -> list[Part]:
        """The same of many lines; in two parts, because there may be a lot of them."""
        start = self._start(block.service, block.at).encode()
        lines = block.data
        if not block.plain:
            lines = shown_lines(lines, colour=self.colour)
        if block.length == 1:
            return [start + lines]
        return [start, memoryview(lines.replace(b"\n", b"\n" + start))[: -len(start)]]

    def _start(self, service: str, at: float) -> str:
        prefix = self._prefixes.get(service)
        if prefix is None:
            self.names([service])
            prefix = self._prefixes[service]
        return f"{self.clock(at)} {prefix}"

    def own(self, at: float, text: str, *, bad: bool = False) -> str:
        """One line of our own, or several where the text has several."""
        start = self._start(OWN, at)
        body = text if self.colour else plain(text)
        return "".join(
            f"{start}{self._painted(part, _RED) if bad else part}\n" for part in body.splitlines()
        )

    def clock(self, at: float) -> str:
        """Local time of day with milliseconds."""
        second, millis = divmod(round(at * 1e6) // 1000, 1000)
        if second != self._second:
            self._second = second
            self._clock = time.strftime("%H:%M:%S", time.localtime(second))
        stamp = f"{self._clock}.{millis:03d}"
        return f"\x1b[{_DIM}m{stamp}\x1b[0m" if self.colour else stamp

    def event(self, event: Event) -> str:
        """One event; empty for those that a person need not know of."""
        match event:
            case StateChanged():
                return self._changed(event)
            case Reloaded():
                return self.own(event.at, _reload(event), bad=not event.ok)
            case ProjectChanged():
                return self._project(event)
            case PortMoved():
                return self._port(event)
            case Notice():
                return self.own(event.at, event.text)
            case _:
                return ""

    def _changed(self, event: StateChanged) -> str:
        before, self._said[event.service] = self._said.get(event.service), event.why
        if event.new is State.STOPPED and event.why == before:
            if event.old is not State.STOPPING:
                return ""  # it had ended already, and the line that said so gave this cause
            return self.own(event.at, f"{event.service} {_WORDS[event.new]}")
        return self.own(event.at, self._state(event), bad=event.new in _BAD)

    def _state(self, event: StateChanged) -> str:
        word = _WORDS[event.new]
        url = self._urls.get(event.service)
        if event.new is State.READY:
            where = f" at {url}" if url else ""
            return f"{event.service} {word}{where}" + (f" ({event.why})" if event.why else "")
        last = word.rpartition(" ")[2]
        if event.why.startswith(last):  # "starting: app.py was saved", "stopped by you"
            return f"{event.service} {word}{event.why.removeprefix(last)}"
        return f"{event.service} {word}" + (f": {event.why}" if event.why else "")

    def _project(self, event: ProjectChanged) -> str:
        if event.error is not None:
            text = f"services.toml has mistakes now, everything stays as it was:\n{event.error}"
            return self.own(event.at, text, bad=True)
        self.names(event.added)
        parts = [
            f"{word} {', '.join(services)}"
            for word, services in (
                ("added", event.added),
                ("took out", event.removed),
                ("concerns", event.changed),
            )
            if services
        ]
        if not parts:
            return self.own(event.at, "services.toml is without mistakes again; nothing changed")
        return self.own(event.at, f"{event.why or 'services.toml changed'}: {'; '.join(parts)}")

    def _port(self, event: PortMoved) -> str:
        port = "no port" if event.port is None else f"port {event.port}"
        url = self._urls.pop(event.service, None)
        if url and event.port is not None:
            self._urls[event.service] = f"{url.rpartition(':')[0]}:{event.port}"
        return self.own(event.at, f"{event.service} has {port} now: {event.why}")

    def know(self, snapshot: Snapshot) -> None:
        """Learn the names and addresses of services that came later."""
        self.names(status.id for status in snapshot.services)
        self._urls = {
            status.id: status.url for status in snapshot.services if status.url and not status.task
        }

    def _prefix(self, name: str) -> str:
        padded = f"{name:{self._width}}"
        code = _BOLD if name == OWN else _NAMES[self._palette.index(name)]
        return f"{self._painted(padded, code)} | "

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def _reload(event: Reloaded) -> str:
    more = len(event.files) - 3
    files = ", ".join(event.files[:3]) + (f" and {more} more" if more > 0 else "")
    if not event.ok:
        which = "" if all(file in event.why for file in event.files) else f" ({files})"
        return f"{event.service} was not reloaded{which}: {event.why}"
    took = f"{event.seconds * 1000:.0f} ms" if event.seconds < 1 else f"{event.seconds:.1f} s"
    done = "restarted" if event.why == ASKED_TO_RESTART else "reloaded"
    return f"{event.service} was {done} in {took}: {files or event.why}"
