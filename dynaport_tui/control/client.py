"""The control socket from the other side: synchronous, and cheap to import."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from ..model.view import (
    ActionError,
    Details,
    Event,
    LogLine,
    LogPage,
    LogQuery,
    Requests,
    Snapshot,
    Traceback,
    Verb,
)
from ..model.wire import UnknownEvent, decode_event, decode_line
from .protocol import (
    HEARTBEAT,
    PREFIX,
    EnvAnswer,
    ErrorAnswer,
    Logs,
    LogsAnswer,
    TracebackAnswer,
    Wish,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

T = TypeVar("T")

_CHUNK = 65536


class NotRunning(Exception):
    """Nobody listens on the control socket: no engine runs for this project."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"no engine listens on {path}")
        self.path = path


class NoAnswer(Exception):
    """The engine is there but does not answer, or not in our language."""


class Client:
    """An engine as it is seen through its control socket.

    Every call opens a connection of its own and raises NotRunning, NoAnswer after `timeout`
    seconds, or ActionError when the engine refuses.
    """

    def __init__(self, path: Path, *, timeout: float = 10.0) -> None:
        self.path = path
        self.timeout = timeout

    def snapshot(self) -> Snapshot:
        """The state of everything now."""
        return self._ask("GET", "/project", Snapshot)

    def logs(self, service: str, after: int = 0, limit: int = 1000) -> list[LogLine]:
        """At most `limit` kept lines numbered above `after`, oldest first."""
        query = urlencode({"after": after, "limit": limit})
        answer = self._ask("GET", f"/logs/{quote(service, safe='')}?{query}", LogsAnswer)
        return [decode_line(line) for line in answer.lines]

    def past(self, service: str, limit: int = 200) -> list[LogLine]:
        """The last lines of the run before this one, numbered up to -1."""
        path = f"/past/{quote(service, safe='')}?limit={limit}"
        return [decode_line(line) for line in self._ask("GET", path, LogsAnswer).lines]

    def page(self, query: LogQuery) -> LogPage:
        """Some lines of one or several logs, merged and filtered."""
        return self._ask("POST", "/lines", LogPage, msgspec.json.encode(query))

    def traceback(self, service: str | None = None) -> Traceback | None:
        """The newest kept traceback of one service or of all."""
        query = f"?service={quote(service, safe='')}" if service else ""
        return self._ask("GET", f"/traceback{query}", TracebackAnswer).traceback

    def details(self, service: str) -> Details:
        """What there is to know of one service beside its row."""
        return self._ask("GET", f"/services/{quote(service, safe='')}", Details)

    def requests(self, service: str, after: int = 0) -> Requests:
        """The last requests that are numbered above `after`."""
        path = f"/services/{quote(service, safe='')}/requests?after={after}"
        return self._ask("GET", path, Requests)

    def env(self, service: str, *, reveal: bool = False) -> dict[str, str]:
        """What dynaport gives to the service, secrets masked unless `reveal`."""
        path = f"/env/{quote(service, safe='')}{'?reveal=1' if reveal else ''}"
        return self._ask("GET", path, EnvAnswer).env

    def act(self, verb: Verb, services: Sequence[str] = ()) -> Snapshot:
        """Change what is wanted and return at once; no service means all of them."""
        wish = Wish(verb=verb, services=list(services))
        return self._ask("POST", "/actions", Snapshot, msgspec.json.encode(wish))

    def down(self) -> None:
        """Begin the orderly stop and return at once."""
        self._ask("POST", "/down", dict[str, Any])

    def events(
        self, services: Sequence[str] = (), logs: Logs = "lines"
    ) -> Iterator[Snapshot | Event | LogLine]:
        """A snapshot, then everything that happens from that instant on, until the engine ends.

        Kinds of events that we do not know are left out. Raises NoAnswer when not even the
        heartbeat arrives for 30 s.
        """
        query = urlencode([("logs", logs), *(("service", name) for name in services)])
        with self._send("GET", f"/events?{query}", timeout=HEARTBEAT * 3) as answer:
            while line := self._waiting(answer.line):
                with suppress(UnknownEvent):
                    if line.strip():
                        yield decode_event(line)

    def snapshots(self, seconds: float) -> Iterator[Snapshot]:
        """The state of everything now and after each change, for at most `seconds`.

        Raises NotRunning as soon as the engine ends.
        """
        deadline = time.monotonic() + seconds
        with self._send("GET", "/events?logs=none") as answer:
            self._waiting(answer.line)  # the snapshot: what follows are changes
            while (left := deadline - time.monotonic()) > 0:
                yield self.snapshot()
                answer.wire.settimeout(max(left, 0.001))
                try:
                    line = answer.line()
                except TimeoutError:
                    return
                except OSError as error:
                    raise NotRunning(self.path) from error
                if not line:
                    raise NotRunning(self.path)

    def wait_listening(self, seconds: float, *, pause: float = 0.02) -> Snapshot:
        """The snapshot of an engine that is just coming up; raises NotRunning after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.snapshot()
            except NotRunning:
                if time.monotonic() > deadline:
                    raise
                time.sleep(pause)

    def _ask(self, method: str, path: str, kind: type[T], body: bytes | None = None) -> T:
        with self._send(method, path, body) as answer:
            data = self._waiting(answer.body)
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.DecodeError as error:
            raise NoAnswer(f"the engine's answer to {path} is not understood: {error}") from error

    def _send(
        self, method: str, path: str, body: bytes | None = None, timeout: float | None = None
    ) -> _Answer:
        wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        wire.settimeout(timeout or self.timeout)
        try:
            self._waiting(lambda: wire.connect(str(self.path)))
            self._waiting(lambda: wire.sendall(request(method, PREFIX + path, body or b"")))
            answer = self._waiting(lambda: _Answer(wire))
            if answer.status >= 400:
                raise refused(answer.status, self._waiting(answer.body))
        except BaseException:
            wire.close()
            raise
        return answer

    def _waiting(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except TimeoutError as error:
            raise NoAnswer(f"the engine behind {self.path} does not answer") from error
        except OSError as error:
            raise NotRunning(self.path) from error


def request(method: str, path: str, body: bytes) -> bytes:
    """The bytes of a request.

    By HTTP/1.0, an answer needs no decoding and ends with its connection;
    http.client would cost every command 30 ms: it imports ssl and email.
    """
    head = f"{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + body


class _Answer:
    """An answer whose head has come; leaving it closes the connection."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self._stream = wire.makefile("rb", _CHUNK)
        self.status = self._status(self._stream.readline(_CHUNK))
        self._length = 0
        while (line := self._stream.readline(_CHUNK)) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                self._length = int(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stream.close()
        self.wire.close()

    def line(self) -> bytes:
        """The next line; empty at the end, also where it comes in the middle of one."""
        line: bytes = self._stream.readline()
        return line if line.endswith(b"\n") else b""

    def body(self) -> bytes:
        """All of it; raises ConnectionError when the engine ended before it had said all."""
        data: bytes = self._stream.read()
        if len(data) < self._length:
            raise ConnectionError("the answer is not complete")
        return data

    @staticmethod
    def _status(line: bytes) -> int:
        version, _, rest = line.partition(b" ")
        if not line:
            raise ConnectionError("no answer")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise NoAnswer("whoever listens on the control socket does not speak HTTP")
        return int(rest[:3])


def refused(status: int, body: bytes) -> Exception:
    """The exception that an answer without success stands for."""
    try:
        error = msgspec.json.decode(body, type=ErrorAnswer).error
    except msgspec.DecodeError:
        return NoAnswer(f"the engine answered {status}")
    return ActionError(error.code, error.message, error.hint)
