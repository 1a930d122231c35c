"""A command in the background."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.real.asking import DEADLINE

_ON_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""

_OUR_FRAME = re.compile(r'\s*File ".*/dynaport_tui/(?!nursery/)')


@dataclass(frozen=True)
class Finished:
    """A command that ended."""

    args: tuple[str, ...]
    code: int
    """Its exit code; negative: the signal that ended it."""
    out: str
    err: str

    def json(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)

    def expect(self, code: int) -> Finished:
        """Itself, if this is its exit code; else the test fails and shows what it printed."""
        assert self.code == code, f"exit code {self.code}, not {code}\n{self}"
        return self

    def __str__(self) -> str:
        return (
            f"$ dynaport {' '.join(self.args)}\n--- out\n{self.out}\n--- err\n{self.err}\n"
            f"--- exit code {self.code}"
        )


@dataclass
class _Lines:
    """What a stream said so far; a thread appends."""

    changed: threading.Condition
    lines: list[str] = field(default_factory=list)
    ended: bool = False

    def read(self, source: Iterable[bytes]) -> None:
        try:
            for line in source:
                self._add(line.decode("utf-8", "replace").rstrip("\r\n"))
        finally:
            with self.changed:
                self.ended = True
                self.changed.notify_all()

    def _add(self, line: str) -> None:
        with self.changed:
            self.lines.append(line)
            self.changed.notify_all()

    def text(self) -> str:
        with self.changed:
            return "".join(f"{line}\n" for line in self.lines)


def _terminal_lines(master: int, gone: threading.Event) -> Iterator[bytes]:
    """The lines written to a terminal, which is closed at the end, or as soon as `gone` is set.

    A blocked read would keep the terminal open, so this one never blocks for long.
    """
    rest = b""
    with open(master, "rb", buffering=0) as stream:
        while not gone.is_set():
            if not select.select([stream], [], [], 0.02)[0]:
                continue
            try:
                chunk = stream.read(65536)
            except OSError:  # EIO is how a terminal says end of file on Linux
                break
            if not chunk:
                break
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
    if rest:
        yield rest


class Running:
    """A command in the background; its output is collected while it runs."""

    def __init__(
        self,
        command: Sequence[str],
        args: tuple[str, ...],
        folder: Path,
        env: Mapping[str, str],
        *,
        terminal: bool = False,
        stdout: int = subprocess.PIPE,
    ) -> None:
        self.args = args
        self._stdout = stdout
        self._changed = threading.Condition()
        self._streams = {"out": _Lines(self._changed), "err": _Lines(self._changed)}
        self._gone = threading.Event()
        self._keyboard = -1
        self._threads: list[threading.Thread] = []
        start = self._on_terminal if terminal else self._on_pipes
        self.process = start([*command, *args], folder, env)

    def _on_pipes(
        self, argv: list[str], folder: Path, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=self._stdout,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stderr is not None
        self._read("err", process.stderr)
        if process.stdout is None:
            self._streams["out"].ended = True
        else:
            self._read("out", process.stdout)
        return process

    def _on_terminal(
        self, argv: list[str], folder: Path, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        master, slave = os.openpty()
        self._keyboard = os.dup(master)
        process = subprocess.Popen(
            [sys.executable, "-c", _ON_A_TERMINAL, *argv],
            cwd=folder,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._read("out", _terminal_lines(master, self._gone))
        self._streams["err"].ended = True
        return process

    def _read(self, name: str, source: Iterable[bytes]) -> None:
        thread = threading.Thread(target=self._streams[name].read, args=(source,), daemon=True)
        thread.start()
        self._threads.append(thread)

    @property
    def pid(self) -> int:
        """Of the command itself."""
        return self.process.pid

    @property
    def out(self) -> str:
        """Standard output so far; on a terminal this is everything."""
        return self._streams["out"].text()

    @property
    def err(self) -> str:
        """Standard error so far."""
        return self._streams["err"].text()

    def seen(self, stream: Literal["out", "err"] = "out") -> int:
        """How many lines came so far, for `wait_for_line(…, after=…)`."""
        with self._changed:
            return len(self._streams[stream].lines)

    def wait_for_line(
        self,
        pattern: str,
        *,
        stream: Literal["out", "err"] = "out",
        after: int = 0,
        deadline: float = DEADLINE,
    ) -> str:
        """The first line after the given number of lines in which the regular expression is found.

        Fails the test with all that was printed when the stream ends or `deadline` seconds pass.
        """
        source, wanted, end = (
            self._streams[stream],
            re.compile(pattern),
            time.monotonic() + deadline,
        )
        with self._changed:
            while True:
                for line in source.lines[after:]:
                    if wanted.search(line):
                        return line
                after = max(after, len(source.lines))
                left = end - time.monotonic()
                if source.ended or left <= 0 or not self._changed.wait(left):
                    break
        why = "the output ended" if source.ended else f"not within {deadline:g} s"
        raise AssertionError(f"{why}: a line with {pattern!r}\n{self}")

    def send(self, number: signal.Signals) -> None:
        """Signal the command alone."""
        self.process.send_signal(number)

    def interrupt(self) -> None:
        """What Ctrl-C sends."""
        self.send(signal.SIGINT)

    def type(self, text: str) -> None:
        """Press keys on its terminal."""
        os.write(self._keyboard, text.encode())

    def hang_up(self) -> None:
        """Take its terminal away; the system then sends HUP to it."""
        self._gone.set()
        self._let_go_of_the_keyboard()
        for thread in self._threads:
            thread.join(2)

    def wait(self, deadline: float = DEADLINE) -> Finished:
        """Wait for its end; fails the test after `deadline` seconds."""
        try:
            code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end within {deadline:g} s\n{self}") from None
        for thread in self._threads:
            thread.join(2)
        return Finished(self.args, code, self.out, self.err)

    def end(self) -> None:
        """Stop it in order, and by force after 15 s; safe to repeat."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)

    def forget(self) -> None:
        """Let go of its streams once nobody is left who could write to them."""
        self._gone.set()
        self._let_go_of_the_keyboard()
        for thread in self._threads:
            thread.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _let_go_of_the_keyboard(self) -> None:
        if self._keyboard >= 0:
            os.close(self._keyboard)
            self._keyboard = -1

    def expect_no_bug(self) -> None:
        """Fail the test when a frame of ours stands in a traceback: the run went on beside it."""
        ours = [line for line in self.err.splitlines() if _OUR_FRAME.match(line)]
        assert not ours, f"a part of dynaport broke\n{self}"

    def __str__(self) -> str:
        return f"$ dynaport {' '.join(self.args)}\n--- out\n{self.out}\n--- err\n{self.err}"
