"""The terminal while the dashboard has left it: single keys, plain text, programs."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import termios
import threading
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ESCAPE, ENTER, END = "escape", "enter", "end"
"""Keys that are no character; END stands for Ctrl-C, Ctrl-D, Ctrl-\\ and a closed terminal."""

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\x1bO\[])")
"""What arrow keys, function keys and Alt with a key send."""
_NAMES = {
    "\x1b": ESCAPE, "\r": ENTER, "\n": ENTER, "\x03": END, "\x04": END, "\x1c": END,
}  # fmt: skip
_SUSPEND = "\x1a"
_PIECE = 1024
"""Bytes in one write: a terminal that was stopped must not keep us from reading a key."""
_LONG = 3600.0
"""Seconds between two looks at a terminal where nothing happens."""


class Terminal:
    """Writes text and reads single keys; a terminal that is closed says END."""

    def __init__(self, keyboard: int | None = None, screen: int | None = None) -> None:
        self._keyboard = _number(sys.__stdin__) if keyboard is None else keyboard
        self._screen = _number(sys.__stdout__) if screen is None else screen
        self._before: list[Any] | None = None
        self._pressed: list[str] = []

    @contextlib.contextmanager
    def single_keys(self) -> Iterator[None]:
        """Keys arrive at once and unseen, Ctrl-C as one of them, until this is left."""
        self._quieten()
        try:
            yield
        finally:
            self._restore()

    def keys(self, seconds: float) -> list[str]:
        """The keys that were pressed, at the latest after so many seconds."""
        if not self._pressed and _ready([self._keyboard], [], seconds)[0]:
            self._read()
        pressed, self._pressed = self._pressed, []
        return pressed

    def write(self, text: str, until: frozenset[str] = frozenset()) -> bool:
        """Write all of it, or stop when one of these keys is pressed: then False."""
        rest = memoryview(text.encode("utf-8", "replace"))
        keyboard = [self._keyboard] if until else []
        while rest and until.isdisjoint(self._pressed):
            readable, writable = _ready(keyboard, [self._screen], _LONG)
            if readable:
                self._read()
            elif writable and not (count := self._put(rest[:_PIECE])):
                return False
            elif writable:
                rest = rest[count:]
        return not rest

    def wait_for(self, wanted: frozenset[str], question: str = "") -> str:
        """Ask, and return the first of the wanted keys that is pressed, or END."""
        with self.single_keys():  # before it is asked: Ctrl-C is an answer, too
            self.write(question)
            while True:
                for key in self.keys(_LONG):
                    if key in wanted or key == END:
                        return key

    def _read(self) -> None:
        try:
            data = os.read(self._keyboard, 1024)
        except OSError:
            data = b""
        if not data:
            self._pressed.append(END)
            return
        text = _SEQUENCE.sub("", data.decode("utf-8", "replace"))
        self._pressed += [_NAMES.get(key, key) for key in text if key != _SUSPEND]
        if _SUSPEND in text:
            self._suspend()

    def _put(self, data: memoryview) -> int:
        """How much was written; nothing where the terminal is gone."""
        try:
            return os.write(self._screen, data)
        except OSError:
            self._pressed.append(END)
            return 0

    def _suspend(self) -> None:
        """To the shell, and on from here after `fg`."""
        self._restore()
        os.kill(os.getpid(), signal.SIGTSTP)
        self._quieten()

    def _quieten(self) -> None:
        try:
            self._before = termios.tcgetattr(self._keyboard)
        except termios.error:
            return  # no terminal: keys come as they come
        modes = termios.tcgetattr(self._keyboard)
        modes[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
        self._set(modes)

    def _restore(self) -> None:
        if self._before is not None:
            self._set(self._before)
            self._before = None

    def _set(self, modes: list[Any]) -> None:
        with contextlib.suppress(termios.error):  # it was closed: nothing is left to restore
            termios.tcsetattr(self._keyboard, termios.TCSANOW, modes)


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Run a program in the terminal until it ends; negative: the signal that ended it.

    Ctrl-C is for the program alone. Raises OSError when it cannot be started.
    """
    with _interrupts_for_others(), subprocess.Popen(command, env=env) as process:
        return process.wait()


def launch(command: Sequence[str], env: Mapping[str, str], seconds: float) -> int | None:
    """Start a program that draws elsewhere; its exit code if it ends within so many seconds.

    Raises OSError when it cannot be started.
    """
    process = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        _launched.append(process)
        _launched[:] = [each for each in _launched if each.poll() is None]
        return None


_launched: list[subprocess.Popen[bytes]] = []
"""They outlive us."""


@contextlib.contextmanager
def _interrupts_for_others() -> Iterator[None]:
    """Ctrl-C and Ctrl-\\ reach the whole foreground group: they are not meant for us."""
    if threading.current_thread() is not threading.main_thread():
        yield  # nor can they reach us here
        return
    # The event loop would hear of them by its wakeup descriptor, whatever the handler does.
    wakeup = signal.set_wakeup_fd(-1)
    # A handler, where SIG_IGN would be inherited.
    before = {s: signal.signal(s, _leave_alone) for s in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)


def _leave_alone(_number: int, _frame: object) -> None:
    """Nothing."""


def _number(stream: TextIO | None) -> int:
    """Its descriptor, or one where nothing is read and nothing goes."""
    return stream.fileno() if stream is not None else os.open(os.devnull, os.O_RDWR)


def _ready(readers: list[int], writers: list[int], seconds: float) -> tuple[list[int], list[int]]:
    readable, writable, _ = select.select(readers, writers, [], seconds)
    return readable, writable
