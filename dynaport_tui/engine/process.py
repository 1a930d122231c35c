"""One start of one service: its descriptors, what it reports, and how it ends."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ..model.requests import Answered
from .spawning import PROGRAM
from .stamps import Stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..model.launch import Launch
    from ..model.reports import Start
    from ..model.view import Stream
    from .logs import Attachment, ServiceLog

_OUTPUT: tuple[Stream, ...] = ("stdout", "stderr")

REPORT_LINE_MAX = 1 << 20
"""Bytes of one report; a longer one is nonsense and ends the channel."""


class _Told(msgspec.Struct, frozen=True, kw_only=True, tag_field="report"):
    """One line of the channel; keys that are not named here are left out."""


class Serves(_Told, frozen=True, kw_only=True, tag="ready"):
    """It listens; `app` where our own runner answers inside it."""

    scheme: Literal["http", "https"] = "http"
    app: bool = True


class Loads(_Told, frozen=True, kw_only=True, tag="files"):
    """It loads these files, which look so now."""

    files: list[str]
    stamps: list[Stamp | None]


class Ends(_Told, frozen=True, kw_only=True):
    """It cannot serve."""

    why: str
    file: str | None = None
    line: int | None = None
    again: bool = True
    """Whether another try may go better without another code."""


class Broke(Ends, frozen=True, kw_only=True, tag="error"):
    """It cannot go on."""


class CameToEnd(Ends, frozen=True, kw_only=True, tag="ended"):
    """It ended without an error and without having served."""


class Elsewhere(_Told, frozen=True, kw_only=True, tag="elsewhere"):
    """It listens on a port that is not its own."""

    port: int


class Retired(_Told, frozen=True, kw_only=True, tag="retired"):
    """It accepts no connection any more, and ends when it has answered what it has."""


class Works(_Told, frozen=True, kw_only=True, tag="worker"):
    """A worker of a server that is not ours has loaded the app and serves."""

    pid: int
    scheme: Literal["http", "https"] = "http"


class Unhooked(_Told, frozen=True, kw_only=True, tag="unhooked"):
    """A server that is not ours cannot say when its workers serve."""


class Imports(_Told, frozen=True, kw_only=True, tag="imports"):
    """It imported these modules by itself; its nursery did not have them."""

    modules: list[str]
    sets: list[str] = []
    """All variables to which it gave another value."""


class Answers(_Told, frozen=True, kw_only=True, tag="requests"):
    """It answered these requests."""

    requests: list[Answered]
    dropped: int = 0
    """Those that it could not tell of, because we did not listen fast enough."""


Told = (
    Answers | Serves | Works | Unhooked | Loads | Imports | Broke | Elsewhere | Retired | CameToEnd
)

_told = msgspec.json.Decoder(Told)


class ReportChannel:
    """What a service that we run or overhear tells the engine, a JSON object a line, and what it
    is told, a word a line.
    """

    def __init__(self, heard: Callable[[Told], None]) -> None:
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._ours, self.theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._loop.add_reader(self._ours, self.read)
        self._open = True

    def read(self) -> None:
        """Take in all that has arrived."""
        while self._open:
            try:
                data = self._ours.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data or len(self._buffer) > REPORT_LINE_MAX:
                self.close()
                return
            *lines, self._buffer = (self._buffer + data).split(b"\n")
            for line in lines:
                self._hear(line)

    def say(self, word: Literal["go", "retire"]) -> bool:
        """Tell the service; whether it can have heard."""
        if not self._open:
            return False
        try:
            self._ours.send(f"{word}\n".encode())
        except OSError:
            return False
        return True

    def _hear(self, line: bytes) -> None:
        try:
            report = _told.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # a child that a service forked may have torn a line; the next one counts
        self._heard(report)

    def close(self) -> None:
        """Stop listening; safe to repeat."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._ours)
            self._ours.close()
        self.theirs.close()


class Streams:
    """The pipes, or the terminal, that a process writes to."""

    def __init__(self, *, tty: bool) -> None:
        self.tty = tty
        if tty:
            self._terminal()
        else:
            self._pipes()

    def _pipes(self) -> None:
        self.ours: dict[Stream, int] = {}
        self.theirs: dict[str, int] = {}
        try:
            for name in _OUTPUT:
                self.ours[name], self.theirs[name] = os.pipe()
        except OSError:
            self.close()
            raise

    def _terminal(self) -> None:
        import fcntl
        import struct
        import termios

        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.ours = {"stdout": ours}
        self.theirs = {"stdin": theirs, "stdout": theirs, "stderr": theirs}

    def attach(self, log: ServiceLog) -> list[Attachment]:
        """Give our ends to the log, which closes each at its end."""
        return [log.attach(name, self.ours.pop(name)) for name in tuple(self.ours)]

    def close(self) -> None:
        """Close the ends that the process was given, and those of ours that nobody took."""
        for fd in {*self.theirs.values(), *self.ours.values()}:
            os.close(fd)
        self.ours, self.theirs = {}, {}


def spawn_message(
    action: Start, spawn: int, fds: Mapping[str, int], *, mark: str, notify: str | None
) -> dict[str, Any]:
    """The frame that asks a nursery for this start; `fds` are attached in their order.

    Another server than our runner gets no NOTIFY_SOCKET: gunicorn says READY=1 before it has loaded
    the app.
    """
    launch = action.launch
    env = {**launch.env, **launch.peers, "DYNAPORT_MARK": mark}
    if notify is not None:
        env["NOTIFY_SOCKET"] = notify
    if launch.foreign and action.fresh:
        env["DYNAPORT_FRESH"] = "1"
    return {
        "op": "spawn",
        "id": spawn,
        "kind": "exec" if launch.kind == "command" else launch.kind,
        "argv": _overheard(launch) if launch.foreign else list(launch.argv),
        "cwd": launch.cwd,
        "env": env,
        "fds": list(fds),
        "mark": mark,
        "name": action.service,
        "host": launch.host,
        "port": launch.port,
        "hand_down": launch.hand_down,
        # A server that is told of descriptor 3 by its command line must not find it twice.
        "listen_names": ["http"] if launch.server == "werkzeug" else [],
        "debug": launch.debug,
        "fresh": action.fresh,
        "cold": (action.cold or not launch.warm) and launch.kind != "command",
        "waits": action.candidate,
        "tty": launch.tty,
        "epoch": action.run,
    }


def _overheard(launch: Launch) -> list[str]:
    """`python -m SERVER ...`, run by our own program."""
    python, _m, *command = launch.argv
    return [python, str(PROGRAM), *command]
