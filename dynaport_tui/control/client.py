"""The control socket from the other side: synchronous, and cheap to import."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from ..model.view import ActionError, Event, LogLine, Snapshot, Verb
from ..model.wire import decode_event, decode_line
from .protocol import (
    HEARTBEAT,
    PREFIX,
    EnvAnswer,
    ErrorAnswer,
    Logs,
    LogsAnswer,
    Wish,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

T = TypeVar("T")

_JSON = {"Content-Type": "application/json"}


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

        Raises NoAnswer when not even the heartbeat arrives for 30 s.
        """
        query = urlencode([("logs", logs), *(("service", name) for name in services)])
        with closing(self._connect(HEARTBEAT * 3)) as connection:
            response = self._send(connection, "GET", f"/events?{query}", None)
            while line := self._waiting(response.readline):
                if line.strip():
                    yield decode_event(line)

    def snapshots(self, seconds: float) -> Iterator[Snapshot]:
        """The state of everything now and after each change, for at most `seconds`.

        Raises NotRunning as soon as the engine ends.
        """
        deadline = time.monotonic() + seconds
        with closing(self._connect(self.timeout)) as connection:
            wire = connection.sock
            response = self._send(connection, "GET", "/events?logs=none", None)
            self._waiting(response.readline)  # the snapshot: what follows are changes
            while (left := deadline - time.monotonic()) > 0:
                yield self.snapshot()
                wire.settimeout(max(left, 0.001))
                try:
                    line = response.readline()
                except TimeoutError:
                    return
                except (OSError, http.client.HTTPException) as error:
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
        with closing(self._connect(self.timeout)) as connection:
            response = self._send(connection, method, path, body)
            data = self._waiting(response.read)
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.DecodeError as error:
            raise NoAnswer(f"the engine's answer to {path} is not understood: {error}") from error

    def _connect(self, timeout: float) -> _UnixConnection:
        connection = _UnixConnection(self.path, timeout)
        try:
            connection.connect()
        except TimeoutError as error:
            raise NoAnswer(f"the engine behind {self.path} does not answer") from error
        except OSError as error:
            raise NotRunning(self.path) from error
        return connection

    def _send(
        self, connection: _UnixConnection, method: str, path: str, body: bytes | None
    ) -> http.client.HTTPResponse:
        def exchange() -> http.client.HTTPResponse:
            connection.request(method, PREFIX + path, body, _JSON if body else {})
            return connection.getresponse()

        response = self._waiting(exchange)
        if response.status >= 400:
            raise _refused(response.status, self._waiting(response.read))
        return response

    def _waiting(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except TimeoutError as error:
            raise NoAnswer(f"the engine behind {self.path} does not answer") from error
        except (OSError, http.client.HTTPException) as error:
            raise NotRunning(self.path) from error


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise


def _refused(status: int, body: bytes) -> Exception:
    try:
        error = msgspec.json.decode(body, type=ErrorAnswer).error
    except msgspec.DecodeError:
        return NoAnswer(f"the engine answered {status}")
    return ActionError(error.code, error.message, error.hint)
