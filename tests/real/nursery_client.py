"""The engine's end of a nursery, spoken synchronously: ask, then wait for what must follow."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dynaport_tui

MAIN = Path(dynaport_tui.__file__).parent / "nursery" / "__main__.py"
PATIENCE = 20.0
"""Seconds until a test gives up on something that should happen at once."""

Event = dict[str, Any]
Address = tuple[str, int]


class Start:
    """One start in a nursery: its ends of the pipes and of the report channel."""

    def __init__(self, number: int) -> None:
        self.id = number
        self.pid = 0
        self.output = {"stdout": b"", "stderr": b""}
        self.reports: list[Event] = []
        self.readable: dict[int, str] = {}
        self._partial = b""

    def read(self, fd: int) -> None:
        """Take in what is there."""
        name = self.readable[fd]
        try:
            data = os.read(fd, 1 << 16)
        except OSError:
            data = b""
        if not data:
            del self.readable[fd]
            os.close(fd)
        elif name == "report":
            *lines, self._partial = (self._partial + data).split(b"\n")
            self.reports.extend(json.loads(line) for line in lines)
        else:
            self.output[name] += data

    def say(self, word: str) -> None:
        """An order of the engine's, over the report channel."""
        os.write(self._channel(), f"{word}\n".encode())

    def hang_up(self) -> None:
        """The engine neither listens nor speaks any more."""
        fd = self._channel()
        del self.readable[fd]
        os.close(fd)

    def _channel(self) -> int:
        return next(fd for fd, name in self.readable.items() if name == "report")

    @property
    def stdout(self) -> str:
        return self.output["stdout"].decode()

    @property
    def stderr(self) -> str:
        return self.output["stderr"].decode()

    def report(self, kind: str) -> Event | None:
        """The first report of this kind, None while there is none."""
        return next((report for report in self.reports if report["report"] == kind), None)

    def files(self) -> set[str]:
        return {file for r in self.reports if r["report"] == "files" for file in r["files"]}


class Nursery:
    """A real nursery; leaving the context ends it."""

    def __init__(
        self, *, mode: str = "warm", python: str = sys.executable, env: dict[str, str] | None = None
    ) -> None:
        self.python = python
        self._socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [python, str(MAIN), str(theirs.fileno()), mode],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd="/",
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        self.events: list[Event] = []
        self.starts: dict[int, Start] = {}
        self._buffer = b""
        self._numbers = 0

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
        for start in self.starts.values():
            for fd in list(start.readable):
                os.close(fd)

    def hang_up(self) -> None:
        """What the end of the engine looks like, SIGKILL included."""
        self._socket.close()

    def spawn(
        self,
        kind: str,
        *argv: str,
        cwd: str | Path = "/",
        env: dict[str, str] | None = None,
        listen: socket.socket | None = None,
        **fields: Any,
    ) -> Start:
        """Ask for a start and return at once."""
        self._numbers += 1
        start = self.starts[self._numbers] = Start(self._numbers)
        reports = kind != "exec" or fields.pop("reports", False)
        fds = self._pipes(start, tty=fields.get("tty", False), reports=reports)
        if listen is not None:
            fds["listen"] = listen.fileno()
            fields.setdefault("port", listen.getsockname()[1])
        mark = fields.setdefault("mark", f"test-{os.getpid()}/{start.id}")
        whole = {**os.environ, "PYTHONUNBUFFERED": "1", "DYNAPORT_MARK": mark}
        if fields.get("port"):
            whole["PORT"] = str(fields["port"])
        frame = {
            "op": "spawn",
            "id": start.id,
            "kind": kind,
            "argv": argv,
            "cwd": str(cwd),
            "env": {**whole, **(env or {})},
            "fds": list(fds),
            "name": "users",
            "host": "127.0.0.1",
            **fields,
        }
        self._send(frame, list(fds.values()))
        for fd in set(fds.values()) - ({listen.fileno()} if listen else set()):
            os.close(fd)
        return start

    def _pipes(self, start: Start, *, tty: bool, reports: bool) -> dict[str, int]:
        theirs: dict[str, int] = {}
        if tty:
            ours, slave = os.openpty()
            start.readable[ours] = "stdout"
            theirs = {"stdin": slave, "stdout": slave, "stderr": slave}
        else:
            for name in ("stdout", "stderr"):
                read, theirs[name] = os.pipe()
                start.readable[read] = name
        if reports:
            ear, mouth = socket.socketpair()
            start.readable[ear.detach()] = "report"
            theirs["report"] = mouth.detach()
        return theirs

    def _send(self, frame: dict[str, Any], fds: list[int] | None = None) -> None:
        body = json.dumps(frame).encode()
        data = struct.pack(">I", len(body)) + body
        sent = socket.send_fds(self._socket, [data], fds or [])
        self._socket.sendall(data[sent:])

    def ask(self, frame: dict[str, Any]) -> None:
        """Ask for something that needs no descriptors."""
        self._send(frame)

    def signal(self, start: Start, number: int) -> list[int]:
        """Signal a start and return whom it reached."""
        self._send({"op": "signal", "id": start.id, "signal": int(number)})
        pids: list[int] = self.wait_event("signalled", start)["pids"]
        return pids

    def quit(self) -> None:
        self._send({"op": "quit"})

    def pump(self, timeout: float) -> None:
        """Take in what arrives within `timeout` seconds; returns with the first of it."""
        owners = {fd: s for s in self.starts.values() for fd in s.readable}
        poll = select.poll()
        for fd in owners:
            poll.register(fd, select.POLLIN)
        if self._socket.fileno() >= 0:
            poll.register(self._socket, select.POLLIN)
        for fd, _event in poll.poll(timeout * 1000):
            if fd in owners:
                owners[fd].read(fd)
            else:
                self._receive()

    def _receive(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            self._socket.close()
        self._buffer += data
        while len(self._buffer) >= 4:
            (size,) = struct.unpack_from(">I", self._buffer)
            if len(self._buffer) < 4 + size:
                break
            self.events.append(json.loads(self._buffer[4 : 4 + size]))
            self._buffer = self._buffer[4 + size :]

    def until(self, condition: Any, what: str, patience: float = PATIENCE) -> Any:
        """Pump until `condition()` is true and return it; fails with all that was heard."""
        deadline = time.monotonic() + patience
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"no {what} within {patience} s\n{self._heard()}")
            self.pump(0.02)

    def _heard(self) -> str:
        lines = [f"events: {self.events}"]
        for start in self.starts.values():
            lines += [f"start {start.id}: {start.reports}", start.stdout, start.stderr]
        return "\n".join(lines)

    def wait_event(self, kind: str, start: Start | None = None) -> Event:
        """The next event of this kind, of `start` where given; it is taken out of `events`."""

        def find() -> Event | None:
            for event in self.events:
                if event["event"] == kind and (start is None or event.get("id") == start.id):
                    self.events.remove(event)
                    return event
            return None

        event: Event = self.until(find, f"event {kind!r}")
        return event

    def wait_spawned(self, start: Start) -> int:
        start.pid = self.wait_event("spawned", start)["pid"]
        return start.pid

    def wait_ready(self, start: Start) -> Event:
        """Wait for its report that it serves."""

        def ended() -> bool:
            mine = [e for e in self.events if e.get("id") == start.id]
            return any(e["event"] in ("exited", "failed") for e in mine)

        self.until(lambda: start.report("ready") or ended(), "ready report")
        ready = start.report("ready")
        assert ready is not None, self._heard()
        return ready

    def wait_end(self, start: Start) -> Event:
        """Wait until all of it is gone and all it wrote was read; returns its exit."""
        exited = self.wait_event("exited", start)
        self.wait_event("gone", start)
        self.until(lambda: not start.readable, "end of its output")
        return exited

    def wait_output(self, start: Start, text: str, stream: str = "stdout") -> None:
        self.until(lambda: text in start.output[stream].decode("utf-8", "replace"), repr(text))


def held_socket() -> socket.socket:
    """A socket as the engine holds it: bound, listening, non-blocking."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    held.listen(1024)
    held.setblocking(False)
    return held


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")


def wait_dead(pids: list[int], patience: float = PATIENCE) -> float:
    """Wait until none of `pids` runs and return how many seconds that took."""
    began = time.monotonic()
    while living := [pid for pid in pids if is_alive(pid)]:
        assert time.monotonic() < began + patience, f"still alive: {living}"
        time.sleep(0.005)
    return time.monotonic() - began


def get(address: Address, path: str = "/", **headers: str) -> tuple[int, str, dict[str, str]]:
    """GET over a new connection: status, body and headers (names in small letters)."""
    import http.client

    with contextlib.closing(http.client.HTTPConnection(*address, timeout=PATIENCE)) as connection:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        response = connection.getresponse()
        body = response.read().decode()
        return response.status, body, {n.lower(): v for n, v in response.getheaders()}


@contextlib.contextmanager
def running(
    nursery: Nursery, kind: str, *argv: str, **fields: Any
) -> Iterator[tuple[Start, Address]]:
    """A service that is ready on a held socket, and its address; TERM ends it."""
    with held_socket() as held:
        start = nursery.spawn(kind, *argv, listen=held, **fields)
        nursery.wait_spawned(start)
        nursery.wait_ready(start)
        yield start, held.getsockname()
        nursery.signal(start, signal.SIGTERM)
        nursery.wait_end(start)
        assert not os.get_blocking(held.fileno())
