"""A terminal in which a program runs: keys and clicks go in, a screen can be read.

`Tmux` is the real thing where it is installed; `Pty` draws the screen in this process.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte
import pyte.modes

PATIENCE = 20.0
"""Seconds until something must have appeared."""

KEYS = {
    "enter": b"\r", "escape": b"\x1b", "tab": b"\t", "space": b" ", "backspace": b"\x7f",
    "up": b"\x1b[A", "down": b"\x1b[B", "right": b"\x1b[C", "left": b"\x1b[D",
    "home": b"\x1b[H", "end": b"\x1b[F", "pageup": b"\x1b[5~", "pagedown": b"\x1b[6~",
    "shift+tab": b"\x1b[Z", "ctrl+c": b"\x03", "ctrl+p": b"\x10", "ctrl+z": b"\x1a",
    "ctrl+u": b"\x15", "ctrl+d": b"\x04",
}  # fmt: skip
"""What a terminal sends for a key that is no character."""

_OSC52 = re.compile(rb"\x1b\]52;[a-z]*;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)")


_SCREENS = re.compile(rb"(\x1b\[\?1049[hl])")
_NEWER = re.compile(rb"\x1b\[[<=>][0-9;]*[a-zA-Z]")
"""Private modes with other marks than "?" are for newer terminals than ours."""


def _whole(data: bytes) -> tuple[bytes, bytes]:
    """What can be drawn, and the beginning of an escape sequence whose end is still to come."""
    start = data.rfind(b"\x1b", -12)
    if start >= 0 and re.fullmatch(rb"\x1b(\[[?<=>]?[0-9;]*)?", data[start:]):
        return data[:start], data[start:]
    return data, b""


class Terminal(ABC):
    """One program in a terminal of `columns` x `rows`; use it in a `with`."""

    def __init__(self, columns: int = 120, rows: int = 35) -> None:
        self.columns, self.rows = columns, rows

    @abstractmethod
    def start(
        self, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None
    ) -> Self:
        """Run `command` in `folder`, `env` laid over our own variables."""

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Bytes as from the keyboard."""

    @abstractmethod
    def lines(self) -> list[str]:
        """The screen, without blanks at the ends of its lines."""

    @abstractmethod
    def resize(self, columns: int, rows: int) -> None:
        """Another size."""

    @abstractmethod
    def clipboard(self) -> bytes | None:
        """What was copied last."""

    @property
    @abstractmethod
    def ended(self) -> int | None:
        """The program's exit code, None while it runs."""

    @abstractmethod
    def close(self) -> None:
        """End the program and the terminal; safe to repeat."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def press(self, *keys: str) -> None:
        """Keys by name, or characters."""
        for key in keys:
            self.send(KEYS.get(key, key.encode()))
            if key == "escape":
                time.sleep(0.15)  # or the next key would make a sequence of it

    def type(self, text: str) -> None:
        """Characters, as quickly as they are pasted."""
        self.send(text.encode())

    def click(self, column: int, row: int, times: int = 1) -> None:
        """The left button on a cell, counted from 0."""
        for _ in range(times):
            place = f"{column + 1};{row + 1}"
            self.send(f"\x1b[<0;{place}M\x1b[<0;{place}m".encode())

    def drag(self, column: int, row: int, to_column: int, to_row: int) -> None:
        """Press on one cell, release on another."""
        self.send(f"\x1b[<0;{column + 1};{row + 1}M".encode())
        self.send(f"\x1b[<32;{to_column + 1};{to_row + 1}M".encode())
        self.send(f"\x1b[<0;{to_column + 1};{to_row + 1}m".encode())

    def wheel(self, column: int, row: int, down: bool = True) -> None:
        """One notch of the wheel."""
        self.send(f"\x1b[<{65 if down else 64};{column + 1};{row + 1}M".encode())

    def click_on(self, text: str, times: int = 1) -> None:
        """Click on the first place where the screen shows `text`."""
        self.until(re.escape(text))
        for row, line in enumerate(self.lines()):
            if (column := line.find(text)) >= 0:
                self.click(column + min(1, len(text) - 1), row, times)
                return
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text()}")

    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines())

    def until(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """The first match on the screen, once there is one; fails the test after `seconds`."""
        deadline = time.monotonic() + seconds
        while (found := re.search(pattern, self.text(), re.MULTILINE)) is None:
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{pattern!r} is not on the screen (ended: {self.ended}):\n{self.text()}"
                )
            time.sleep(0.02)
        return found

    def until_gone(self, pattern: str, seconds: float = PATIENCE) -> None:
        """Wait until the screen matches no more."""
        deadline = time.monotonic() + seconds
        while re.search(pattern, self.text(), re.MULTILINE):
            assert time.monotonic() < deadline, f"{pattern!r} stays:\n{self.text()}"
            time.sleep(0.02)

    def wait(self, seconds: float = PATIENCE) -> int:
        """The exit code, once the program has ended."""
        deadline = time.monotonic() + seconds
        while (code := self.ended) is None:
            assert time.monotonic() < deadline, f"still running:\n{self.text()}"
            time.sleep(0.02)
        return code


class Pty(Terminal):
    """A pseudoterminal whose output a thread draws onto a screen in memory."""

    def __init__(self, columns: int = 120, rows: int = 35) -> None:
        super().__init__(columns, rows)
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._normal: pyte.Screen | None = None
        """What is to be seen again when the program leaves the alternate screen."""
        self._rest = b""
        self._lock = threading.Lock()
        self._copied: bytes | None = None
        self._tail = b""
        self.written = bytearray()
        """All that the program has written."""
        self._process: subprocess.Popen[bytes] | None = None
        self._ours = -1
        self._reader: threading.Thread | None = None

    def start(
        self, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None
    ) -> Self:
        """Run the program with this terminal as its controlling one."""
        self._ours, theirs = os.openpty()
        self._size(theirs)
        variables = {
            **os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {}),
        }  # fmt: skip
        for name in ("TMUX", "COLUMNS", "LINES"):
            variables.pop(name, None)
        self._process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command] if shutil.which("setsid") else command,
            cwd=folder, env=variables, stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()
        return self

    def send(self, data: bytes) -> None:
        """Bytes as from the keyboard."""
        os.write(self._ours, data)

    def lines(self) -> list[str]:
        """The screen."""
        with self._lock:
            return [line.rstrip() for line in self.screen.display]

    def resize(self, columns: int, rows: int) -> None:
        """Another size, told by SIGWINCH."""
        self.columns, self.rows = columns, rows
        with self._lock:
            self.screen.resize(rows, columns)
        self._size(self._ours)

    def clipboard(self) -> bytes | None:
        """What came by OSC 52."""
        return self._copied

    @property
    def ended(self) -> int | None:
        """The exit code."""
        assert self._process is not None
        return self._process.poll()

    def close(self) -> None:
        """Hang up, then kill what stays."""
        if self._process is None or self._ours < 0:
            return
        os.close(self._ours)
        self._ours = -1
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(5)
        assert self._reader is not None
        self._reader.join(5)

    def _size(self, fd: int) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                ready, _, _ = select.select([self._ours], [], [], 0.1)
                data = os.read(self._ours, 65536) if ready else None
            except (OSError, ValueError):
                return
            if data == b"":
                return
            if data:
                self._take(data)

    def _take(self, data: bytes) -> None:
        self.written += data
        seen = self._tail + data
        for found in _OSC52.finditer(seen):
            self._copied = base64.b64decode(found[1])
        start = seen.rfind(b"\x1b]52;")
        self._tail = seen[start:] if start >= 0 and _OSC52.search(seen, start) is None else b""
        seen, self._rest = _whole(self._rest + data)
        with self._lock:
            for part in _SCREENS.split(seen):
                if _SCREENS.fullmatch(part):
                    self._change_screen(alternate=part.endswith(b"h"))
                else:
                    self._stream.feed(_NEWER.sub(b"", part))

    def _change_screen(self, *, alternate: bool) -> None:
        if alternate == (self._normal is not None):
            return
        if alternate:
            self._normal, self.screen = self.screen, pyte.Screen(self.columns, self.rows)
        elif self._normal is not None:
            self.screen, self._normal = self._normal, None
            self.screen.resize(self.rows, self.columns)
        self._stream = pyte.ByteStream(self.screen)


class Tmux(Terminal):
    """A pane of a tmux server of its own."""

    def __init__(self, columns: int = 120, rows: int = 35) -> None:
        super().__init__(columns, rows)
        self._folder = Path(tempfile.mkdtemp(prefix="dpt", dir="/tmp"))
        self._code = self._folder / "code"
        self._open = False

    def start(
        self, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None
    ) -> Self:
        """Run the program in the pane; its exit code is kept in a file."""
        variables = {"COLORTERM": "truecolor", **(env or {})}
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        line = f"env -u COLUMNS -u LINES {given} {shlex.join(command)}; echo $? > {self._code}"
        line += "; sleep 600"
        (self._folder / "conf").write_text(
            'set -g default-terminal "tmux-256color"\nset -g escape-time 10\n'
            "set -g mouse on\nset -s set-clipboard on\nset -g status off\n"
        )
        self._tmux(
            "-f", str(self._folder / "conf"), "new-session", "-d",
            "-x", str(self.columns), "-y", str(self.rows), "-c", str(folder), line,
        )  # fmt: skip
        self._open = True
        return self

    def send(self, data: bytes) -> None:
        """Bytes straight to the pane."""
        self._tmux("send-keys", "-H", *(f"{byte:02x}" for byte in data))

    def lines(self) -> list[str]:
        """The pane."""
        text = self._tmux("capture-pane", "-p").decode("utf-8", "replace")
        return [line.rstrip() for line in text.split("\n")[: self.rows]]

    def resize(self, columns: int, rows: int) -> None:
        """Another size of the window."""
        self.columns, self.rows = columns, rows
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def clipboard(self) -> bytes | None:
        """tmux's newest buffer."""
        found = subprocess.run(
            self._command("show-buffer"), capture_output=True, check=False, timeout=PATIENCE
        )
        return found.stdout if found.returncode == 0 else None

    @property
    def ended(self) -> int | None:
        """The exit code."""
        text = self._code.read_text() if self._code.exists() else ""
        return int(text) if text.endswith("\n") else None

    def close(self) -> None:
        """End the server, and with it the program."""
        if self._open:
            self._open = False
            self._tmux("kill-server")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self, *arguments: str) -> list[str]:
        return ["tmux", "-u", "-S", str(self._folder / "sock"), *arguments]

    def _tmux(self, *arguments: str) -> bytes:
        return subprocess.run(
            self._command(*arguments), capture_output=True, check=True, timeout=PATIENCE
        ).stdout


def terminal(columns: int = 120, rows: int = 35) -> Terminal:
    """tmux where it is installed, else one of our own; TEST_TERMINAL=pty asks for that."""
    ours = os.environ.get("TEST_TERMINAL") == "pty" or shutil.which("tmux") is None
    return Pty(columns, rows) if ours else Tmux(columns, rows)
